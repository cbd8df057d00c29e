//! Where poems start: points of the latent space from a seed, a poem, a theme.
//!
//! ```text
//! noise    Gaussians of PCG32 from the seed, as many as it takes, times the temperature
//! latent   noise                                   of its own
//!          mean + noise · deviation                like a poem, whose posterior these are
//!          … + weight · centroid                   with a theme
//! ```
//!
//! The first latent of a seed without poem and theme is the runtime's own.

use super::coder::Posterior;
use qibu::random::Random;

/// What latents are drawn around.
#[derive(Clone, Debug, Default)]
pub struct Source<'f> {
    /// The posterior of a poem that they are to be like.
    pub like: Option<Posterior>,
    /// A theme's centroid and its weight.
    pub theme: Option<(&'f [f32], f32)>,
    /// Factor of the noise.
    pub temperature: f32,
    /// Dimensions.
    pub latent: usize,
}

impl Source<'_> {
    /// The first `count` latents of `seed`.
    #[must_use]
    pub fn draw(&self, seed: u64, count: usize) -> Vec<Vec<f32>> {
        let mut random = Random::new(seed);
        let mut one = || {
            let noise: Vec<f32> = (0..self.latent)
                .map(|_| random.gaussian() * self.temperature)
                .collect();
            let mut point = match &self.like {
                Some(posterior) => posterior.at(&noise),
                None => noise,
            };
            if let Some((centroid, weight)) = self.theme {
                for (x, &direction) in point.iter_mut().zip(centroid) {
                    *x += weight * direction;
                }
            }
            point
        };
        (0..count).map(|_| one()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latents_follow_each_other_and_their_sources() {
        let plain = Source {
            temperature: 0.5,
            latent: 2,
            ..Source::default()
        };
        let two = plain.draw(7, 2);
        assert_eq!(plain.draw(7, 1)[0], two[0]);
        assert_ne!(two[0], two[1]);
        let mut random = Random::new(7);
        assert_eq!(two[0][0], random.gaussian() * 0.5);

        let still = Source {
            like: Some(Posterior {
                mean: vec![1.0, -2.0],
                log_variance: vec![0.0, 0.0],
            }),
            theme: Some((&[0.5, 0.25], 2.0)),
            temperature: 0.0,
            latent: 2,
        };
        assert_eq!(still.draw(3, 1), [[2.0, -1.5]]);
    }
}
