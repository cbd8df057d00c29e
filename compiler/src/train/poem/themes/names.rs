//! Names for groups of poems: the characters that tell them from the other groups.
//!
//! How well a character tells is the z-score of its log-odds ratio, group against others, with the
//! whole sample as an informative Dirichlet prior (Monroe, Colaresi and Quinn, 2008): rare characters
//! do not win by chance, and those common everywhere do not win at all.

use super::super::corpus::Encoded;

/// Characters that the prior stands for.
const PRIOR: f64 = 1000.0;

/// A character below this count in a group does not name it, where others do.
const LEAST: usize = 5;

/// Particles, pronouns, adverbs and other words of grammar: true of a group, but no theme.
const GRAMMAR: &str = "不之其而以于也矣乎者所与为且若如何未已亦还更自相此是有无莫非即则乃因由岂谁应当可能\
    欲得将须犹尚又皆共同独唯惟但却便曾我吾君尔汝他彼这那安焉哉兮然既虽苟使令被把从向在至到及并俱复再仍方正初\
    才始终竟遂忽每多少最太甚极难易各自一二三四五六七八九十百千万几个只中上下里前后";

/// A name of two characters for each of `count` groups; no character is in two names. The vocabulary
/// has twice as many characters as there are groups.
pub fn of(poems: &Encoded, groups: &[usize], count: usize, vocabulary: &[char]) -> Vec<String> {
    let mut counts = vec![vec![0usize; vocabulary.len()]; count];
    for (poem, &group) in poems.ids.chunks_exact(poems.form).zip(groups) {
        for &id in poem {
            counts[group][id as usize] += 1;
        }
    }
    let mut ranked: Vec<(bool, f64, usize, usize)> = Vec::new();
    let scores = scores(&counts);
    for (group, scores) in scores.iter().enumerate() {
        for (id, &score) in scores.iter().enumerate() {
            let fits = counts[group][id] >= LEAST && !GRAMMAR.contains(vocabulary[id]);
            ranked.push((fits, score, group, id));
        }
    }
    ranked.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
    let mut names = vec![Vec::new(); count];
    let mut taken = vec![false; vocabulary.len()];
    for (_, _, group, id) in ranked {
        if !taken[id] && names[group].len() < 2 {
            names[group].push(id);
            taken[id] = true;
        }
    }
    let text = |name: Vec<usize>| {
        in_order(name, &poems.ids)
            .iter()
            .map(|&id| vocabulary[id])
            .collect()
    };
    names.into_iter().map(text).collect()
}

/// The two characters in the order in which they stand side by side more often: 风雨, not 雨风.
fn in_order(mut name: Vec<usize>, ids: &[i64]) -> Vec<usize> {
    let stand = |order: &[usize]| {
        let alike = |two: &&[i64]| two.iter().zip(order).all(|(&id, &of)| id as usize == of);
        ids.windows(2).filter(alike).count()
    };
    let given = stand(&name);
    name.reverse();
    if given >= stand(&name) {
        name.reverse();
    }
    name
}

/// For each group and character, how well the character tells the group.
fn scores(counts: &[Vec<usize>]) -> Vec<Vec<f64>> {
    let characters = counts.first().map_or(0, Vec::len);
    let all: Vec<f64> = (0..characters)
        .map(|id| counts.iter().map(|group| group[id] as f64).sum())
        .collect();
    let total: f64 = all.iter().sum();
    let score = |own: f64, sum: f64, all: f64| {
        if all == 0.0 {
            return f64::NEG_INFINITY;
        }
        let prior = PRIOR * all / total;
        let odds = |count: f64, sum: f64| {
            libm::log((count + prior) / (sum + PRIOR - count - prior + f64::MIN_POSITIVE))
        };
        let ratio = odds(own, sum) - odds(all - own, total - sum);
        ratio / libm::sqrt(1.0 / (own + prior) + 1.0 / (all - own + prior))
    };
    let of_group = |group: &Vec<usize>| {
        let sum = group.iter().sum::<usize>() as f64;
        let each = group.iter().zip(&all);
        each.map(|(&own, &all)| score(own as f64, sum, all))
            .collect()
    };
    counts.iter().map(of_group).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::corpus::Corpus;
    use super::*;

    #[test]
    fn groups_are_named_by_what_only_they_have() {
        let rivers = "江舟不见江水，舟行江上有江。";
        let hills = "山月不见山云，月出山上有山。";
        let mut corpus = Corpus {
            form: 10,
            characters: Vec::new(),
        };
        for line in [rivers, hills].repeat(5) {
            let letters = line.chars().filter(|c| c.is_alphabetic());
            corpus.characters.extend(letters.take(10));
        }
        let vocabulary = corpus.vocabulary(1);
        let poems = corpus.encode(&vocabulary);
        let groups: Vec<usize> = (0..10).map(|poem| poem % 2).collect();
        assert_eq!(of(&poems, &groups, 2, &vocabulary), ["江舟", "山月"]);
        let id = |c| vocabulary.iter().position(|&known| known == c).unwrap();
        let name = vec![id('江'), id('行')];
        assert_eq!(in_order(name, &poems.ids), [id('行'), id('江')]);
    }

    #[test]
    fn every_group_has_a_name_of_its_own() {
        let vocabulary = ['不', '山', '之', '水'];
        let poems = Encoded {
            form: 2,
            ids: vec![0, 0, 0, 0],
            known: 4,
            total: 4,
        };
        let names = of(&poems, &[0, 1], 2, &vocabulary);
        let mut all: Vec<char> = names.concat().chars().collect();
        all.sort();
        all.dedup();
        assert_eq!((names.len(), all.len()), (2, 4));
    }
}
