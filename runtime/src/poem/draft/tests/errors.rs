//! Requests that nothing fulfils.

use super::case::Case;
use crate::decode::prosody::Pattern;
use crate::error::InputError;
use crate::poem::draft::none;
use crate::poem::{ComposeError, Meter, Rule, Rules};
use std::vec::Vec;

#[test]
fn what_cannot_be_kept_is_named() {
    let case = Case::new(5, 4, 8, 3);
    let draft = case.draft();
    let meter = Meter::Pattern(Pattern::Abcd);
    let refused = |rules: Rules<'_>| match draft.compose(&rules) {
        Err(ComposeError::Unsatisfiable { position, rule }) => (position, rule),
        other => panic!("{other:?}"),
    };
    let fixed = |position: usize, id: i32| {
        let mut ids = std::vec![-1; position];
        ids.push(id);
        ids
    };
    let with = |fixed: &[i32]| {
        refused(Rules {
            meter,
            fixed,
            ..Rules::default()
        })
    };
    // ABCD: `*ZPPZ PP*ZP …`; 0 is level, 4 oblique, 11 neither.
    for (position, id, expected) in [
        (1, 0, Rule::Tone),
        (2, 4, Rule::Tone),
        (6, 11, Rule::Tone),
        (9, 4, Rule::Rhyme),
        (9, 10, Rule::Rhyme),
        (0, 96, Rule::Fixed),
        (19, 70_000, Rule::Fixed),
    ] {
        assert_eq!(with(&fixed(position, id)), (position, expected));
    }
    // Two that do not rhyme with each other, with the given rhyme.
    let mut both = fixed(9, 0);
    both.extend(fixed(9, 1));
    assert_eq!(with(&both), (19, Rule::Rhyme));
    let rhyme = Some(2);
    assert_eq!(
        refused(Rules {
            meter,
            rhyme,
            fixed: &both,
            ..Rules::default()
        }),
        (9, Rule::Rhyme)
    );
    for rhyme in [Some(7), Some(30), Some(255)] {
        for meter in [Meter::Any, Meter::Free, meter] {
            let (position, rule) = refused(Rules {
                meter,
                rhyme,
                ..Rules::default()
            });
            assert_eq!((position % 5, rule), (4, Rule::Rhyme));
        }
    }
    // Avoided: the character that is fixed, a word of two that are, all that a position has.
    let alone: &[&[i32]] = &[&[4]];
    assert_eq!(
        refused(Rules {
            meter,
            fixed: &fixed(1, 4),
            avoided: alone,
            ..Rules::default()
        }),
        (1, Rule::Avoided)
    );
    let word: &[&[i32]] = &[&[4, 5]];
    assert_eq!(
        refused(Rules {
            meter: Meter::Free,
            fixed: &[4, 5],
            avoided: word,
            ..Rules::default()
        }),
        (1, Rule::Avoided)
    );
    let every: Vec<[i32; 1]> = (0..96).map(|id| [id]).collect();
    let every: Vec<&[i32]> = every.iter().map(|word| &word[..]).collect();
    for (meter, expected) in [
        (meter, (19, Rule::Rhyme)),
        (Meter::Free, (0, Rule::Avoided)),
    ] {
        let found = refused(Rules {
            meter,
            avoided: &every,
            ..Rules::default()
        });
        assert_eq!((found.1, found.0 % 5), (expected.1, expected.0 % 5));
    }
    let error = draft.compose(&Rules {
        fixed: &[-1; 21],
        ..Rules::default()
    });
    assert_eq!(
        error,
        Err(ComposeError::Input(InputError::Length { needed: 20 }))
    );
    let text = std::format!("{}", none(6, Rule::Tone));
    assert_eq!(
        text,
        "character 7 of the poem: none has the tone that the pattern asks for"
    );
}
