//! Fields of any numbers, with paths that end nowhere: the tags, and what counts as forced, are those
//! that FORMAT.md words.

use super::definition::Naive;
use super::hostile::with_table;
use super::written::Written;
use super::{IDS, specs, text};
use qibu::Model;
use qibu::decode::crf::FORBIDDEN;
use qibu::random::Random;
use qibu::tag::{Event, Tagger};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::need::say;

/// A table of `count` scores: many forbidden, many equal, some at the ends of the range.
fn scores(count: usize, random: &mut Random) -> Vec<i32> {
    let edges = [i32::MAX, -i32::MAX, 1 << 29, -1 << 29, 0];
    let forbidden = [0, 1, 4, 16][random.next_u32() as usize % 4];
    let extreme = random.next_u32().is_multiple_of(3);
    let mut score = || match random.next_u32() % 20 {
        n if n < forbidden => FORBIDDEN,
        16.. if extreme => edges[random.next_u32() as usize % edges.len()],
        _ => (random.next_u32() as i32 % 4) << 16,
    };
    (0..count).map(|_| score()).collect()
}

/// Characters, ends and flushes in any order; the texts that they make, and their events.
fn play<const BUFFER: usize>(
    tagger: &Tagger<'_>,
    arena: &mut [u8],
    random: &mut Random,
) -> (Vec<Vec<char>>, Vec<Event>) {
    let mut stream = tagger.stream::<IDS, 8, BUFFER>(arena).unwrap();
    let (mut texts, mut events) = (Vec::new(), Vec::new());
    let mut sink = |event| events.push(event);
    for _ in 0..6 {
        let length = random.next_u32() as usize % 40;
        let mut open = Vec::new();
        for character in text(length, random) {
            stream.push(character, &mut sink).unwrap();
            open.push(character);
            if random.next_u32().is_multiple_of(30) {
                stream.flush(&mut sink).unwrap();
                texts.push(std::mem::take(&mut open));
            }
        }
        stream.end(&mut sink).unwrap();
        texts.push(open);
    }
    stream.flush(&mut sink).unwrap();
    (texts, events)
}

#[test]
fn every_field_gives_the_tags_of_the_format() {
    let (mut unforced, mut forced) = (0, 0);
    for spec in specs() {
        let sound = spec.int8();
        for seed in 0..60 {
            let mut random = Random::new(seed << 8 | spec.seed);
            let table = scores((spec.tags + 2) * spec.tags, &mut random);
            let bytes: Vec<u8> = table.iter().flat_map(|score| score.to_le_bytes()).collect();
            let file = with_table(&sound, "crf", |crf| crf.copy_from_slice(&bytes));
            let model = Model::load(&file).unwrap();
            let mut naive = Naive::new(&model, &spec);
            let tagger = Tagger::new(&model).unwrap();
            let mut arena = AlignedBytes::zeros(tagger.arena());
            for (buffer, play) in [
                (1, play::<1> as fn(&Tagger<'_>, &mut [u8], &mut Random) -> _),
                (2, play::<2>),
                (13, play::<13>),
            ] {
                let (texts, events) = play(&tagger, &mut arena, &mut random);
                let texts: Vec<Vec<i32>> = texts.iter().map(|text| naive.all(text)).collect();
                let expected = Written::new(spec.tags, &table, buffer).read(&texts);
                assert_eq!(events, expected, "{spec:?} seed {seed} buffer {buffer}");
                for event in events {
                    match event {
                        Event::End { forced: 0 } => unforced += 1,
                        Event::End { .. } => forced += 1,
                        Event::Tag(_) => {}
                    }
                }
            }
        }
    }
    say(&format!("{unforced} texts, {forced} with forced decisions"));
    assert!(unforced > 500 && forced > 500);
}
