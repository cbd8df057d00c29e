//! The model that a program runs, in flash.

use crate::Error;
use qibu::Model;
use qibu::kernels::KernelSet;

/// A model file. Boards get theirs from their build script, which knows the file.
#[derive(Clone, Copy)]
pub struct ModelFile {
    /// The file, on a 16-byte boundary.
    pub bytes: &'static [u8],
    /// The kernels that it needs: the program links no others.
    pub kernels: KernelSet<'static>,
}

impl ModelFile {
    /// Checks the file whole, in bounded time, and returns a view of it.
    ///
    /// # Errors
    /// It is no sound model.
    pub fn load(&self) -> Result<Model<'static>, Error> {
        Ok(Model::load_with(self.bytes, self.kernels)?)
    }
}
