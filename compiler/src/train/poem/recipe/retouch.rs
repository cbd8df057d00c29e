//! Changing what trained weights do not depend on.

use super::Recipe;
use crate::error::{Error, Result};
use crate::train::json::Fields;

impl Recipe {
    /// Sets fields of a recipe whose weights are trained: those that only say what is exported with
    /// the weights, and how.
    pub fn retouch(&mut self, assignments: &[String]) -> Result<()> {
        let trained = self.clone();
        for assignment in assignments {
            self.set(assignment)?;
            let kept = Self {
                temperature: trained.temperature.clone(),
                latent_scale: trained.latent_scale,
                generator_weights: trained.generator_weights,
                pair_count: trained.pair_count,
                pair_bonus: trained.pair_bonus,
                novelty: trained.novelty,
                themes: trained.themes,
                author: trained.author.clone(),
                licence: trained.licence.clone(),
                ..self.clone()
            };
            if kept != trained {
                return Err(Error::usage(format!(
                    "--set {assignment}: the weights are trained by another recipe"
                ))
                .hint(
                    "trained weights leave temperature, latent_scale, generator_weights, \
                     pair_count, pair_bonus, novelty, themes, author and licence to set",
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_exported_can_be_set() {
        let mut recipe = Recipe::best();
        let assignments = ["pair_count=3", "themes=0", "pair_bonus=2.5", "width=96"];
        recipe.retouch(&assignments.map(String::from)).unwrap();
        let expected = Recipe {
            pair_count: 3,
            pair_bonus: 2.5,
            themes: 0,
            ..Recipe::best()
        };
        assert_eq!(recipe, expected);
        for assignment in ["width=97", "seed=2", "form=20"] {
            let error = recipe.retouch(&[assignment.into()]).unwrap_err();
            assert!(error.to_string().contains("pair_count"), "{error}");
        }
    }
}
