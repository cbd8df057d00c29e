//! Rules as C states them, and as the runtime has them.

use crate::composer::{qibu_meter, qibu_rule, qibu_rules, qibu_verse};
use crate::memory::{self, Answer};
use crate::status::qibu_status;
use crate::words::Words;
use core::ffi::c_char;
use qibu::InputError;
use qibu::decode::prosody::{Pattern, RHYMES};
use qibu::poem::{ComposeError, Composer, Ids, Meter, Rule, Rules, Verse};

/// Before anything is known.
pub(crate) const NO_VERSE: qibu_verse = qibu_verse {
    meter: qibu_meter::Any as i32,
    rhyme: 0,
    repeats: 0,
    rule: qibu_rule::None as i32,
    position: 0,
    likelihood: 0.0,
};

/// Rules as the runtime has them.
pub(crate) struct Asked {
    meter: Meter,
    rhyme: Option<u8>,
    fixed: Ids,
    avoided: Words,
}

impl Asked {
    /// Reads `rules`; `found` says where that is not possible.
    ///
    /// # Safety
    /// Pointers are valid and quiet.
    pub unsafe fn read(
        composer: &Composer<'_>,
        rules: *const qibu_rules,
        found: &mut qibu_verse,
    ) -> Answer<Self> {
        let mut asked = Self {
            meter: Meter::Any,
            rhyme: None,
            fixed: Ids::new(),
            avoided: Words::new(),
        };
        if rules.is_null() {
            return Ok(asked);
        }
        memory::check(rules)?;
        // SAFETY: not null and aligned; the caller promises that it is valid.
        let rules = unsafe { rules.read() };
        asked.meter = match rules.meter {
            0 => Meter::Any,
            5 => Meter::Free,
            number => {
                let pattern = number.checked_sub(1).and_then(|n| usize::try_from(n).ok());
                let pattern = pattern.and_then(|n| Pattern::ALL.get(n));
                Meter::Pattern(*pattern.ok_or(qibu_status::Value)?)
            }
        };
        asked.rhyme = match u8::try_from(rules.rhyme).map(usize::from) {
            Ok(0) => None,
            Ok(number @ 1..=RHYMES) => Some((number as u8).wrapping_sub(1)),
            _ => return Err(qibu_status::Value),
        };
        // SAFETY: as promised.
        let fixed = unsafe { text(rules.fixed, rules.fixed_length) }?;
        // SAFETY: as promised.
        let heads = unsafe { text(rules.heads, rules.heads_length) }?;
        // SAFETY: as promised.
        let avoided = unsafe { text(rules.avoided, rules.avoided_length) }?;
        let done = composer.fix(fixed, &mut asked.fixed);
        let done = done.and_then(|()| composer.fix_heads(heads, &mut asked.fixed));
        done.map_err(|error| refused(error, found))?;
        let read = asked.avoided.read(avoided, composer.vocabulary());
        read.ok_or(qibu_status::Length)?;
        Ok(asked)
    }

    /// The poem of `latent`; `found` says what it keeps, or why there is none.
    pub fn compose(
        &self,
        composer: &Composer<'_>,
        latent: &[f32],
        arena: &mut [u8],
        found: &mut qibu_verse,
    ) -> Answer<Verse> {
        let draft = composer.draft(latent, arena)?;
        let mut avoided = [&[][..]; Words::MOST];
        let rules = Rules {
            meter: self.meter,
            rhyme: self.rhyme,
            fixed: &self.fixed,
            avoided: self.avoided.slices(&mut avoided),
        };
        let verse = draft.compose(&rules);
        let verse = verse.map_err(|error| refused(error, found))?;
        *found = qibu_verse {
            meter: match verse.pattern {
                Some(pattern) => (pattern as i32).wrapping_add(1),
                None => qibu_meter::Free as i32,
            },
            rhyme: verse
                .rhyme
                .map_or(0, |rhyme| i32::from(rhyme).wrapping_add(1)),
            repeats: verse.repeats.into(),
            likelihood: draft.likelihood(&verse.ids),
            ..NO_VERSE
        };
        Ok(verse)
    }
}

/// The status of an error; `found` says where and why.
fn refused(error: ComposeError, found: &mut qibu_verse) -> qibu_status {
    let rule = match error {
        ComposeError::Input(InputError::Length { .. }) => return qibu_status::Length,
        ComposeError::Input(error) => return error.into(),
        ComposeError::Unsatisfiable { position, rule } => {
            found.position = position;
            rule
        }
    };
    found.rule = match rule {
        Rule::Tone => qibu_rule::Tone,
        Rule::Rhyme => qibu_rule::Rhyme,
        Rule::Fixed => qibu_rule::Fixed,
        Rule::Avoided => qibu_rule::Avoided,
    } as i32;
    qibu_status::Unsatisfiable
}

/// UTF-8 text that C passes in.
///
/// # Safety
/// The memory is valid and quiet.
unsafe fn text<'a>(pointer: *const c_char, length: usize) -> Answer<&'a str> {
    // SAFETY: as promised.
    let bytes = unsafe { memory::slice(pointer.cast::<u8>(), length) }?;
    core::str::from_utf8(bytes).map_err(|_| qibu_status::Value)
}
