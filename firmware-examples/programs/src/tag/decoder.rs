//! Scores of the network into words on the serial line.

use super::line::{Character, Line};
use super::roles::{Role, roles};
use crate::{Board, Error, Text};
use core::fmt::Write;
use qibu::decode::crf::Stream;
use qibu::tag::{Emission, Emitter, Tagger, TaggerError};

/// Viterbi over the characters of a line, and what is known of the last one that was written.
pub struct Decoder<'m, const TAGS: usize, const BUFFER: usize> {
    stream: Stream<'m, TAGS, BUFFER>,
    words: Words<'m>,
    /// Tags, as bits, that a character behind a gap may have.
    behind_gap: u64,
    /// The most time that a character took.
    most: u64,
}

/// Characters with their tags, as text.
struct Words<'m> {
    tagger: Tagger<'m>,
    roles: Option<[Role; 4]>,
    /// The role of the last character; none at the start of a line.
    previous: Option<Role>,
    /// The line has a character.
    open: bool,
}

impl<'m, const TAGS: usize, const BUFFER: usize> Decoder<'m, TAGS, BUFFER> {
    /// A decoder for `tagger`'s scores.
    ///
    /// # Errors
    /// The tagger has more than `TAGS` tags.
    pub fn new(tagger: &Tagger<'m>) -> Result<Self, Error> {
        let roles = roles(tagger);
        let begins = |&(_, role): &(usize, Role)| role.begins(Some(Role::Middle));
        let behind_gap = match roles {
            None => u64::MAX,
            Some(roles) => {
                let tags = roles.into_iter().enumerate().filter(begins);
                tags.fold(0, |bits, (tag, _)| bits | 1 << tag)
            }
        };
        Ok(Self {
            stream: Stream::new(tagger.crf()).ok_or(TaggerError::Decoder)?,
            words: Words {
                tagger: *tagger,
                roles,
                previous: None,
                open: false,
            },
            behind_gap,
            most: 0,
        })
    }

    /// The most time that a character took: one that filled a window.
    pub fn most(&self) -> u64 {
        self.most
    }

    /// Hands what has not entered the network to it. Words may come out.
    ///
    /// # Errors
    /// The network refuses an id.
    pub fn push<const IDS: usize, const N: usize>(
        &mut self,
        line: &mut Line<N>,
        ended: bool,
        emitter: &mut Emitter<'m, '_, IDS>,
        board: &mut impl Board,
    ) -> Result<(), Error> {
        let mut entering = line.entering;
        while let Some(Character { character, .. }) = line.next(&mut entering, ended) {
            line.entering = entering;
            let start = board.now();
            let mut sink = |emission: Emission<'_>| self.take(emission, line, ended, board);
            emitter.push(character, &mut sink)?;
            self.most = self.most.max(board.now().wrapping_sub(start));
        }
        Ok(())
    }

    /// The line ends, or is cut between two words: the rest of its words comes out.
    ///
    /// # Errors
    /// The network refuses an id.
    pub fn finish<const IDS: usize, const N: usize>(
        &mut self,
        line: &mut Line<N>,
        emitter: &mut Emitter<'m, '_, IDS>,
        board: &mut impl Board,
    ) -> Result<(), Error> {
        let mut sink = |emission: Emission<'_>| self.take(emission, line, true, board);
        emitter.flush(&mut sink)?;
        self.words.previous = None;
        Ok(())
    }

    /// The next word is the first of a line.
    pub fn start_line(&mut self) {
        self.words.open = false;
    }

    fn take<const N: usize>(
        &mut self,
        emission: Emission<'_>,
        line: &mut Line<N>,
        ended: bool,
        board: &mut impl Board,
    ) {
        let mut scored = line.scored;
        let gap = match emission {
            Emission::Scores(_) => line.next(&mut scored, ended).is_some_and(|next| next.gap),
            Emission::End => false,
        };
        line.scored = scored;
        let words = &mut self.words;
        let mut sink = |tag| {
            let mut written = line.written;
            if let Some(character) = line.next(&mut written, ended) {
                words.write(character, tag, board);
            }
            line.written = written;
        };
        match emission {
            Emission::Scores(scores) => step(
                &mut self.stream,
                scores,
                gap.then_some(self.behind_gap),
                &mut sink,
            ),
            Emission::End => {
                self.stream.finish_anyway(&mut sink);
            }
        }
    }
}

/// One character's scores; where `allowed` leaves no tag it does not count, and where the model leaves
/// none the path ends before this character and starts anew with it.
fn step<const TAGS: usize, const BUFFER: usize>(
    stream: &mut Stream<'_, TAGS, BUFFER>,
    scores: &[i32],
    allowed: Option<u64>,
    sink: &mut impl FnMut(u8),
) {
    if let Some(allowed) = allowed
        && stream.push_allowed(scores, allowed, sink).is_ok()
    {
        return;
    }
    stream.push_anyway(scores, sink);
}

impl Words<'_> {
    fn write(&mut self, next: Character, tag: u8, board: &mut impl Board) {
        let roles = self.roles.as_ref();
        let role = roles.and_then(|roles| roles.get(usize::from(tag)).copied());
        let begins = next.gap || role.is_none_or(|role| role.begins(self.previous));
        if self.open && begins {
            board.put(" ");
        }
        board.put(next.character.encode_utf8(&mut [0; 4]));
        if role.is_none() {
            let label = self.tagger.label(tag).unwrap_or("?");
            let _ = write!(Text(board), "/{label}");
        }
        (self.open, self.previous) = (true, role);
    }
}
