//! UTF-8 that comes in pieces: characters, and U+FFFD for what is malformed.
//!
//! As many replacement characters as `String::from_utf8_lossy` gives for the whole.

/// A character that has begun.
#[derive(Clone, Copy, Default)]
pub(crate) struct Decoder {
    bytes: [u8; 4],
    length: u8,
}

impl Decoder {
    /// The next byte; `put` gets the characters that it ends.
    pub fn push<E>(
        &mut self,
        byte: u8,
        put: &mut impl FnMut(char) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(free) = self.bytes.get_mut(usize::from(self.length)) {
            *free = byte;
            self.length = self.length.saturating_add(1);
        }
        let mut done = Ok(());
        loop {
            let begun = self.bytes.get(..usize::from(self.length)).unwrap_or(&[]);
            let (character, taken) = match core::str::from_utf8(begun) {
                Ok(text) => match text.chars().next() {
                    Some(character) => (character, begun.len()),
                    None => return done,
                },
                // One character at most, so the fault is at its start.
                Err(error) => match error.error_len() {
                    Some(taken) => (char::REPLACEMENT_CHARACTER, taken),
                    None => return done,
                },
            };
            self.drop_first(taken);
            done = done.and(put(character));
        }
    }

    /// The text ends: what has begun is malformed.
    pub fn end<E>(&mut self, put: &mut impl FnMut(char) -> Result<(), E>) -> Result<(), E> {
        match core::mem::take(&mut self.length) {
            0 => Ok(()),
            _ => put(char::REPLACEMENT_CHARACTER),
        }
    }

    fn drop_first(&mut self, count: usize) {
        let [_, b, c, d] = self.bytes;
        self.bytes = match count {
            1 => [b, c, d, 0],
            2 => [c, d, 0, 0],
            3 => [d, 0, 0, 0],
            _ => [0; 4],
        };
        self.length = self.length.saturating_sub(count.min(4) as u8);
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::Decoder;
    use std::string::String;
    use std::vec::Vec;

    fn decoded(bytes: &[u8]) -> String {
        let mut text = String::new();
        let mut decoder = Decoder::default();
        let mut put = |character| {
            text.push(character);
            Ok::<(), ()>(())
        };
        for &byte in bytes {
            decoder.push(byte, &mut put).unwrap();
        }
        decoder.end(&mut put).unwrap();
        text
    }

    /// Every string of up to five bytes out of those where UTF-8's rules change.
    #[test]
    fn pieces_give_what_the_whole_gives() {
        const EDGES: [u8; 12] = [
            0x41, 0x80, 0x90, 0xA0, 0xBF, 0xC2, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xFF,
        ];
        for length in 0..=5_u32 {
            for number in 0..12_usize.pow(length) {
                let digit = |place| EDGES[number / 12_usize.pow(place) % 12];
                let bytes: Vec<u8> = (0..length).map(digit).collect();
                assert_eq!(
                    decoded(&bytes),
                    String::from_utf8_lossy(&bytes),
                    "{bytes:X?}"
                );
            }
        }
        let text = "a山𠀀é\u{10FFFF}";
        assert_eq!(decoded(text.as_bytes()), text);
    }
}
