//! A walk through the latent space from one poem to another: `qibu poem --between`.
//!
//! Gaussian latents of many dimensions lie near a sphere, and the straight line between two of them
//! leaves it; the walk keeps to the arc instead.

use super::coder::Coder;
use super::reconstruct::highlight;
use super::text;
use crate::error::Result;
use qibu::poem::Reading;

/// A walk: the poems met on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Walk {
    /// Where it starts, as given.
    pub from: Vec<char>,
    /// Where it ends, as given.
    pub to: Vec<char>,
    /// Poems from the first posterior mean to the second, both included.
    pub steps: Vec<Step>,
}

/// One stop.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// How much of the way lies behind, from 0 to 1.
    pub t: f32,
    /// The poem here, decoded in the model's default way.
    pub characters: Vec<char>,
    /// Which characters are others than one step before.
    pub changed: Vec<bool>,
}

/// Walks from `from` to `to` in `steps` stops.
///
/// # Errors
/// A text is no poem of the model's form and characters; the model cannot encode.
pub fn walk(coder: &impl Coder, from: &str, to: &str, steps: usize) -> Result<Walk> {
    let ids = |poem| text::parse(poem, coder.positions(), |character| coder.id(character));
    let (from, to) = (ids(from)?, ids(to)?);
    let mut worker = coder.worker()?;
    let (start, end) = (worker.encode(&from)?.mean, worker.encode(&to)?.mean);
    let mut stops: Vec<Step> = Vec::with_capacity(steps);
    for index in 0..steps {
        let t = index as f32 / (steps.max(2) - 1) as f32;
        let latent = between(&start, &end, t);
        let characters = coder.characters(&worker.read(&latent, Reading::Distinct)?);
        let changed = match stops.last() {
            Some(before) => {
                let pairs = before.characters.iter().zip(&characters);
                pairs.map(|(a, b)| a != b).collect()
            }
            None => vec![false; characters.len()],
        };
        stops.push(Step {
            t,
            characters,
            changed,
        });
    }
    Ok(Walk {
        from: coder.characters(&from),
        to: coder.characters(&to),
        steps: stops,
    })
}

/// The point at `t` on the arc from `a` to `b` (Shoemake, "Animating rotation with quaternion
/// curves", 1985); on the straight line where the angle is too small or too flat for an arc.
#[must_use]
pub fn between(a: &[f32], b: &[f32], t: f32) -> Vec<f32> {
    let dot = |x: &[f32], y: &[f32]| -> f32 { x.iter().zip(y).map(|(x, y)| x * y).sum() };
    let norms = qibu::math::sqrt(dot(a, a) * dot(b, b));
    let angle = match norms > 0.0 {
        true => libm::acosf(qibu::math::clamp(dot(a, b) / norms, -1.0, 1.0)),
        false => 0.0,
    };
    let sine = libm::sinf(angle);
    let (left, right) = if sine < 1e-3 {
        (1.0 - t, t)
    } else {
        let part = |share: f32| libm::sinf(share * angle) / sine;
        (part(1.0 - t), part(t))
    };
    a.iter().zip(b).map(|(a, b)| left * a + right * b).collect()
}

/// Columns of the drawn way.
const WAY: usize = 24;

impl Walk {
    /// The walk as lines: a dot on the way, the poem, and how many characters are new.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let indent = " ".repeat(5);
        let mut drawn = format!("{indent}from {}\n", text::format(&self.from));
        for step in &self.steps {
            let dot = (step.t * (WAY - 1) as f32 + 0.5) as usize;
            let way: String = (0..WAY)
                .map(|column| match column {
                    _ if column == dot => '●',
                    _ if column < dot => '━',
                    _ => '·',
                })
                .collect();
            let poem = highlight(&step.characters, &step.changed, colour);
            let new = step.changed.iter().filter(|&&changed| changed).count();
            let new = match new {
                0 => String::new(),
                new => format!("  +{new}"),
            };
            drawn += &format!("{:.2} {way} {poem}{new}\n", step.t);
        }
        drawn + &format!("{indent}to   {}\n", text::format(&self.to))
    }

    /// The walk as one JSON object.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let step = |step: &Step| {
            serde_json::json!({
                "t": (f64::from(step.t) * 1e6).round() / 1e6,
                "couplet": text::format(&step.characters),
                "changed": step.changed.iter().filter(|&&changed| changed).count(),
            })
        };
        serde_json::json!({
            "from": text::format(&self.from),
            "to": text::format(&self.to),
            "steps": self.steps.iter().map(step).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poem::file::PoemFile;
    use crate::poem::testing;

    #[test]
    fn the_arc_keeps_the_length_and_ends_where_it_should() {
        let (a, b) = ([3.0, 0.0], [0.0, 3.0]);
        assert_eq!(between(&a, &b, 0.0), a);
        for (x, y) in between(&a, &b, 1.0).iter().zip(b) {
            assert!((x - y).abs() < 1e-5);
        }
        let middle = between(&a, &b, 0.5);
        let length = qibu::math::sqrt(middle[0] * middle[0] + middle[1] * middle[1]);
        assert!((length - 3.0).abs() < 1e-5);
        assert!((middle[0] - middle[1]).abs() < 1e-5);
    }

    #[test]
    fn without_an_angle_the_line_is_straight() {
        assert_eq!(between(&[1.0, 0.0], &[3.0, 0.0], 0.5), [2.0, 0.0]);
        assert_eq!(between(&[1.0, 0.0], &[-1.0, 0.0], 0.25), [0.5, 0.0]);
        assert_eq!(between(&[0.0, 0.0], &[2.0, 2.0], 0.5), [1.0, 1.0]);
    }

    #[test]
    fn walks_from_one_couplet_to_the_other() {
        let file = PoemFile::from_bytes("m.qibu", &testing::file()).unwrap();
        let poem = file.poem().unwrap();
        let (a, b) = ("白日依山尽，黄河入海流。", "流海入河黄，尽山依日白。");
        let walk = walk(&poem, a, b, 5).unwrap();
        let stops: Vec<String> = walk
            .steps
            .iter()
            .map(|step| text::format(&step.characters))
            .collect();
        assert_eq!((stops[0].as_str(), stops[4].as_str()), (a, b));
        let ts: Vec<f32> = walk.steps.iter().map(|step| step.t).collect();
        assert_eq!(ts, [0.0, 0.25, 0.5, 0.75, 1.0]);
        let drawn = walk.render(false);
        assert_eq!(drawn.lines().count(), 7);
        assert!(drawn.contains("\n0.00 ●·····"), "{drawn}");
        assert!(drawn.contains("━━━● 流海入河黄"), "{drawn}");
    }
}
