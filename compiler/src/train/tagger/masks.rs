//! Dropout: channels that a training step zeroes, drawn by the host from the step's own stream.
//!
//! The masks are graph inputs, so that the graph has standard operators only and its bits depend on
//! the seed alone.

use super::super::random::Random;
use super::lower::Site;
use super::recipe::Recipe;
use crate::engine::Tensor;

const MASKS: u64 = 0x3A5C_0000_0000;

/// A place where channels are zeroed: its graph input's name and shape, and the share.
pub struct Mask {
    /// Where it acts.
    pub site: Site,
    /// Name of the input.
    pub name: String,
    /// Rows and channels.
    pub shape: [usize; 2],
    /// Share of zeros.
    pub rate: f32,
}

/// The masks of a recipe.
pub fn of(recipe: &Recipe) -> Vec<Mask> {
    let mut masks = Vec::new();
    let mut add = |site, name: String, positions: usize, channels: usize, rate: f32| {
        if rate > 0.0 {
            let shape = [positions * recipe.batch, channels];
            masks.push(Mask {
                site,
                name,
                shape,
                rate,
            });
        }
    };
    let mut length = recipe.row + 2 * recipe.reach();
    let rate = recipe.embedding_dropout;
    add(
        Site::Characters,
        "mask/characters".into(),
        length,
        recipe.embedding,
        rate,
    );
    if recipe.has_pairs() {
        let (width, rate) = (recipe.pair_embedding, recipe.pair_dropout);
        add(Site::Pairs, "mask/pairs".into(), length - 1, width, rate);
        length -= 2;
    }
    for (number, layer) in recipe.layers.iter().enumerate() {
        length -= 2 * layer.reach();
        let name = format!("mask/layers.{number}");
        add(
            Site::Layer(number),
            name,
            length,
            layer.width,
            recipe.layer_dropout,
        );
    }
    masks
}

/// Values of the masks at step `step`: 0, or what keeps the mean.
pub fn draw(recipe: &Recipe, masks: &[Mask], step: usize) -> Vec<(String, Tensor)> {
    let mut random = Random::new(recipe.seed, MASKS + step as u64);
    let draw = |mask: &Mask| {
        let keep = 1.0 / (1.0 - mask.rate);
        // Two channels from each number: 16 bits are enough to choose by.
        let threshold = (mask.rate * 65_536.0) as u32;
        let count = mask.shape.iter().product();
        let mut values = Vec::with_capacity(count + 1);
        while values.len() < count {
            let bits = random.next();
            for half in [bits >> 16, bits & 0xFFFF] {
                values.push(if half < threshold { 0.0 } else { keep });
            }
        }
        values.truncate(count);
        (mask.name.clone(), Tensor::f32(&mask.shape, values))
    };
    masks.iter().map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_keep_the_mean() {
        let recipe = Recipe {
            embedding_dropout: 0.3,
            ..Recipe::seed_model()
        };
        let all = of(&recipe);
        assert_eq!(all.len(), 4);
        let drawn = draw(&recipe, &all, 5);
        assert_eq!(drawn, draw(&recipe, &all, 5));
        assert_ne!(drawn, draw(&recipe, &all, 6));
        for (name, tensor) in drawn {
            let values = tensor.as_f32(&name).unwrap();
            let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / values.len() as f64;
            assert!((mean - 1.0).abs() < 0.01, "{name} {mean}");
        }
    }
}
