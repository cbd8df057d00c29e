//! Formatted text on the serial line.

use crate::Board;
use core::fmt;

/// Writes to the serial line of a board.
pub struct Text<'b, B>(pub &'b mut B);

impl<B: Board> fmt::Write for Text<'_, B> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.put(text);
        Ok(())
    }
}
