//! What the programs ask of a board.

/// A board: a serial line, time, and what else it has.
pub trait Board {
    /// Sends `text` on the serial line; waits until there is room.
    fn put(&mut self, text: &str);

    /// The next byte that arrived on the serial line, if any; does not wait.
    fn get(&mut self) -> Option<u8>;

    /// Whether the button is down. Boards without one never say so.
    fn pressed(&mut self) -> bool {
        false
    }

    /// Bits that differ each time, from the board's noise; boards without a source have none.
    fn entropy(&mut self) -> Option<u64> {
        None
    }

    /// Waits for about a millisecond.
    fn wait_millisecond(&mut self);

    /// What [`Board::now`] counts.
    const UNIT: &'static str;

    /// A clock for measurements: executed instructions under QEMU's `-icount shift=8`, cycles on
    /// silicon. It may wrap; differences are taken modulo 2⁶⁴ of what it says.
    fn now(&mut self) -> u64;

    /// Most bytes of stack used so far, read from the painted stack.
    fn stack_used(&self) -> usize;
}
