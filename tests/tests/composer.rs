//! `Composer::new` takes only models that it can compose with, and what those make keeps the rules.

use qibu::decode::pairs::Kind;
use qibu::decode::prosody::Pattern;
use qibu::format::DType;
use qibu::poem::{ComposeError, Composer, Ids, Meter, Rule, Rules};
use qibu::{InputError, Model};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::composer::{COUPLET, K, Shape, file};

fn text(composer: &Composer<'_>, ids: &[i32]) -> String {
    let mut text = String::new();
    composer.write(ids, |piece| text += piece);
    text
}

#[test]
fn what_is_no_composer_is_none() {
    let is_one = |shape: &Shape| {
        let file = file(shape);
        let model = Model::load(&file).unwrap();
        Composer::new(&model).is_some()
    };
    assert!(is_one(&COUPLET));
    for shape in [
        Shape {
            form: "7",
            ..COUPLET
        },
        Shape {
            lines: 4,
            ..COUPLET
        },
        Shape {
            dtype: DType::I32,
            ..COUPLET
        },
    ] {
        assert!(is_one(&shape));
    }
    for shape in [
        Shape {
            form: "6",
            ..COUPLET
        },
        Shape {
            form: "",
            ..COUPLET
        },
        Shape {
            lines: 3,
            ..COUPLET
        },
        Shape {
            prosody: 9,
            ..COUPLET
        },
        Shape {
            dtype: DType::I16,
            ..COUPLET
        },
    ] {
        assert!(!is_one(&shape));
    }
}

#[test]
fn poems_of_a_file_keep_the_rules() {
    for (form, lines) in [("5", 2), ("7", 2), ("5", 4), ("7", 4)] {
        for dtype in [DType::F32, DType::I32] {
            let file = file(&Shape {
                form,
                lines,
                dtype,
                ..COUPLET
            });
            let model = Model::load(&file).unwrap();
            let composer = Composer::new(&model).unwrap();
            let line: usize = form.parse().unwrap();
            assert_eq!(
                (composer.line(), composer.positions()),
                (line, line * lines)
            );
            let mut arena = AlignedBytes::zeros(composer.arena());
            let latent = vec![0.0; composer.latent()];
            let rules = Rules {
                rhyme: Some(1),
                ..Rules::default()
            };
            let verse = composer.compose(&latent, &rules, &mut arena).unwrap();
            let pattern = verse.pattern.unwrap();
            for (position, &id) in verse.ids.iter().enumerate() {
                let tone = pattern.tone(line, lines, position);
                assert!(composer.groups(id as u16).suit(tone));
                let ends = position % line == line - 1;
                if ends && pattern.rhymes(lines, position / line) {
                    assert!(composer.groups(id as u16).has(1));
                }
            }
            // Nine characters of ten are not enough for a poem without repeats.
            assert!(verse.repeats);
            let written = text(&composer, &verse.ids);
            assert_eq!(written.chars().count(), (line + 1) * lines);
            assert!(written.ends_with('。') && written.chars().nth(line) == Some('，'));
            assert!(
                composer
                    .draft(&latent, &mut arena)
                    .unwrap()
                    .likelihood(&verse.ids)
                    < 0.0
            );
        }
    }
}

#[test]
fn units_of_the_network_are_told() {
    // 2⁻²² nats are too fine: sixty-four of them are a unit.
    for (dtype, scale, unit) in [
        (DType::F32, 1.0, 1.0 / 65536.0),
        (DType::I32, 0.25, 0.25),
        (DType::I32, 1.0 / 4_194_304.0, 1.0 / 65536.0),
    ] {
        let file = file(&Shape {
            dtype,
            scale,
            ..COUPLET
        });
        let model = Model::load(&file).unwrap();
        let composer = Composer::new(&model).unwrap();
        assert_eq!(composer.unit(), unit);
        let mut arena = AlignedBytes::zeros(composer.arena());
        let rules = Rules {
            meter: Meter::Free,
            ..Rules::default()
        };
        let verse = composer.compose(&[0.0; K], &rules, &mut arena).unwrap();
        let set = composer.pairs().unwrap();
        let lines = verse.ids.chunks(5);
        let neighbours = lines.flat_map(|line| line.windows(2).zip((0..4).rev()));
        let seen = neighbours
            .filter(|(two, left)| set.contains(Kind::behind(*left), two[0] as u16, two[1] as u16));
        let seen = seen.count();
        assert!(seen > 4);
        let bonus = seen as f32 / unit;
        let rest = verse.score as f32 - bonus;
        assert!(
            rest <= 0.0 && rest > -8.0 * 4.0 * unit.recip().min(65536.0),
            "{rest}"
        );
    }
}

#[test]
fn the_latent_counts() {
    let file = file(&COUPLET);
    let model = Model::load(&file).unwrap();
    let composer = Composer::new(&model).unwrap();
    let mut arena = AlignedBytes::zeros(composer.arena());
    let rules = Rules::default();
    let mut compose = |latent: &[f32]| composer.compose(latent, &rules, &mut arena);
    let plain = compose(&[0.0; K]).unwrap();
    // The last place of each list becomes the best.
    let turned = compose(&[0.0, 0.0, 0.0, 9.0]).unwrap();
    assert_ne!(plain.ids, turned.ids);
    let short = compose(&[0.0; K - 1]);
    assert_eq!(short, Err(InputError::Length { needed: K }.into()));
}

#[test]
fn text_fixes_characters() {
    let file = file(&Shape {
        lines: 4,
        ..COUPLET
    });
    let model = Model::load(&file).unwrap();
    let composer = Composer::new(&model).unwrap();
    let mut fixed = Ids::new();
    composer.fix("??月??，?日", &mut fixed).unwrap();
    composer.fix_heads("东？石々", &mut fixed).unwrap();
    let expected = [
        0, -1, 4, -1, -1, -1, 5, -1, -1, -1, 6, -1, -1, -1, -1, 9, -1, -1, -1, -1,
    ];
    assert_eq!(&fixed[..], expected);
    let mut arena = AlignedBytes::zeros(composer.arena());
    let meter = Meter::Pattern(Pattern::Dbcd);
    let rules = Rules {
        meter,
        fixed: &fixed,
        ..Rules::default()
    };
    // DBCD asks for an oblique third character, and for a level seventh.
    let refused = composer.compose(&[0.0; K], &rules, &mut arena);
    let (position, rule) = (6, Rule::Tone);
    assert_eq!(refused, Err(ComposeError::Unsatisfiable { position, rule }));
    fixed[6] = -1;
    let rules = Rules {
        meter,
        fixed: &fixed,
        ..Rules::default()
    };
    let verse = composer.compose(&[0.0; K], &rules, &mut arena).unwrap();
    let written = text(&composer, &verse.ids);
    let heads: String = written.chars().step_by(6).collect();
    assert!(heads.starts_with('东') && heads.ends_with('々'));
    assert_eq!(written.chars().nth(2), Some('月'));
    // What is too long, and what the model does not know.
    let long = "?".repeat(21);
    assert_eq!(
        composer.fix(&long, &mut fixed),
        Err(InputError::Length { needed: 20 }.into())
    );
    assert_eq!(
        composer.fix_heads("?????", &mut fixed),
        Err(InputError::Length { needed: 4 }.into())
    );
    let (position, rule) = (5, Rule::Fixed);
    assert_eq!(
        composer.fix_heads("?x", &mut fixed),
        Err(ComposeError::Unsatisfiable { position, rule })
    );
}
