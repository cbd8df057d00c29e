//! A latent and rules in, a poem that keeps them out.
//!
//! A model that composes has a function `compose`: latent f32 `[1, L]` → ids int32 and scores, int32 or
//! f32, `[1, lists, k]`, the k best characters of each position by tone and rhyme; a table `prosody`,
//! int16 `[V]`, of the groups of each character; metadata `vocab` and `form` (characters of a line: five
//! or seven); and, where neighbours count, a table `pairs` ([`crate::decode::pairs`]).
//!
//! ```text
//! once          the network: candidates of all tones and rhymes
//! for each pattern
//!     rhyme     given, or the group whose best candidates have the best sum
//!     lattice   fixed characters, else the candidates of the tone; links where pairs are in the set;
//!               what the pattern before asked for, too, stays
//!     path      the best without a character twice
//! the best of the paths; where there is none: again, then with repeats in other couplets, then anywhere
//! ```
//!
//! All patterns and rhymes come from one run of the network, so that they are cheap, and other rules
//! for the same latent cheaper still: [`Composer::draft`].

use super::draft::{Draft, Form};
use super::lists::{Lists, lists_of_line};
use super::{ComposeError, Ids, MAX_CHARACTERS, MAX_LATENT, Rule, Rules, See, Verse, write};
use crate::decode::Vocabulary;
use crate::decode::pairs::Pairs;
use crate::decode::prosody::Groups;
use crate::error::InputError;
use crate::execute::{Run, fitted};
use crate::format::DType;
use crate::kernels::quotient;
use crate::model::{Function, Model};
use crate::random::Random;

/// 1/65536: a unit of scores is never less, in nats.
const LEAST_UNIT: f32 = 1.0 / 65536.0;

/// A poem model that keeps rules.
#[derive(Clone, Copy)]
pub struct Composer<'m> {
    function: Function<'m>,
    vocabulary: Vocabulary<'m>,
    form: Form<'m>,
    latent: usize,
    k: usize,
}

impl<'m> Composer<'m> {
    /// The composer in `model`; `None` where it has none.
    #[must_use]
    pub fn new(model: &Model<'m>) -> Option<Self> {
        let function = model.function("compose")?;
        let (z, ids) = (function.input(0)?, function.output(0)?);
        let scores = function.output(1)?;
        let vocabulary = Vocabulary::new(model.metadata().get("vocab")?);
        let number = |key| model.metadata().get(key)?.parse::<u32>().ok();
        let line = number("form")? as usize;
        let lines = quotient(ids.rows(), lists_of_line(line))?;
        let scale = match scores.dtype() {
            DType::I32 => scores.scale(),
            DType::F32 => LEAST_UNIT,
            _ => return None,
        };
        // Scores of finer steps lose some, so that those of a poem add up within 32 bits.
        let (mut unit, mut shift) = (scale, 0u32);
        while unit < LEAST_UNIT && shift < 31 {
            (unit, shift) = (unit * 2.0, shift.wrapping_add(1));
        }
        let groups = model.table("prosody")?.u16()?;
        let latent = z.elements()?;
        let suitable = z.dtype() == DType::F32
            && ids.dtype() == DType::I32
            && scores.elements() == ids.elements()
            && function.inputs().len() == 1
            && latent <= MAX_LATENT
            && (line == 5 || line == 7)
            && (lines == 2 || lines == 4)
            && groups.len() >= vocabulary.len()
            && groups.len() <= usize::from(u16::MAX);
        let pairs = match model.table("pairs") {
            Some(table) => Some(Pairs::new(table.bytes())?),
            None => None,
        };
        let form = Form {
            groups,
            pairs,
            scale,
            unit,
            shift,
            line,
            lines,
        };
        suitable.then_some(Self {
            function,
            vocabulary,
            form,
            latent,
            k: ids.columns(),
        })
    }

    /// Bytes of arena that a poem needs.
    #[must_use]
    pub fn arena(&self) -> usize {
        self.function.arena()
    }

    /// The vocabulary.
    #[must_use]
    pub fn vocabulary(&self) -> Vocabulary<'m> {
        self.vocabulary
    }

    /// Tones and rhymes of character `id`.
    #[must_use]
    pub fn groups(&self, id: u16) -> Groups {
        self.form.groups_of(id)
    }

    /// The set of pairs that a line gains by.
    #[must_use]
    pub fn pairs(&self) -> Option<Pairs<'m>> {
        self.form.pairs
    }

    /// The temperature of poems by the rules: latents as they were trained. The lower one that a card
    /// recommends is for poems that are read off position by position.
    #[must_use]
    pub fn temperature(&self) -> f32 {
        1.0
    }

    /// Dimensions of the latent.
    #[must_use]
    pub fn latent(&self) -> usize {
        self.latent
    }

    /// Characters of a line.
    #[must_use]
    pub fn line(&self) -> usize {
        self.form.line
    }

    /// Lines of a poem.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.form.lines
    }

    /// Characters of a poem.
    #[must_use]
    pub fn positions(&self) -> usize {
        self.form.line.wrapping_mul(self.form.lines)
    }

    /// What one of a score is, in nats.
    #[must_use]
    pub fn unit(&self) -> f32 {
        self.form.unit
    }

    /// The latent of `seed`, as [`super::Poet::sample`] has it.
    pub fn sample(&self, seed: u64, temperature: f32) -> impl Iterator<Item = f32> + use<> {
        let mut random = Random::new(seed);
        (0..self.latent).map(move |_| random.gaussian() * temperature)
    }

    /// Runs the network: candidates from which poems by any rules can be made.
    ///
    /// # Errors
    /// The latent has another length; the arena is too short or misaligned.
    pub fn draft<'d>(
        &'d self,
        latent: &[f32],
        arena: &'d mut [u8],
    ) -> Result<Draft<'d>, InputError> {
        let mut run = Run::on(self.function, fitted(&self.function, arena)?);
        run.set_f32(0, latent)?;
        run.execute()?;
        // Floats as integers in the same order.
        if run.output_i32(1).is_err() {
            run.rewritten(1, |bits| (f32::from_bits(bits) * 65536.0) as i32)?;
        }
        let [ids, scores] = run.into_words(0, 1)?;
        let lists = Lists {
            ids,
            scores,
            k: self.k,
            line: self.form.line,
        };
        let form = self.form;
        Ok(Draft { form, lists })
    }

    /// The poem of `latent` that keeps `rules`.
    ///
    /// # Errors
    /// As [`Composer::draft`] and [`Draft::compose`].
    pub fn compose(
        &self,
        latent: &[f32],
        rules: &Rules<'_>,
        arena: &mut [u8],
    ) -> Result<Verse, ComposeError> {
        self.draft(latent, arena)?.compose(rules)
    }

    /// [`Composer::compose`], which shows the candidates of each position, with their scores.
    ///
    /// # Errors
    /// As [`Composer::compose`].
    pub fn compose_with(
        &self,
        latent: &[f32],
        rules: &Rules<'_>,
        arena: &mut [u8],
        see: &mut See<'_>,
    ) -> Result<Verse, ComposeError> {
        self.draft(latent, arena)?.compose_with(rules, see)
    }

    /// Writes a poem, a comma behind odd lines and a full stop behind even ones, piece by piece.
    pub fn write(&self, ids: &[i32], put: impl FnMut(&str)) {
        write(self.vocabulary, self.form.line, ids, put);
    }

    /// Fixes the characters of `text` by position: `?` or `？` leaves one open, `，` and `。` are for the
    /// eye. What `fixed` had before stays where the text leaves it open.
    ///
    /// # Errors
    /// The text is longer than a poem, or a character is not in the vocabulary.
    pub fn fix(&self, text: &str, fixed: &mut Ids) -> Result<(), ComposeError> {
        let marks = |&character: &char| !matches!(character, '，' | '。');
        self.place(text.chars().filter(marks), 1, fixed)
    }

    /// Fixes the heads of the lines to the characters of `text`, as [`Composer::fix`] does.
    ///
    /// # Errors
    /// There are more characters than lines, or one is not in the vocabulary.
    pub fn fix_heads(&self, text: &str, fixed: &mut Ids) -> Result<(), ComposeError> {
        self.place(text.chars(), self.form.line, fixed)
    }

    /// Fixes every `step`th position.
    fn place(
        &self,
        characters: impl Iterator<Item = char>,
        step: usize,
        fixed: &mut Ids,
    ) -> Result<(), ComposeError> {
        let positions = self.positions().min(MAX_CHARACTERS);
        while fixed.len() < positions && fixed.push(-1).is_ok() {}
        for (index, character) in characters.enumerate() {
            let position = index.saturating_mul(step);
            let Some(slot) = fixed.get_mut(position) else {
                let needed = if step == 1 {
                    positions
                } else {
                    self.form.lines
                };
                return Err(InputError::Length { needed }.into());
            };
            if !matches!(character, '?' | '？') {
                let rule = Rule::Fixed;
                let unknown = ComposeError::Unsatisfiable { position, rule };
                *slot = self.vocabulary.id(character).ok_or(unknown)? as i32;
            }
        }
        Ok(())
    }
}
