//! Themes: directions in the latent space in which groups of poems lie, and names for them.
//!
//! ```text
//! sample     at most 20,000 poems of the training, from the recipe's seed
//! groups     k-means over the posterior means of the sample
//! direction  a group's centroid less the mean of all, as long as a posterior mean is on average
//!            (root of the mean square): added to a latent, it leads as far as a poem is from nowhere
//! name       the two characters that tell the group's poems from the others' best
//! ```

mod k_means;
mod names;

use super::corpus::Encoded;
use super::recipe::Recipe;
use super::validate;
use crate::engine::Options;
use crate::error::{Error, Result};
use crate::train::random::Random;
use crate::train::weights::Weights;

/// Poems that are looked at.
const SAMPLE: usize = 20_000;

/// What a model can be led towards.
#[derive(Clone, Debug, PartialEq)]
pub struct Themes {
    /// Two characters each, all different, the largest group first.
    pub names: Vec<String>,
    /// Directions `[names, latent]`, row after row.
    pub directions: Vec<f32>,
}

/// The themes of `train` as the encoder of plain `weights` sees it; `None` where the recipe wants
/// none, or where there is nothing to learn from.
pub fn learn(
    recipe: &Recipe,
    weights: &Weights,
    train: &Encoded,
    vocabulary: &[char],
    options: &Options,
) -> Result<Option<Themes>> {
    // Names need two characters each, none of them twice.
    let count = recipe.themes.min(vocabulary.len() / 2);
    if count == 0 || train.is_empty() {
        return Ok(None);
    }
    let mut random = Random::new(recipe.seed, 0x7E3E_0000);
    let mut chosen = random.order(train.len());
    chosen.truncate(SAMPLE);
    let poems = chosen.iter().flat_map(|&index| train.poem(index as usize));
    let sample = Encoded {
        ids: poems.copied().collect(),
        ..train.clone()
    };
    let means = validate::means(recipe, weights, &sample, options)?;
    if means.iter().any(|mean| !mean.is_finite()) {
        return Err(
            Error::input("the encoder gives means that are not finite").hint(
                "the weights are damaged, or training diverged: --set themes=0 finds no themes",
            ),
        );
    }
    let groups = k_means::groups(&means, recipe.latent, count, &mut random);
    let names = names::of(&sample, &groups.of, groups.centroids.len(), vocabulary);
    let directions = directions(&means, &groups.centroids);
    Ok(Some(Themes { names, directions }))
}

/// Centroids less the mean of all, at the length of a posterior mean.
fn directions(means: &[f32], centroids: &[Vec<f64>]) -> Vec<f32> {
    let width = centroids.first().map_or(1, Vec::len);
    let count = (means.len() / width).max(1) as f64;
    let mut middle = vec![0.0; width];
    for row in means.chunks_exact(width) {
        for (sum, &value) in middle.iter_mut().zip(row) {
            *sum += f64::from(value) / count;
        }
    }
    let squares = means
        .iter()
        .map(|&value| f64::from(value) * f64::from(value));
    let length = libm::sqrt(squares.sum::<f64>() / count);
    let mut directions = Vec::with_capacity(width * centroids.len());
    for centroid in centroids {
        let way: Vec<f64> = centroid.iter().zip(&middle).map(|(c, m)| c - m).collect();
        let own = libm::sqrt(way.iter().map(|value| value * value).sum());
        // A group that is all poems has no direction.
        let factor = if own > 0.0 { length / own } else { 0.0 };
        directions.extend(way.iter().map(|value| (value * factor) as f32));
    }
    directions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::poem::model;
    use crate::train::testing::engine_or_skip;

    #[test]
    fn directions_are_as_long_as_poems_are_far() {
        let means = [3.0, 1.0, -3.0, 1.0, 3.0, 1.0, -3.0, 1.0];
        let found = directions(&means, &[vec![3.0, 1.0], vec![-3.0, 1.0], vec![0.0, 1.0]]);
        let length = libm::sqrtf(10.0);
        assert_eq!(found, [length, 0.0, -length, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn an_encoder_gives_the_same_themes_each_time() {
        if !engine_or_skip() {
            return;
        }
        let recipe = Recipe {
            embedding: 8,
            embedding_start: 1.0,
            width: 8,
            latent: 4,
            themes: 3,
            ..Recipe::best()
        };
        let vocabulary: Vec<char> = ('一'..).take(30).collect();
        let mut random = Random::new(2, 2);
        let ids: Vec<i64> = (0..200 * recipe.form)
            .map(|_| i64::from(random.below(30)))
            .collect();
        let train = Encoded {
            form: recipe.form,
            known: ids.len(),
            total: ids.len(),
            ids,
        };
        let weights = model::start(&recipe, 30);
        let learn = |recipe: &Recipe| {
            let options = Options::default();
            learn(recipe, &weights, &train, &vocabulary, &options).unwrap()
        };
        let themes = learn(&recipe).unwrap();
        assert_eq!(themes.names.len(), 3);
        assert_eq!(themes.directions.len(), 3 * 4);
        assert_eq!(learn(&recipe), Some(themes));
        let none = Recipe {
            themes: 0,
            ..recipe
        };
        assert_eq!(learn(&none), None);
    }
}
