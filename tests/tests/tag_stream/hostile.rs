//! Taggers of damaged and of unsuitable files: refused, or tags come out; no panic.

use super::IDS;
use qibu::decode::dictionary::{Dictionary, Entry, Roles};
use qibu::format::{DType, Opcode};
use qibu::random::Random;
use qibu::tag::{DictionaryStream, Event, Tagger, TaggerError};
use qibu::{InputError, Limits, Model};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::builder::Builder;
use qibu_tests::exercise::seal;
use qibu_tests::mutate::Victim;
use qibu_tests::need::say;
use qibu_tests::tagger::{Spec, VOCABULARY};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A file whose table `name` is changed.
pub fn with_table(file: &AlignedBytes, name: &str, change: impl FnOnce(&mut [u8])) -> AlignedBytes {
    let mut file = file.clone();
    let range = {
        let model = Model::load(&file).unwrap();
        let bytes = model.table(name).unwrap().bytes().as_ptr_range();
        let start = file.as_ptr();
        bytes.start.addr() - start.addr()..bytes.end.addr() - start.addr()
    };
    change(&mut file[range]);
    seal(&mut file);
    file
}

/// Tags a few texts; the number of tags.
fn tag(model: &Model<'_>, arena: &mut [u8]) -> Result<usize, TaggerError> {
    let tagger = Tagger::new(model)?;
    let mut stream = tagger.stream::<IDS, 8, 16>(arena)?;
    let mut tags = 0;
    let mut sink = |event| tags += usize::from(matches!(event, Event::Tag(_)));
    for text in [VOCABULARY, "", "x", "天天日月"] {
        for character in text.chars() {
            let _ = stream.push(character, &mut sink);
        }
        let _ = stream.end(&mut sink);
    }
    let _ = stream.flush(&mut sink);
    for label in 0..=255 {
        let _ = tagger.label(label);
    }
    Ok(tags)
}

#[test]
fn any_offsets_of_pairs_are_safe() {
    let spec = Spec::default();
    let sound = spec.int8();
    let characters: Vec<char> = VOCABULARY.chars().collect();
    for seed in 0..200 {
        let mut random = Random::new(seed);
        let edges = [0, 1, -1, i32::MIN, i32::MAX, 40, 41, 1 << 16];
        let file = with_table(&sound, "pair_first", |bytes| {
            for word in bytes.chunks_exact_mut(4) {
                if random.next_u32().is_multiple_of(2) {
                    let edge = edges[random.next_u32() as usize % edges.len()];
                    word.copy_from_slice(&edge.to_le_bytes());
                }
            }
        });
        let model = Model::load(&file).unwrap();
        let tagger = Tagger::new(&model).unwrap();
        let most = model.table("pair_second").unwrap().u16().unwrap().len() as i32;
        for &a in &characters {
            for &b in &characters {
                let pair = tagger.pair(tagger.id(a), tagger.id(b));
                assert!((0..=most).contains(&pair));
                // Ids that differ from these by what 16 bits do not hold are others.
                let far = tagger.id(b) + (1 << 16);
                assert_eq!(tagger.pair(tagger.id(a), far), 0);
                assert_eq!(tagger.pair(-1, tagger.id(b)), 0);
            }
        }
        for id in [i32::MIN, -1, 34, 35, 36, i32::MAX] {
            assert!((0..=most).contains(&tagger.pair(id, 2)));
            assert_eq!(tagger.pair(2, -1), 0);
            assert_eq!(tagger.pair(2, 1 << 16), 0);
        }
        let mut arena = AlignedBytes::zeros(tagger.arena());
        tag(&model, &mut arena).unwrap();
    }
}

#[test]
fn models_that_are_no_taggers_are_refused_with_the_reason() {
    let spec = Spec::default();
    let file = spec.int8();
    let text = {
        let model = Model::load(&file).unwrap();
        let (start, length) = model.section(qibu::format::Section::Text);
        start..start + length
    };
    // Metadata is changed in place, by text of the same length.
    let replaced = |old: &str, new: &str| {
        let mut file = file.clone();
        let section = std::str::from_utf8(&file[text.clone()]).unwrap();
        let at = text.start + section.find(old).unwrap();
        file[at..at + old.len()].copy_from_slice(new.as_bytes());
        seal(&mut file);
        Tagger::new(&Model::load(&file).unwrap()).err()
    };
    assert_eq!(replaced("T0", "T0"), None);
    assert_eq!(replaced("emit", "main"), Some(TaggerError::Function));
    assert_eq!(replaced("T0 T1", "T0_T1"), Some(TaggerError::Labels));
    assert_eq!(replaced("labels", "lapels"), Some(TaggerError::Labels));
    assert_eq!(replaced("vocab", "vacob"), Some(TaggerError::Vocabulary));
    assert_eq!(replaced("一三", "三一"), Some(TaggerError::Vocabulary));
    assert_eq!(replaced("12ab", "1244"), Some(TaggerError::Vocabulary));
    assert_eq!(replaced("crf", "frc"), Some(TaggerError::Transitions));
    assert_eq!(
        replaced("pair_second", "second_pair"),
        Some(TaggerError::Pairs)
    );

    let model = Model::load(&file).unwrap();
    let tagger = Tagger::new(&model).unwrap();
    let mut arena = AlignedBytes::zeros(tagger.arena());
    let needed = tagger.ids();
    assert_eq!(
        tagger.emitter::<4>(&mut arena).err(),
        Some(TaggerError::Slots { needed })
    );
    assert_eq!(
        tagger.stream::<IDS, 3, 16>(&mut arena).err(),
        Some(TaggerError::Decoder)
    );
    assert_eq!(
        tagger.stream::<IDS, 4, 0>(&mut arena).err(),
        Some(TaggerError::Decoder)
    );
    let short = InputError::ArenaLength {
        needed: tagger.arena(),
    };
    assert_eq!(
        tagger.emitter::<IDS>(&mut arena[..16]).err(),
        Some(TaggerError::Arena(short))
    );
    let mut arena = AlignedBytes::zeros(tagger.arena() + 16);
    assert_eq!(
        tagger.emitter::<IDS>(&mut arena[4..]).err(),
        Some(TaggerError::Arena(InputError::ArenaAlignment))
    );
}

/// Why a model of two tags and three characters a window is no tagger.
fn refused(
    vocabulary: &str,
    [ids, pairs, offsets]: [u32; 3],
    (dtype, shape): (DType, [u32; 2]),
) -> Option<TaggerError> {
    let mut b = Builder::new(&[("vocab", vocabulary), ("labels", "X Y")]);
    let mut inputs = vec![b.activation(DType::I32, &[1, ids])];
    if pairs > 0 {
        inputs.push(b.activation(DType::I32, &[1, pairs]));
    }
    let emissions = b.activation(DType::F32, &[1, 3, 2]);
    let table = b.weights(DType::F32, &[1, 2], &[0.0f32; 2]);
    let same = b.weights(DType::I32, &[3], &[0i32; 3]);
    b.step(Opcode::Gather, &[table, same], &[emissions], &[1, 2]);
    b.function("emit", &inputs, &[emissions]);
    b.table("crf", dtype, &shape, &[0i32; 8]);
    b.table(
        "pair_first",
        DType::I32,
        &[offsets],
        &vec![0i32; offsets as usize],
    );
    b.table("pair_second", DType::I16, &[1], &[0i16]);
    Tagger::new(&Model::load(&b.finish()).unwrap()).err()
}

#[test]
fn networks_and_tables_have_the_sizes_of_each_other() {
    let crf = (DType::I32, [4, 2]);
    let sizes = |sizes| refused("ab", sizes, crf);
    // Ids, pairs, and offsets of the pairs of each id, two of which are no characters.
    assert_eq!(sizes([3, 0, 1]), None);
    assert_eq!(sizes([7, 0, 1]), None);
    for ids in [1, 2, 4, 6] {
        assert_eq!(sizes([ids, 0, 1]), Some(TaggerError::Inputs), "{ids}");
    }
    assert_eq!(sizes([5, 4, 5]), None);
    for pairs in [3, 5] {
        assert_eq!(sizes([5, pairs, 5]), Some(TaggerError::Inputs), "{pairs}");
    }
    for offsets in [1, 4, 6] {
        assert_eq!(sizes([5, 4, offsets]), Some(TaggerError::Pairs));
    }
    for other in [
        (DType::I32, [2, 4]),
        (DType::I32, [8, 1]),
        (DType::F32, [4, 2]),
    ] {
        let error = refused("ab", [3, 0, 1], other);
        assert_eq!(error, Some(TaggerError::Crf), "{other:?}");
    }
    // The last id but one of 16 bits is a character's, the last one marks ends.
    let characters = |count| -> String { ('!'..).take(count).collect() };
    let vocabulary = |count| refused(&characters(count), [3, 0, 1], crf);
    assert_eq!(vocabulary(0), None);
    assert_eq!(vocabulary(65_533), None);
    assert_eq!(vocabulary(65_534), Some(TaggerError::Vocabulary));
}

/// A table with fewer rows than the vocabulary has ids: an error, and each character still has a tag.
#[test]
fn windows_that_cannot_be_run_leave_no_gap() {
    let mut b = Builder::new(&[("vocab", "ab"), ("labels", "X Y")]);
    let ids = b.activation(DType::I32, &[1, 3]);
    let emissions = b.activation(DType::F32, &[1, 3, 2]);
    let table = b.weights(DType::F32, &[3, 2], &[0.0f32, 0.0, 1.0, 0.0, 0.0, 1.0]);
    b.step(Opcode::Gather, &[table, ids], &[emissions], &[3, 2]);
    b.function("emit", &[ids], &[emissions]);
    b.table("crf", DType::I32, &[4, 2], &[0i32; 8]);
    let file = b.finish();
    let model = Model::load(&file).unwrap();
    let tagger = Tagger::new(&model).unwrap();
    let mut arena = AlignedBytes::zeros(tagger.arena());
    let mut stream = tagger.stream::<IDS, 2, 16>(&mut arena).unwrap();
    let mut events = Vec::new();
    // `a` is in the table, `b` is not.
    let results = "zaaaabaza".chars().map(|character| {
        let pushed = stream.push(character, &mut |event| events.push(event));
        pushed.is_ok()
    });
    let results: Vec<bool> = results.collect();
    assert_eq!(
        results,
        [true, true, true, true, true, false, true, true, true]
    );
    stream.flush(&mut |event| events.push(event)).unwrap();
    let tags = [0, 1, 1, 0, 0, 0, 1, 0, 1].map(Event::Tag);
    assert_eq!(events[..9], tags);
    assert_eq!(events[9..], [Event::End { forced: 3 }]);

    // A dictionary, whose words wait there, leaves no gap either; this one changes nothing.
    let words = [Entry {
        word: "aaaab",
        bias: 0,
    }];
    let roles = Roles {
        begin: 0,
        middle: 0,
        end: 1,
        single: 1,
    };
    let dictionary = Dictionary::<_, 2, 8>::new(&words[..], roles, 2).unwrap();
    let emitter = tagger.emitter::<IDS>(&mut arena).unwrap();
    let mut stream = DictionaryStream::<_, IDS, 2, 16, 8>::new(emitter, dictionary).unwrap();
    let mut same = Vec::new();
    for character in "zaaaabaza".chars() {
        let _ = stream.push(character, &mut |event| same.push(event));
    }
    stream.flush(&mut |event| same.push(event)).unwrap();
    assert_eq!(same, events);
}

#[test]
fn damaged_taggers_are_refused_or_tag() {
    let spec = Spec::default();
    let mut file = spec.int8();
    let mut arena = AlignedBytes::zeros(1 << 18);
    let mut victim = Victim::new(&mut file);
    let (mut refused, mut unsuitable, mut tagged) = (0, 0, 0);
    for seed in 0..20_000 {
        let bytes = victim.damage(&mut Random::new(seed));
        let limits = Limits { macs: 10_000_000 };
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            match Model::load_within(bytes, limits) {
                Err(_) => refused += 1,
                Ok(model) => match tag(&model, &mut arena) {
                    Err(_) => unsuitable += 1,
                    Ok(_) => tagged += 1,
                },
            }
        }));
        assert!(outcome.is_ok(), "mutation {seed} panics");
        victim.repair();
    }
    say(&format!(
        "taggers: {refused} refused, {unsuitable} unsuitable, {tagged} tagged"
    ));
    assert!(refused > 1000 && unsuitable > 100 && tagged > 1000);
}
