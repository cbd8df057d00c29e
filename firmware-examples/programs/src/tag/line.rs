//! A line as it arrives: bytes that wait for their tags, and three readers that follow each other.

/// Asks for figures.
const ENQUIRY: u8 = 5;

/// What a byte brings about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing as yet.
    Wait,
    /// The line ends.
    End,
    /// There is no room for another character.
    Full,
    /// Someone asks for figures.
    Enquiry,
}

/// At most `N` bytes of a line.
pub struct Line<const N: usize> {
    bytes: [u8; N],
    length: usize,
    /// The last byte was a carriage return, which ends a line; a line feed behind it is part of that.
    returned: bool,
    /// What enters the network next.
    pub entering: Place,
    /// What the network scores next.
    pub scored: Place,
    /// What is written next.
    pub written: Place,
}

/// Where a reader of a line is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    at: usize,
    /// Whether the line has shown a character before it.
    open: bool,
}

/// The next character for a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Character {
    /// U+FFFD for bytes that are no UTF-8.
    pub character: char,
    /// White space stands before it, and another character before that.
    pub gap: bool,
}

impl<const N: usize> Line<N> {
    /// An empty line.
    pub const fn new() -> Self {
        const START: Place = Place { at: 0, open: false };
        Self {
            bytes: [0; N],
            length: 0,
            returned: false,
            entering: START,
            scored: START,
            written: START,
        }
    }

    /// Takes the next byte. Behind [`Event::Full`] the caller makes room.
    pub fn take(&mut self, byte: u8) -> Event {
        let returned = core::mem::replace(&mut self.returned, byte == b'\r');
        match byte {
            b'\n' if returned => Event::Wait,
            b'\n' | b'\r' => Event::End,
            ENQUIRY => Event::Enquiry,
            _ => {
                if let Some(free) = self.bytes.get_mut(self.length) {
                    *free = byte;
                    self.length += 1;
                }
                match self.length == N {
                    true => Event::Full,
                    false => Event::Wait,
                }
            }
        }
    }

    /// The next character behind `place`, which moves behind it. None where the bytes are used up or,
    /// unless the line has `ended`, where what is left is the start of a character.
    pub fn next(&self, place: &mut Place, ended: bool) -> Option<Character> {
        let mut gap = false;
        loop {
            let rest = self.bytes.get(place.at..self.length)?;
            let (character, length) = decode(rest, ended)?;
            place.at += length;
            if is_gap(character) {
                gap = place.open;
                continue;
            }
            place.open = true;
            return Some(Character { character, gap });
        }
    }

    /// Drops what is written; whether that made room.
    pub fn forget(&mut self) -> bool {
        let written = self.written.at;
        self.bytes.copy_within(written..self.length, 0);
        self.length -= written;
        for place in [&mut self.entering, &mut self.scored, &mut self.written] {
            place.at -= written;
        }
        written > 0
    }

    /// Drops what has entered the network and white space behind it; a character that has begun stays.
    pub fn cut(&mut self) {
        let mut behind = self.entering;
        // None: all whole characters have entered.
        let _ = self.next(&mut behind, false);
        let kept = behind.at..self.length;
        self.clear();
        self.length = kept.len();
        self.bytes.copy_within(kept, 0);
    }

    /// Starts the next line.
    pub fn clear(&mut self) {
        self.length = 0;
        for place in [&mut self.entering, &mut self.scored, &mut self.written] {
            *place = Place::default();
        }
    }
}

/// Whether `character` separates words instead of being part of one.
fn is_gap(character: char) -> bool {
    character == '\t' || character.is_whitespace() && !character.is_control()
}

/// The first character of `bytes` and how many bytes it takes.
fn decode(bytes: &[u8], ended: bool) -> Option<(char, usize)> {
    let head = bytes.get(..4).unwrap_or(bytes);
    let (whole, wrong) = match core::str::from_utf8(head) {
        Ok(whole) => (whole, None),
        Err(error) => {
            let whole = head.get(..error.valid_up_to()).unwrap_or(&[]);
            let whole = core::str::from_utf8(whole).unwrap_or("");
            (whole, Some(error.error_len()))
        }
    };
    if let Some(character) = whole.chars().next() {
        return Some((character, character.len_utf8()));
    }
    match wrong? {
        Some(length) => Some((char::REPLACEMENT_CHARACTER, length)),
        None if ended => Some((char::REPLACEMENT_CHARACTER, head.len())),
        None => None,
    }
}
