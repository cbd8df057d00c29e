//! What a poem has to keep, and what is said where it cannot.

use super::Ids;
use crate::decode::prosody::Pattern;
use crate::error::InputError;
use core::fmt;

/// Which tones a poem keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Meter {
    /// Those of the best pattern: of four for a quatrain, of two for a couplet.
    #[default]
    Any,
    /// Those of this pattern.
    Pattern(Pattern),
    /// None. Nor does the poem rhyme, unless the rhyme is given.
    Free,
}

/// What a poem has to keep, beside its form; no character twice where such a poem is found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules<'a> {
    /// Tones.
    pub meter: Meter,
    /// Rhyme group, below [`crate::decode::prosody::RHYMES`]; else the one with the best characters.
    pub rhyme: Option<u8>,
    /// Characters by position; open where negative or missing. They may repeat each other.
    pub fixed: &'a [i32],
    /// Words, of one character or more, that no line may have.
    pub avoided: &'a [&'a [i32]],
}

/// A poem that keeps its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verse {
    /// Characters, by id.
    pub ids: Ids,
    /// The pattern that it keeps.
    pub pattern: Option<Pattern>,
    /// Its rhyme group.
    pub rhyme: Option<u8>,
    /// Score: that of the best characters, of any tone, is 0, each pair of the set adds its bonus. In
    /// [`Composer::unit`](super::Composer::unit).
    pub score: i32,
    /// Whether no poem was found where no character stands twice: of the rhyme that is chosen, others
    /// are not tried.
    pub repeats: bool,
}

/// Shown the candidates of each position: which one, their ids, their scores.
pub type See<'s> = dyn FnMut(usize, &[i32], &[i32]) + 's;

/// Why there is no poem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComposeError {
    /// The network refuses its input.
    Input(InputError),
    /// No character suits a position.
    Unsatisfiable {
        /// The position, from 0.
        position: usize,
        /// What none suits.
        rule: Rule,
    },
}

/// A rule that leaves a position without a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The pattern's tone.
    Tone,
    /// The rhyme.
    Rhyme,
    /// The fixed character is not in the vocabulary.
    Fixed,
    /// Avoided words.
    Avoided,
}

impl From<InputError> for ComposeError {
    fn from(error: InputError) -> Self {
        Self::Input(error)
    }
}

impl fmt::Display for ComposeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => error.fmt(f),
            Self::Unsatisfiable { position, rule } => {
                // Readers count from one.
                let number = position.saturating_add(1);
                write!(f, "character {number} of the poem: {rule}")
            }
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tone => "none has the tone that the pattern asks for",
            Self::Rhyme => "none has the rhyme",
            Self::Fixed => "the one that is fixed is not in the vocabulary",
            Self::Avoided => "all that would suit make an avoided word",
        })
    }
}

impl core::error::Error for ComposeError {}
