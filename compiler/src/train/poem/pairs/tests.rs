//! Counting on famous lines, the table's bytes, and what it contains.

use super::*;
use crate::train::random::Random;

const POEMS: &str = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。\n\
    白日登山望，黄河入海流。床前明月光，疑是地上霜。白日依山尽。\n";

fn corpus(form: usize) -> Corpus {
    let mut corpus = Corpus {
        form,
        characters: Vec::new(),
    };
    corpus.take_text(POEMS.as_bytes()).unwrap();
    corpus
}

/// Whether the device finds the pair in the table.
fn contains(table: &[u8], key: u32) -> bool {
    let kinds = [Kind::Word, Kind::Caesura, Kind::End];
    let [a, b] = [key >> 15, key].map(|id| id as u16 % IDS);
    let pairs = qibu::decode::pairs::Pairs::new(table).unwrap();
    pairs.contains(kinds[(key >> 30) as usize], a, b)
}

#[test]
fn pairs_are_neighbours_within_lines_of_known_characters() {
    let corpus = corpus(10);
    let vocabulary = corpus.vocabulary(1);
    let frequent = |vocabulary: &[char], least| -> Vec<String> {
        let pairs = super::frequent(std::slice::from_ref(&corpus), vocabulary, least);
        let text = |key: u32| [key >> 15, key].map(|id| vocabulary[usize::from(id as u16 % IDS)]);
        pairs
            .into_iter()
            .map(|key| text(key).iter().collect())
            .collect()
    };
    let mut twice = frequent(&vocabulary, 2);
    twice.sort();
    assert_eq!(twice, ["入海", "河入", "海流", "白日", "黄河"]);
    assert_eq!(frequent(&vocabulary, 3), [""; 0]);
    assert_eq!(frequent(&vocabulary, 1).len(), 8 * 4 - 5);
    // A line with a character that the model cannot write counts nothing.
    let fewer: Vec<char> = vocabulary.iter().copied().filter(|&c| c != '海').collect();
    assert_eq!(frequent(&fewer, 2), ["白日"]);
}

#[test]
fn couplets_of_a_corpus_of_quatrains_count_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("poems.txt");
    std::fs::write(&path, POEMS).unwrap();
    let vocabulary = corpus(10).vocabulary(1);
    let read = |form, pair_count| {
        let recipe = Recipe {
            form,
            pair_count,
            ..Recipe::seed_model()
        };
        Pairs::read(&path, &recipe, &vocabulary).unwrap()
    };
    let couplets = read(10, 2).unwrap();
    assert_eq!(couplets.count, 5);
    assert_eq!(read(20, 2).unwrap(), couplets);
    assert_eq!((read(10, 0), read(10, 9)), (None, None));
}

#[test]
fn table_of_five_pairs_is_these_bytes() {
    let keys = [0, 1, 1 << 15, 2 << 30 | 2 << 15 | 7, 3644 << 15 | 3643];
    let table = table(&Filter::build(&keys), 3.0);
    assert!(keys.iter().all(|&key| contains(&table, key)));
    let hex: String = table.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "c090896803000306000003000000004005000000c000000000000021e05900"
    );
}

#[test]
fn all_pairs_are_in_and_few_others() {
    let mut random = Random::new(3, 3);
    for count in [1usize, 2, 3, 10, 100, 1000, 20_000] {
        let mut draw = || random.below(3) << 30 | random.below(3645) << 15 | random.below(3645);
        let mut keys: Vec<u32> = (0..count).map(|_| draw()).collect();
        keys.sort_unstable();
        keys.dedup();
        let table = table(&Filter::build(&keys), 0.5);
        assert!(keys.iter().all(|&key| contains(&table, key)), "{count}");
        let others: Vec<u32> = (0..20_000).map(|_| draw()).collect();
        let others = others.iter().filter(|key| keys.binary_search(key).is_err());
        let others: Vec<bool> = others.map(|&key| contains(&table, key)).collect();
        let wrong = others.iter().filter(|&&wrong| wrong).count();
        assert!(20 * wrong <= others.len(), "{count}: {wrong} pass");
        let slots = (table.len() - 13) * 8 / fuse::BITS;
        assert!(
            count < 10_000 || slots < count * 5 / 4,
            "{slots} slots for {count} pairs"
        );
    }
}
