//! Themes: directions of the latent space that groups of poems share, found at training time.
//!
//! The file has them as table `themes`, f32 `[T, latent]`, and their names in its metadata.

use crate::error::{Error, Result};
use qibu::Model;

/// The themes of a model; none where it has no table.
#[derive(Clone, Copy, Debug, Default)]
pub struct Themes<'f> {
    names: &'f str,
    centroids: &'f [f32],
    latent: usize,
}

impl<'f> Themes<'f> {
    /// Those of `model`, whose latent has `latent` dimensions.
    #[must_use]
    pub fn new(model: &Model<'f>, latent: usize) -> Self {
        let centroids = model.table("themes").and_then(|table| table.f32());
        let names = model.metadata().get("themes");
        match (centroids, names) {
            (Some(centroids), Some(names))
                if latent > 0 && centroids.len() == latent * names.split_whitespace().count() =>
            {
                Self {
                    names,
                    centroids,
                    latent,
                }
            }
            _ => Self::default(),
        }
    }

    /// Number of themes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names().count()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Names, in the order of the table.
    pub fn names(&self) -> impl Iterator<Item = &'f str> + use<'f> {
        self.names.split_whitespace()
    }

    /// Centroids, in the order of the table.
    pub fn centroids(&self) -> impl Iterator<Item = &'f [f32]> + use<'f> {
        self.centroids.chunks_exact(self.latent.max(1))
    }

    /// Centroid of the theme called `name`, or one that has the character `name`.
    ///
    /// # Errors
    /// There is none, or the model has no themes: the known ones are listed.
    pub fn find(&self, name: &str) -> Result<&'f [f32]> {
        let exact = self.names().position(|other| other == name);
        let part = || self.names().position(|other| other.contains(name));
        let index = match name.is_empty() {
            true => None,
            false => exact.or_else(part),
        };
        if let Some(centroid) = index.and_then(|index| self.centroids().nth(index)) {
            return Ok(centroid);
        }
        let known: Vec<&str> = self.names().collect();
        Err(match known.is_empty() {
            true => Error::usage("the model has no themes")
                .hint("compile it with --prosody, which keeps those that `qibu train poem` found"),
            false => Error::usage(format!("no theme {name:?}"))
                .hint(format!("the model's themes: {}", known.join(", "))),
        })
    }

    /// Index of the theme whose direction `latent` follows most.
    #[must_use]
    pub fn nearest(&self, latent: &[f32]) -> Option<usize> {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let mut best: Option<(usize, f32)> = None;
        for (index, centroid) in self.centroids().enumerate() {
            let length = qibu::math::sqrt(dot(centroid, centroid));
            let along = dot(latent, centroid) / if length > 0.0 { length } else { 1.0 };
            if best.is_none_or(|(_, most)| along > most) {
                best = Some((index, along));
            }
        }
        best.map(|(index, _)| index)
    }
}

#[cfg(test)]
mod tests {
    use super::Themes;

    const THEMES: Themes<'_> = Themes {
        names: "江月 边塞 酒",
        centroids: &[2.0, 0.0, 0.0, 1.0, -1.0, 0.0],
        latent: 2,
    };

    #[test]
    fn found_by_name_or_a_character_of_it() {
        assert_eq!(THEMES.find("边塞").unwrap(), [0.0, 1.0]);
        assert_eq!(THEMES.find("月").unwrap(), [2.0, 0.0]);
        for name in ["", "花"] {
            let error = THEMES.find(name).unwrap_err();
            let remedy = error.remedy().unwrap_or_default();
            assert!(remedy.contains("江月, 边塞, 酒"), "{name}");
        }
        let none = Themes::default().find("月").unwrap_err().to_string();
        assert!(none.contains("no themes"), "{none}");
    }

    #[test]
    fn the_nearest_direction_wins_whatever_its_length() {
        assert_eq!(THEMES.nearest(&[0.9, 1.0]), Some(1));
        assert_eq!(THEMES.nearest(&[1.0, 0.9]), Some(0));
        assert_eq!(THEMES.nearest(&[-1.0, 0.5]), Some(2));
        assert_eq!(Themes::default().nearest(&[1.0]), None);
    }
}
