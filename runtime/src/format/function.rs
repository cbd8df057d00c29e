//! Function record: a named entry point with its steps, inputs, outputs and arena.

/// One function of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FunctionRecord {
    /// Byte offset of the name in the text section.
    pub name_offset: u32,
    /// Byte length of the name.
    pub name_length: u32,
    /// Index of the first step.
    pub first_step: u32,
    /// Number of steps.
    pub steps: u32,
    /// Index of the parameter word where the input tensors' indices start; the outputs' follow.
    pub operands: u32,
    /// Number of inputs.
    pub inputs: u32,
    /// Number of outputs.
    pub outputs: u32,
    /// Bytes of arena that the function needs.
    pub arena: u32,
}

impl FunctionRecord {
    /// Length in bytes.
    pub const LENGTH: usize = 32;

    /// Reads the record.
    #[must_use]
    pub const fn parse(words: &[u32; Self::LENGTH / 4]) -> Self {
        let &[
            name_offset,
            name_length,
            first_step,
            steps,
            operands,
            inputs,
            outputs,
            arena,
        ] = words;
        Self {
            name_offset,
            name_length,
            first_step,
            steps,
            operands,
            inputs,
            outputs,
            arena,
        }
    }

    /// The record's words.
    #[must_use]
    pub const fn words(&self) -> [u32; Self::LENGTH / 4] {
        [
            self.name_offset,
            self.name_length,
            self.first_step,
            self.steps,
            self.operands,
            self.inputs,
            self.outputs,
            self.arena,
        ]
    }

    /// Writes the record.
    #[must_use]
    pub fn emit(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        for (slot, word) in bytes.chunks_exact_mut(4).zip(self.words()) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn parse_undoes_emit() {
        let record = super::FunctionRecord {
            name_offset: 1,
            name_length: 2,
            first_step: 3,
            steps: 4,
            operands: 5,
            inputs: 6,
            outputs: 7,
            arena: 8,
        };
        assert_eq!(super::FunctionRecord::parse(&record.words()), record);
        assert_eq!(record.emit(), bytemuck::cast_slice(&record.words()));
    }
}
