//! Repeated runs of a graph that updates its own state: training.
//!
//! Every state tensor lives twice on the device. Even steps read the first copy and write the
//! second, odd steps the reverse. Binding an updated tensor to its own input is no error for ONNX
//! Runtime, but a kernel may then read what another has already overwritten: the weights drift.

use super::session::{download, upload};
use super::{Data, Device, Session, Tensor, failed};
use crate::error::{Error, Result};
use ort::memory::{AllocationDevice, Allocator, AllocatorType, MemoryInfo, MemoryType};
use ort::session::IoBinding;
use ort::value::Tensor as Value;

/// One state tensor: the graph reads it as `input` and writes its successor as `output`.
pub struct Slot {
    /// Name of the graph input.
    pub input: String,
    /// Name of the graph output.
    pub output: String,
    /// The value to start from.
    pub start: Tensor,
}

/// A training session: state on the device, two bindings that take turns.
pub struct Stepper {
    session: Session,
    bindings: [IoBinding; 2],
    state: [Vec<Value<f32>>; 2],
    names: Vec<String>,
    metrics: String,
    current: usize,
}

impl Stepper {
    /// Prepares `session`, whose outputs are the state's and one float tensor `metrics` of
    /// `metrics_len` elements.
    pub fn new(
        session: Session,
        slots: &[Slot],
        metrics: &str,
        metrics_len: usize,
    ) -> Result<Self> {
        let refused = |error: ort::Error| failed("bind the training state", error);
        let allocator = device_allocator(&session)?;
        let mut state = [Vec::new(), Vec::new()];
        for slot in slots {
            let start = on_device(&slot.start, &slot.input, session.device)?;
            let twin = Value::<f32>::new(&allocator, slot.start.shape.as_slice());
            state[0].push(start);
            state[1].push(twin.map_err(refused)?);
        }
        let mut bindings = [
            session.inner.create_binding().map_err(refused)?,
            session.inner.create_binding().map_err(refused)?,
        ];
        for (turn, binding) in bindings.iter_mut().enumerate() {
            for (index, slot) in slots.iter().enumerate() {
                binding
                    .bind_input(&slot.input, &state[turn][index])
                    .map_err(refused)?;
                let target = &mut state[1 - turn][index];
                binding
                    .bind_output(&slot.output, target.view_mut())
                    .map_err(refused)?;
            }
            let host = Value::<f32>::new(&Allocator::default(), [metrics_len]).map_err(refused)?;
            binding.bind_output(metrics, host).map_err(refused)?;
        }
        Ok(Self {
            session,
            bindings,
            state,
            names: slots.iter().map(|slot| slot.input.clone()).collect(),
            metrics: metrics.into(),
            current: 0,
        })
    }

    /// One step with the given host inputs; returns the metrics.
    pub fn step(&mut self, feeds: &[(&str, Tensor)]) -> Result<Vec<f32>> {
        let binding = &mut self.bindings[self.current];
        for (name, tensor) in feeds {
            let value = upload(tensor)?;
            binding
                .bind_input(*name, &value)
                .map_err(|error| failed("bind a step's input", error))?;
        }
        let outputs = self
            .session
            .inner
            .run_binding(binding)
            .map_err(|error| failed("run a training step", error))?;
        let metrics = download(&outputs[self.metrics.as_str()])?;
        self.current = 1 - self.current;
        match metrics.data {
            Data::F32(values) => Ok(values),
            _ => Err(Error::input("the training graph's metrics are not floats")),
        }
    }

    /// The current state, by input name, on the host.
    pub fn state(&self) -> Result<Vec<(String, Tensor)>> {
        self.names
            .iter()
            .zip(&self.state[self.current])
            .map(|(name, value)| {
                let host = match self.session.device {
                    Device::Cpu => download(&value.clone().into_dyn())?,
                    Device::Cuda => {
                        let copy = value.to(AllocationDevice::CPU, 0);
                        let copy = copy.map_err(|error| failed("fetch the weights", error))?;
                        download(&copy.into_dyn())?
                    }
                };
                Ok((name.clone(), host))
            })
            .collect()
    }
}

fn device_allocator(session: &Session) -> Result<Allocator> {
    match session.device {
        Device::Cpu => Ok(Allocator::default()),
        Device::Cuda => {
            let place = MemoryInfo::new(
                AllocationDevice::CUDA,
                0,
                AllocatorType::Device,
                MemoryType::Default,
            );
            place
                .and_then(|place| Allocator::new(&session.inner, place))
                .map_err(|error| failed("allocate on the device", error))
        }
    }
}

/// A state tensor on the device, in a buffer that ONNX Runtime owns.
fn on_device(tensor: &Tensor, name: &str, device: Device) -> Result<Value<f32>> {
    let refused = |error: ort::Error| failed("place the weights", error);
    let data = tensor.as_f32(name)?;
    let mut host =
        Value::<f32>::new(&Allocator::default(), tensor.shape.as_slice()).map_err(refused)?;
    host.try_extract_tensor_mut::<f32>()
        .map_err(refused)?
        .1
        .copy_from_slice(data);
    match device {
        Device::Cpu => Ok(host),
        Device::Cuda => host.to(AllocationDevice::CUDA, 0).map_err(refused),
    }
}
