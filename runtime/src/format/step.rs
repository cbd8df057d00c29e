//! Step record: one operator applied to tensors.

/// One step; its operand words are, in order, input tensors, output tensors, attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct StepRecord {
    /// Operator, see [`super::Opcode`].
    pub opcode: u8,
    /// Number of input tensors.
    pub inputs: u8,
    /// Number of output tensors.
    pub outputs: u8,
    /// Number of attribute words.
    pub attributes: u8,
    /// Index of the parameter word where the operands start.
    pub operands: u32,
}

impl StepRecord {
    /// Length in bytes.
    pub const LENGTH: usize = 8;

    /// Reads the record.
    #[must_use]
    pub const fn parse(&[codes, operands]: &[u32; Self::LENGTH / 4]) -> Self {
        let [opcode, inputs, outputs, attributes] = codes.to_le_bytes();
        Self {
            opcode,
            inputs,
            outputs,
            attributes,
            operands,
        }
    }

    /// Writes the record.
    #[must_use]
    pub fn emit(&self) -> [u8; Self::LENGTH] {
        let [a, b, c, d] = self.operands.to_le_bytes();
        let Self {
            opcode,
            inputs,
            outputs,
            attributes,
            ..
        } = *self;
        [opcode, inputs, outputs, attributes, a, b, c, d]
    }
}
