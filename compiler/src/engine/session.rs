//! A model loaded into ONNX Runtime, run with named tensors.

use super::{Data, Device, Options, Tensor, failed, library};
use crate::error::{Error, Result};
use ort::ep::ExecutionProvider;
use ort::session::SessionInputValue;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::value::{DynValue, TensorElementType};
use std::borrow::Cow;
use std::path::Path;

/// A model ready to run.
pub struct Session {
    pub(super) inner: ort::session::Session,
    pub(super) device: Device,
}

impl Session {
    /// Loads a serialised `ModelProto`.
    pub fn load(model: &[u8], options: &Options) -> Result<Self> {
        Self::from(options, |mut builder| builder.commit_from_memory(model))
    }

    /// Loads an ONNX file; data that it keeps beside it is found from there. Import has checked where
    /// that leads.
    pub fn open(model: &Path, options: &Options) -> Result<Self> {
        Self::from(options, |mut builder| builder.commit_from_file(model))
    }

    fn from(
        options: &Options,
        commit: impl FnOnce(SessionBuilder) -> ort::Result<ort::session::Session>,
    ) -> Result<Self> {
        let environment = library::environment(options.device)?;
        let builder = ort::session::Session::builder(environment)
            .map_err(|error| failed("create a session", error))?;
        let inner = commit(configure(builder, options)?)
            .map_err(|error| failed("load the model", error))?;
        Ok(Self {
            inner,
            device: options.device,
        })
    }

    /// Names of the model's outputs, in order.
    pub fn outputs(&self) -> Vec<String> {
        let outputs = self.inner.outputs().iter();
        outputs.map(|outlet| outlet.name().to_string()).collect()
    }

    /// Inputs that the model takes, in order: name, whether it is real, shape. A dimension that is
    /// not fixed counts as one.
    pub fn arguments(&self) -> Vec<(String, bool, Vec<usize>)> {
        let inputs = self.inner.inputs().iter();
        inputs
            .map(|outlet| {
                use TensorElementType::{Float32, Float64};
                let element = outlet.dtype().tensor_type();
                let float = matches!(element, Some(Float32 | Float64));
                let dims = outlet.dtype().tensor_shape();
                let dims = dims.iter().flat_map(|shape| shape.iter());
                let fixed = |&dim: &i64| usize::try_from(dim).unwrap_or(1);
                (outlet.name().to_string(), float, dims.map(fixed).collect())
            })
            .collect()
    }

    /// Element type that the model declares for its input `name`.
    pub(super) fn declared(&self, name: &str) -> Option<TensorElementType> {
        let mut inputs = self.inner.inputs().iter();
        inputs
            .find(|outlet| outlet.name() == name)?
            .dtype()
            .tensor_type()
    }

    /// Runs the model; the outputs come in the model's order. Integers go in as the type that the
    /// model declares.
    pub fn run(&mut self, inputs: &[(&str, Tensor)]) -> Result<Vec<(String, Tensor)>> {
        // An output that is an input shares its bytes: the inputs live until all is read.
        let uploaded = inputs
            .iter()
            .map(|(name, tensor)| upload_as(tensor, self.declared(name)))
            .collect::<Result<Vec<DynValue>>>()?;
        let values: Vec<(Cow<str>, SessionInputValue)> = inputs
            .iter()
            .zip(&uploaded)
            .map(|((name, _), value)| (Cow::from(*name), SessionInputValue::from(value)))
            .collect();
        let names = self.outputs();
        let outputs = self
            .inner
            .run(values)
            .map_err(|error| failed("run the model", error))?;
        names
            .into_iter()
            .map(|name| {
                let tensor = download(&outputs[name.as_str()])?;
                Ok((name, tensor))
            })
            .collect()
    }

    /// As [`Session::run`], for a model whose outputs are all wanted by position.
    pub fn values(&mut self, inputs: &[(&str, Tensor)]) -> Result<Vec<Tensor>> {
        Ok(self
            .run(inputs)?
            .into_iter()
            .map(|(_, tensor)| tensor)
            .collect())
    }
}

fn configure(builder: SessionBuilder, options: &Options) -> Result<SessionBuilder> {
    let refused = |error: ort::Error<SessionBuilder>| failed("configure a session", error);
    let level = match options.optimise {
        true => GraphOptimizationLevel::All,
        false => GraphOptimizationLevel::Disable,
    };
    let mut builder = builder
        .with_optimization_level(level)
        .map_err(refused)?
        .with_intra_threads(options.threads)
        .map_err(refused)?
        .with_intra_op_spinning(options.spin)
        .map_err(refused)?
        .with_deterministic_compute(options.deterministic)
        .map_err(refused)?;
    if options.device == Device::Cuda {
        builder = cuda(builder)?;
    }
    Ok(builder)
}

/// The CUDA provider, if the loaded library was built with it; loading it may still fail.
///
/// TF32 stays off: its ten-bit products would make gradients differ from the processor's.
pub(super) fn cuda_provider() -> Result<ort::ep::CUDA> {
    let provider = ort::ep::CUDA::default().with_tf32(false);
    match ort::ep::CUDA::is_available() {
        Ok(true) => Ok(provider),
        _ => Err(no_cuda(
            "the ONNX Runtime in use was built without it (package onnxruntime; onnxruntime-gpu \
             has it)",
        )),
    }
}

fn no_cuda(reason: &str) -> Error {
    Error::environment(format!("no CUDA execution provider: {reason}"))
        .hint(library::remedy(Device::Cuda))
}

/// Registers the CUDA provider and forbids the silent fallback to the processor.
fn cuda(builder: SessionBuilder) -> Result<SessionBuilder> {
    let provider = cuda_provider()?;
    builder
        .with_disable_cpu_fallback()
        .map_err(|error| failed("forbid the fallback to the processor", error))?
        .with_execution_providers([provider.build().error_on_failure()])
        .map_err(|error| {
            no_cuda(&format!(
                "{error}; its CUDA and cuDNN libraries must be where the loader finds them \
                 (LD_LIBRARY_PATH)"
            ))
        })
}

/// A host tensor as ONNX Runtime's value.
pub(super) fn upload(tensor: &Tensor) -> Result<DynValue> {
    let shape = tensor.shape.clone();
    let value = match &tensor.data {
        Data::F32(data) => {
            ort::value::Tensor::from_array((shape, data.clone())).map(|value| value.into_dyn())
        }
        Data::F64(data) => {
            ort::value::Tensor::from_array((shape, data.clone())).map(|value| value.into_dyn())
        }
        Data::I64(data) => {
            ort::value::Tensor::from_array((shape, data.clone())).map(|value| value.into_dyn())
        }
        Data::I32(data) => {
            ort::value::Tensor::from_array((shape, data.clone())).map(|value| value.into_dyn())
        }
        Data::Bool(data) => {
            ort::value::Tensor::from_array((shape, data.clone())).map(|value| value.into_dyn())
        }
    };
    value.map_err(|error| failed("take a tensor", error))
}

/// [`upload`], integers as `element`, which holds them, and floats as double where that is it.
pub(super) fn upload_as(tensor: &Tensor, element: Option<TensorElementType>) -> Result<DynValue> {
    use TensorElementType as Element;
    macro_rules! narrowed {
        ($data:expr, $convert:expr) => {{
            let data: Vec<_> = $data.iter().copied().map($convert).collect();
            ort::value::Tensor::from_array((tensor.shape.clone(), data))
                .map(|value| value.into_dyn())
                .map_err(|error| failed("take a tensor", error))
        }};
    }
    match (&tensor.data, element) {
        (Data::I64(data), Some(Element::Bool)) => narrowed!(data, |item| item != 0),
        (Data::I64(data), Some(Element::Int32)) => narrowed!(data, |item| item as i32),
        (Data::I64(data), Some(Element::Int16)) => narrowed!(data, |item| item as i16),
        (Data::I64(data), Some(Element::Int8)) => narrowed!(data, |item| item as i8),
        (Data::I64(data), Some(Element::Uint32)) => narrowed!(data, |item| item as u32),
        (Data::I64(data), Some(Element::Uint16)) => narrowed!(data, |item| item as u16),
        (Data::I64(data), Some(Element::Uint8)) => narrowed!(data, |item| item as u8),
        (Data::F32(data), Some(Element::Float64)) => narrowed!(data, f64::from),
        _ => upload(tensor),
    }
}

/// ONNX Runtime's value as a host tensor: integers and truth values as int64.
pub(super) fn download(value: &DynValue) -> Result<Tensor> {
    let refused = |error: ort::Error| failed("return a tensor", error);
    let element = value.dtype().tensor_type();
    let (shape, data) = match element {
        Some(TensorElementType::Float32) => {
            let (shape, data) = value.try_extract_tensor::<f32>().map_err(refused)?;
            (shape, Data::F32(data.to_vec()))
        }
        Some(TensorElementType::Float64) => {
            let (shape, data) = value.try_extract_tensor::<f64>().map_err(refused)?;
            (shape, Data::F64(data.to_vec()))
        }
        Some(TensorElementType::Int64) => {
            let (shape, data) = value.try_extract_tensor::<i64>().map_err(refused)?;
            (shape, Data::I64(data.to_vec()))
        }
        Some(TensorElementType::Bool) => {
            let (shape, data) = value.try_extract_tensor::<bool>().map_err(refused)?;
            (shape, Data::Bool(data.to_vec()))
        }
        _ => narrow(value)?,
    };
    Ok(Tensor {
        shape: shape.iter().map(|&dim| dim as usize).collect(),
        data,
    })
}

/// The shape and, widened, the elements of an output of narrow integers or truth values.
fn narrow(value: &DynValue) -> Result<(&ort::value::Shape, Data)> {
    use TensorElementType as Element;
    macro_rules! widened {
        ($kind:ty) => {{
            let (shape, data) = value
                .try_extract_tensor::<$kind>()
                .map_err(|error: ort::Error| failed("return a tensor", error))?;
            (
                shape,
                Data::I64(data.iter().map(|&item| item.into()).collect()),
            )
        }};
    }
    Ok(match value.dtype().tensor_type() {
        Some(Element::Int32) => widened!(i32),
        Some(Element::Int16) => widened!(i16),
        Some(Element::Int8) => widened!(i8),
        Some(Element::Uint32) => widened!(u32),
        Some(Element::Uint16) => widened!(u16),
        Some(Element::Uint8) => widened!(u8),
        other => {
            return Err(Error::input(format!(
                "an output has element type {other:?}; float, double, bool and integers of up to \
                 64 bits are supported"
            )));
        }
    })
}
