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

    /// What [`Board::now`] counts: `ns`, `cycles` or `instructions`.
    const UNIT: &'static str;

    /// A clock for measurements, in [`Board::UNIT`]. Where that is `ns`, QEMU's `-icount shift=8` makes
    /// it count instructions: one takes 256 ns of the emulated board's time, so that the same program
    /// tells the time on silicon. It does not wrap.
    fn now(&mut self) -> u64;

    /// Most bytes of stack used so far, read from the painted stack.
    fn stack_used(&self) -> usize;
}
