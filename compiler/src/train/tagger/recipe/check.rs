//! What no tagger can be.

use super::Recipe;
use crate::error::{Error, Result};
use crate::tag::stream::IDS;

/// Largest width, count or number of rows.
const MOST: usize = 1 << 16;
/// Most epochs and restarts.
const TIMES: usize = 1000;
/// Most layers.
const LAYERS: usize = 64;
/// Longest row of a batch.
const LONGEST_ROW: usize = 1024;
/// Most characters on each side that a score may depend on.
const REACH: usize = 256;

impl Recipe {
    /// Refuses values that no graph can have.
    pub fn check(&self) -> Result<()> {
        let refuse = |what: String| Err(Error::usage(format!("recipe: {what}")));
        let sizes = [
            ("embedding", self.embedding),
            ("window", self.window),
            ("batch", self.batch),
        ];
        if let Some((name, size)) = sizes.iter().find(|(_, size)| *size == 0 || *size > MOST) {
            return refuse(format!("{name} is {size}, not 1 to {MOST}"));
        }
        // Every epoch's rows are laid out before the first.
        let times = [("epochs", self.epochs), ("restarts", self.restarts)];
        if let Some((name, size)) = times.iter().find(|(_, size)| *size == 0 || *size > TIMES) {
            return refuse(format!("{name} is {size}, not 1 to {TIMES}"));
        }
        if self.pair_embedding > MOST {
            return refuse(format!("pair_embedding is more than {MOST}"));
        }
        if !(1..=2).contains(&self.pair_sides) {
            return refuse(
                "pair_sides is 1 (the pair with the character before) or 2 (both)".into(),
            );
        }
        if self.pair_min_count == 0 {
            return refuse(
                "pair_min_count is at least 1; pair_embedding=0 leaves pairs out".into(),
            );
        }
        if !self.row.is_power_of_two() || !(2..=LONGEST_ROW).contains(&self.row) {
            return refuse(format!("row must be a power of two, 2 to {LONGEST_ROW}"));
        }
        if self.layers.is_empty() || self.layers.len() > LAYERS {
            return refuse(format!("layers: 1 to {LAYERS} convolutions"));
        }
        let mut inputs = self.features();
        for (number, layer) in self.layers.iter().enumerate() {
            if layer.width == 0 || layer.width > MOST {
                return refuse(format!("layer {number}: width 1 to {MOST}"));
            }
            if layer.kernel.is_multiple_of(2) || layer.kernel > REACH {
                return refuse(format!(
                    "layer {number}: kernel must be odd, at most {REACH}"
                ));
            }
            if layer.dilation == 0 || layer.dilation > REACH {
                return refuse(format!("layer {number}: dilation 1 to {REACH}"));
            }
            if layer.residual && layer.width != inputs {
                return refuse(format!(
                    "layer {number}: a residual adds {inputs} channels to {}; give it width \
                     {inputs}, or \"residual\": false",
                    layer.width
                ));
            }
            inputs = layer.width;
        }
        if self.reach() > REACH {
            return refuse(format!(
                "scores depend on {} characters on each side; at most {REACH}",
                self.reach()
            ));
        }
        let read = self.window + 2 * self.reach();
        if read > IDS {
            return refuse(format!(
                "window {} reads {read} characters at once; `qibu tag` runs networks of at most {IDS}",
                self.window
            ));
        }
        let shares = [
            ("embedding_dropout", self.embedding_dropout),
            ("pair_dropout", self.pair_dropout),
            ("layer_dropout", self.layer_dropout),
            ("average", self.average),
        ];
        if let Some((name, _)) = shares.iter().find(|(_, share)| !(0.0..1.0).contains(share)) {
            return refuse(format!("{name} must be 0 or more and less than 1"));
        }
        let shares = [
            ("no_pair_rate", self.no_pair_rate),
            ("augment", self.augment),
            ("augment_epochs", self.augment_epochs),
            ("prune_after", self.prune_after),
            ("warmup", self.warmup),
        ];
        if let Some((name, _)) = shares
            .iter()
            .find(|(_, share)| !(0.0..=1.0).contains(share))
        {
            return refuse(format!("{name} must be from 0 to 1"));
        }
        let finite = [
            ("embedding_start", self.embedding_start),
            ("unknown_rate", self.unknown_rate),
            ("rare_pair_rate", self.rare_pair_rate),
            ("auxiliary", self.auxiliary),
            ("embedding_decay", self.embedding_decay),
            ("layer_decay", self.layer_decay),
            ("learning_rate", self.learning_rate),
        ];
        let wrong = |value: f32| !value.is_finite() || value < 0.0;
        match finite.iter().find(|(_, value)| wrong(*value)) {
            Some((name, _)) => refuse(format!("{name} must be finite and not negative")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::json::Fields;

    #[test]
    fn presets_are_sound_and_survive_their_text_form() {
        for name in ["seed", "600k", "300k", "150k"] {
            let recipe = Recipe::preset(name).unwrap();
            recipe.check().unwrap();
            assert_eq!(Recipe::parse(&recipe.to_json()).unwrap(), recipe);
        }
        assert_eq!(Recipe::parse("{}").unwrap(), Recipe::seed_model());
        assert!(Recipe::preset("700k").is_err());
        assert!(Recipe::parse(r#"{"layers": [{"widht": 3}]}"#).is_err());
    }

    #[test]
    fn refuses_what_no_graph_can_have() {
        for (assignment, named) in [
            ("embedding=0", "embedding"),
            ("row=100", "row"),
            ("row=1", "row"),
            ("layers=[]", "layers"),
            (r#"layers=[{"kernel":2}]"#, "kernel"),
            (r#"layers=[{"dilation":0}]"#, "dilation"),
            (r#"layers=[{"width":0}]"#, "width"),
            (r#"layers=[{"residual":true,"width":3}]"#, "residual"),
            (r#"layers=[{"kernel":255,"dilation":3}]"#, "each side"),
            ("pair_sides=3", "pair_sides"),
            ("window=8187", "8193 characters"),
            ("pair_min_count=0", "pair_min_count"),
            ("layer_dropout=1", "layer_dropout"),
            ("augment=1.5", "augment"),
            ("learning_rate=-1", "learning_rate"),
            ("restarts=0", "restarts"),
            ("epochs=1001", "epochs"),
        ] {
            let mut recipe = Recipe::seed_model();
            recipe.set(assignment).unwrap();
            let error = recipe.check().unwrap_err().to_string();
            assert!(error.contains(named), "{assignment}: {error}");
        }
    }
}
