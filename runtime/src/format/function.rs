//! Function record: a named entry point with its steps, inputs, outputs and arena.

use super::u32_at;

/// Byte offsets of the record's fields.
mod field {
    pub const NAME_OFFSET: usize = 0;
    pub const NAME_LENGTH: usize = 4;
    pub const FIRST_STEP: usize = 8;
    pub const STEPS: usize = 12;
    pub const OPERANDS: usize = 16;
    pub const INPUTS: usize = 20;
    pub const OUTPUTS: usize = 24;
    pub const ARENA: usize = 28;
}

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
    pub fn parse(bytes: &[u8; Self::LENGTH]) -> Self {
        Self {
            name_offset: u32_at(bytes, field::NAME_OFFSET),
            name_length: u32_at(bytes, field::NAME_LENGTH),
            first_step: u32_at(bytes, field::FIRST_STEP),
            steps: u32_at(bytes, field::STEPS),
            operands: u32_at(bytes, field::OPERANDS),
            inputs: u32_at(bytes, field::INPUTS),
            outputs: u32_at(bytes, field::OUTPUTS),
            arena: u32_at(bytes, field::ARENA),
        }
    }

    /// Writes the record.
    #[must_use]
    pub fn emit(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        let mut put = |offset: usize, value: u32| {
            bytes[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
        };
        put(field::NAME_OFFSET, self.name_offset);
        put(field::NAME_LENGTH, self.name_length);
        put(field::FIRST_STEP, self.first_step);
        put(field::STEPS, self.steps);
        put(field::OPERANDS, self.operands);
        put(field::INPUTS, self.inputs);
        put(field::OUTPUTS, self.outputs);
        put(field::ARENA, self.arena);
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
        assert_eq!(super::FunctionRecord::parse(&record.emit()), record);
    }
}
