//! Text of any size, taken apart while it is read: characters, gaps and line ends.
//!
//! ```text
//! repeat: fill the buffer behind the bytes left over; split it into whole UTF-8 and a rest
//!         each character: LF ends the line; CR waits, and belongs to the line end if LF follows
//!         at once or behind white space, which is dropped there;
//!         white space is a gap, and a run of it one gap; everything else is a character
//! at the end of the file: a rest is an error, a line without LF ends without
//! ```
//!
//! Memory is one buffer, whatever the length of lines and files. White space is what Unicode calls
//! so, except for control characters other than the tab: those are characters like any other. A byte
//! order mark at the start of a file is handed on as such.

use crate::error::{Error, Result};
use crate::input_file::TO_UTF8;
use std::io::{ErrorKind, Read};

/// Bytes read at once.
const BUFFER: usize = 64 << 10;
/// What some editors put at the start of a file.
pub const MARK: char = '\u{FEFF}';

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a line feed.
    Lf,
    /// With a carriage return and a line feed.
    CrLf,
    /// The file ends behind a carriage return.
    Cr,
    /// The file ends.
    Nothing,
}

impl Ending {
    /// The ending as text.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
            Self::Cr => "\r",
            Self::Nothing => "",
        }
    }
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The byte order mark that the file starts with.
    Mark,
    /// A character to tag.
    Character(char),
    /// White space within a line, however much.
    Gap,
    /// The line ends.
    End(Ending),
}

/// Where a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: u64,
    /// Byte of the file, from 0.
    pub byte: u64,
}

/// Takes one text apart.
pub struct Pieces {
    place: Place,
    /// A carriage return whose successor is not known yet.
    carriage: bool,
    /// White space stands behind it.
    behind: bool,
    /// The line has shown something since the last line end.
    open: bool,
    /// The last piece was a gap.
    gap: bool,
}

impl Default for Pieces {
    fn default() -> Self {
        Self::new()
    }
}

impl Pieces {
    /// Before the first byte.
    #[must_use]
    pub fn new() -> Self {
        Self {
            place: Place { line: 1, byte: 0 },
            carriage: false,
            behind: false,
            open: false,
            gap: false,
        }
    }

    /// Line and byte that come next.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    /// Hands the pieces of all of `source` to `sink`; errors call it `name`.
    ///
    /// Bytes before a fault are handed on first.
    ///
    /// # Errors
    /// The source cannot be read or is no UTF-8; what `sink` returns.
    pub fn read(
        &mut self,
        name: &str,
        source: &mut dyn Read,
        sink: &mut dyn FnMut(Piece) -> Result<()>,
    ) -> Result<()> {
        let mut buffer = vec![0; BUFFER];
        let mut kept = 0;
        loop {
            let count = match source.read(&mut buffer[kept..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    return Err(Error::input(format!(
                        "cannot read {name}: {error} (line {}, byte {})",
                        self.place.line, self.place.byte
                    )));
                }
                Ok(count) => count,
            };
            let filled = kept + count;
            kept = self.take(name, &buffer[..filled], count == 0, sink)?;
            if count == 0 {
                return self.finish(sink);
            }
            buffer.copy_within(filled - kept..filled, 0);
        }
    }

    /// Hands on the whole characters of `bytes`; returns how many bytes are left over.
    fn take(
        &mut self,
        name: &str,
        bytes: &[u8],
        last: bool,
        sink: &mut dyn FnMut(Piece) -> Result<()>,
    ) -> Result<usize> {
        let (text, fault) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let whole = bytes.get(..error.valid_up_to()).unwrap_or_default();
                // Valid up to here by the error's own word.
                let text = std::str::from_utf8(whole).unwrap_or_default();
                (text, Some(error.error_len()))
            }
        };
        for character in text.chars() {
            self.character(character, sink)?;
            self.place.byte += character.len_utf8() as u64;
            self.place.line += u64::from(character == '\n');
        }
        let rest = bytes.get(text.len()..).unwrap_or_default();
        match (fault, rest) {
            (None, _) => Ok(0),
            (Some(None), rest) if !last => Ok(rest.len()),
            (Some(length), rest) => {
                let found = rest.get(..length.unwrap_or(rest.len())).unwrap_or(rest);
                let found: Vec<String> = found.iter().map(|byte| format!("{byte:02X}")).collect();
                Err(Error::input(format!(
                    "{name}: line {}, byte {}: not UTF-8: {}{}",
                    self.place.line,
                    self.place.byte,
                    found.join(" "),
                    if length.is_none() {
                        ", where the file ends"
                    } else {
                        ""
                    }
                ))
                .hint(TO_UTF8))
            }
        }
    }

    fn character(
        &mut self,
        character: char,
        sink: &mut dyn FnMut(Piece) -> Result<()>,
    ) -> Result<()> {
        if self.carriage && is_gap(character) {
            self.behind = true;
            return Ok(());
        }
        let carriage = std::mem::take(&mut self.carriage);
        let behind = std::mem::take(&mut self.behind);
        if character == '\n' {
            let ending = if carriage { Ending::CrLf } else { Ending::Lf };
            self.open = false;
            self.gap = false;
            return sink(Piece::End(ending));
        }
        if carriage {
            self.gap = behind;
            sink(Piece::Character('\r'))?;
            if behind {
                sink(Piece::Gap)?;
            }
        }
        self.open = true;
        if character == '\r' {
            self.carriage = true;
            return Ok(());
        }
        if character == MARK && self.place.byte == 0 {
            return sink(Piece::Mark);
        }
        let gap = is_gap(character);
        if gap && std::mem::replace(&mut self.gap, true) {
            return Ok(());
        }
        self.gap = gap;
        sink(if gap {
            Piece::Gap
        } else {
            Piece::Character(character)
        })
    }

    /// The text ends here, in the middle of a line or behind one.
    ///
    /// # Errors
    /// What `sink` returns.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Piece) -> Result<()>) -> Result<()> {
        let carriage = std::mem::take(&mut self.carriage);
        (self.gap, self.behind) = (false, false);
        match (std::mem::take(&mut self.open), carriage) {
            (true, true) => sink(Piece::End(Ending::Cr)),
            (true, false) => sink(Piece::End(Ending::Nothing)),
            (false, _) => Ok(()),
        }
    }
}

/// Whether `character` separates words instead of being part of one.
#[must_use]
pub fn is_gap(character: char) -> bool {
    character == '\t' || character.is_whitespace() && !character.is_control()
}

/// A line without its end, `line` being what stands before a line feed or the end of the file.
#[must_use]
pub fn content(line: &str) -> &str {
    let line = line.trim_end_matches(is_gap);
    line.strip_suffix('\r').unwrap_or(line)
}

/// What gaps separate in a line without its end.
pub fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(is_gap).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives at most `step` bytes at a time.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            let (now, later) = self.0.split_at(count);
            buffer[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }

    fn pieces(bytes: &[u8], step: usize) -> (Vec<Piece>, Option<String>) {
        let mut all = Vec::new();
        let mut source = Drops(bytes, step);
        let result = Pieces::new().read("t", &mut source, &mut |piece| {
            all.push(piece);
            Ok(())
        });
        (all, result.err().map(|error| error.to_string()))
    }

    fn shown(bytes: &[u8]) -> String {
        let (pieces, error) = pieces(bytes, 1);
        assert_eq!(error, None);
        let show = |piece: &Piece| match piece {
            Piece::Mark => "<mark>".to_owned(),
            Piece::Character(character) => character.escape_debug().to_string(),
            Piece::Gap => "_".into(),
            Piece::End(ending) => format!("<{}>", ending.text().escape_debug()),
        };
        pieces.iter().map(show).collect()
    }

    #[test]
    fn lines_gaps_and_endings() {
        for (text, expected) in [
            ("", ""),
            ("\n\n", r"<\n><\n>"),
            ("春\n眠", r"春<\n>眠<>"),
            ("春\r\n眠\r", r"春<\r\n>眠<\r>"),
            ("a\rb\r\r\n", r"a\rb\r<\r\n>"),
            ("\r", r"<\r>"),
            ("a\r \n\r\t\r b", r"a<\r\n>\r_\r_b<>"),
            (" 春 \t\u{3000}眠 \n ", r"_春_眠_<\n>_<>"),
            (
                "\u{FEFF}春\u{FEFF}\n\u{FEFF}",
                "<mark>春\\u{feff}<\\n>\\u{feff}<>",
            ),
            ("\0\u{b}\u{85}\u{2028}x", "\\0\\u{b}\\u{85}_x<>"),
            ("a \r b", r"a_\r_b<>"),
        ] {
            assert_eq!(shown(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn faults_have_line_and_byte_and_what_came_before_is_kept() {
        for step in 1..9 {
            let (pieces, error) = pieces("春\n眠\u{10348}".as_bytes(), step);
            assert_eq!((pieces.len(), error), (5, None));
        }
        for (bytes, place) in [
            (
                &b"\xE6\x98\xA5\nab\xFFc"[..],
                "t: line 2, byte 6: not UTF-8: FF",
            ),
            (
                b"ab\xE6\x98",
                "t: line 1, byte 2: not UTF-8: E6 98, where the file ends",
            ),
            (b"ab\xE6\x98a", "t: line 1, byte 2: not UTF-8: E6 98"),
            (b"ab\xED\xA0\x80", "t: line 1, byte 2: not UTF-8: ED"),
        ] {
            for step in 1..9 {
                let (pieces, error) = pieces(bytes, step);
                let error = error.unwrap();
                assert!(error.starts_with(&format!("{place}\n  help: ")), "{error}");
                assert!(pieces.contains(&Piece::Character('b')), "{place}");
            }
        }
    }

    proptest! {
        #[test]
        fn lines_at_once_are_the_lines_read_piece_by_piece(text in "[\r\n \t\u{b}\u{c}\u{85}\u{2028}\u{3000}ab\0]{0,40}") {
            let mut lines = vec![vec![String::new()]];
            for piece in pieces(text.as_bytes(), 5).0 {
                let line = lines.last_mut().unwrap();
                match piece {
                    Piece::Character(character) => line.last_mut().unwrap().push(character),
                    Piece::Gap => line.push(String::new()),
                    Piece::End(_) => lines.push(vec![String::new()]),
                    Piece::Mark => {}
                }
            }
            lines.iter_mut().for_each(|line| line.retain(|word| !word.is_empty()));
            let at_once = text.split('\n').map(|line| words(content(line)).map(String::from).collect());
            let mut at_once: Vec<Vec<String>> = at_once.collect();
            // A line end at the end of the file begins no line.
            for lines in [&mut lines, &mut at_once] {
                while lines.pop_if(|line| line.is_empty()).is_some() {}
            }
            prop_assert_eq!(at_once, lines);
        }

        #[test]
        fn nothing_is_lost_however_the_bytes_come(text in "[\r\n \t\u{3000}ab春𐍈\0]{0,40}", step in 1usize..7) {
            let (pieces, error) = pieces(text.as_bytes(), step);
            prop_assert_eq!(error, None);
            let mut back = String::new();
            for piece in &pieces {
                match piece {
                    Piece::Character(character) => back.push(*character),
                    Piece::End(ending) => back.push_str(ending.text()),
                    Piece::Gap | Piece::Mark => {}
                }
            }
            let expected: String = text.chars().filter(|&c| !is_gap(c)).collect();
            prop_assert_eq!(back, expected);
            let gaps = pieces.windows(2).filter(|pair| pair[0] == Piece::Gap && pair[1] == Piece::Gap);
            prop_assert_eq!(gaps.count(), 0);
        }
    }
}
