//! Many poems as points of the latent space, seen from where their themes lie farthest apart.
//!
//! ```text
//! poems → posterior means            encode
//! themes' centroids (or the means)   → the plane of their two largest principal components
//! poems, centroids and a walk        → points of that plane, see [`super::map_picture`]
//! ```
//!
//! The means of a variational autoencoder fill a ball of equal width in every direction, in which no
//! plane of their own stands out; the centroids' plane is where differences of theme show.

use super::coder::Coder;
use super::parallel;
use super::plane::Plane;
use super::themes::Themes;
use super::{text, walk};
use crate::error::Result;

/// One poem of the map.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Where it lies.
    pub at: [f32; 2],
    /// Index of the theme that it is nearest to, where the model has themes.
    pub theme: Option<usize>,
}

/// A way from one poem to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// The first lines of both poems.
    pub ends: [String; 2],
    /// Points of the way, both ends included.
    pub points: Vec<[f32; 2]>,
}

/// A map of poems.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// The poems.
    pub poems: Vec<Place>,
    /// Name and place of each theme.
    pub themes: Vec<(String, [f32; 2])>,
    /// The way asked for.
    pub way: Option<Way>,
}

impl Map {
    /// Each theme with the number of poems that are nearest to it.
    #[must_use]
    pub fn shares(&self) -> Vec<(&str, usize)> {
        let of = |theme| {
            let poems = self.poems.iter();
            poems.filter(|poem| poem.theme == Some(theme)).count()
        };
        let themes = self.themes.iter().enumerate();
        themes
            .map(|(theme, (name, _))| (name.as_str(), of(theme)))
            .collect()
    }
}

/// Points of a way.
const POINTS: usize = 33;

/// Maps `poems`, ids of equal length one after the other; `ends` are the two of a walk.
///
/// # Errors
/// The model cannot encode.
pub fn map<C: Coder>(
    coder: &C,
    themes: &Themes<'_>,
    poems: &[Vec<i32>],
    ends: Option<[&[i32]; 2]>,
    done: &(impl Fn() + Sync),
) -> Result<Map> {
    let means = parallel::map(
        poems.len(),
        parallel::available(),
        || coder.worker(),
        |worker, index| {
            done();
            Ok(worker.encode(&poems[index])?.mean)
        },
    )?;
    let plane = match themes.len() {
        // Three centroids span a plane; fewer do not.
        0..3 => Plane::of(means.iter().map(Vec::as_slice), coder.latent()),
        _ => Plane::of(themes.centroids(), coder.latent()),
    };
    let place = |mean: &Vec<f32>| Place {
        at: plane.project(mean),
        theme: themes.nearest(mean),
    };
    let poems: Vec<Place> = means.iter().map(place).collect();
    let named = themes.names().zip(themes.centroids());
    let named: Vec<(String, [f32; 2])> = named
        .map(|(name, centroid)| (name.to_string(), plane.project(centroid)))
        .collect();
    let way = ends.map(|ends| way(coder, &plane, ends)).transpose()?;
    Ok(Map {
        themes: within(named, &poems),
        poems,
        way,
    })
}

/// Themes in the directions of their centroids, which are longer than most poems' latents, moved to
/// where the poems end.
fn within(themes: Vec<(String, [f32; 2])>, poems: &[Place]) -> Vec<(String, [f32; 2])> {
    let radius = |[x, y]: [f32; 2]| qibu::math::sqrt(x * x + y * y);
    let cloud = poems.iter().map(|poem| radius(poem.at));
    let cloud = cloud.fold(0.0, qibu::math::max);
    let far = themes.iter().map(|&(_, at)| radius(at));
    let far = far.fold(0.0, qibu::math::max);
    if cloud == 0.0 || far <= cloud {
        return themes;
    }
    let nearer = |(name, at): (String, [f32; 2])| (name, at.map(|x| x * cloud / far));
    themes.into_iter().map(nearer).collect()
}

fn way(coder: &impl Coder, plane: &Plane, ends: [&[i32]; 2]) -> Result<Way> {
    let mut worker = coder.worker()?;
    let [from, to] = ends;
    let (start, end) = (worker.encode(from)?.mean, worker.encode(to)?.mean);
    let point = |index| {
        let t = index as f32 / (POINTS - 1) as f32;
        plane.project(&walk::between(&start, &end, t))
    };
    let line = |ids: &[i32]| {
        let line = text::line_of(coder.positions()).min(ids.len());
        String::from_iter(coder.characters(&ids[..line]))
    };
    Ok(Way {
        ends: ends.map(line),
        points: (0..POINTS).map(point).collect(),
    })
}
