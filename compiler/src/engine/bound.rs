//! A session whose inputs and outputs stay where they are: for measuring its speed.

use super::session::{Session, upload_as};
use super::{Tensor, failed};
use crate::error::Result;
use ort::memory::{AllocationDevice, AllocatorType, MemoryInfo, MemoryType};
use ort::session::IoBinding;
use ort::value::DynValue;

/// A model bound to its inputs.
pub struct Bound {
    session: Session,
    binding: IoBinding,
    /// The binding refers to them.
    _inputs: Vec<DynValue>,
}

impl Bound {
    /// Binds `inputs`, as the types that the model declares, and all outputs.
    pub fn new(session: Session, inputs: &[(&str, Tensor)]) -> Result<Self> {
        let refused = |error: ort::Error| failed("bind inputs and outputs", error);
        let mut binding = session.inner.create_binding().map_err(refused)?;
        let mut kept = Vec::new();
        for (name, tensor) in inputs {
            let value = upload_as(tensor, session.declared(name))?;
            binding.bind_input(*name, &value).map_err(refused)?;
            kept.push(value);
        }
        for name in session.outputs() {
            let host = MemoryInfo::new(
                AllocationDevice::CPU,
                0,
                AllocatorType::Device,
                MemoryType::Default,
            );
            binding
                .bind_output_to_device(name, &host.map_err(refused)?)
                .map_err(refused)?;
        }
        let mut bound = Self {
            session,
            binding,
            _inputs: kept,
        };
        bound.run()?;
        Ok(bound)
    }

    /// One run.
    pub fn run(&mut self) -> Result<()> {
        let done = self.session.inner.run_binding(&self.binding);
        done.map(drop)
            .map_err(|error| failed("run the model", error))
    }
}
