//! A [`Map`] as a picture: a dot for each poem in its theme's colour, the themes' names, the walk.

use super::map::Map;
use crate::error::{Error, Result};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const SIZE: (u32, u32) = (1000, 800);
const PAPER: RGBColor = RGBColor(0xfb, 0xf8, 0xf1);
/// Vermilion, the colour of seals.
const WAY: RGBColor = RGBColor(0xb3, 0x26, 0x1e);
const FONT: &str = "Noto Serif CJK SC, Songti SC, SimSun, serif";
/// Of themes, whose hues are spread over the circle.
const SATURATION: f64 = 0.45;
/// As well.
const LIGHTNESS: f64 = 0.55;
/// Of their names.
const DARK: f64 = 0.25;

type Drawn = std::result::Result<(), Box<dyn std::error::Error>>;

/// The picture's source.
///
/// # Errors
/// Drawing fails, which it does not in memory.
pub fn svg(map: &Map) -> Result<String> {
    let mut text = String::new();
    draw(map, &mut text)
        .map_err(|error| Error::environment(format!("cannot draw the map: {error}")))?;
    Ok(text)
}

fn draw(map: &Map, text: &mut String) -> Drawn {
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&PAPER)?;
    let reach = reach(map);
    let mut chart = ChartBuilder::on(&area)
        .margin(24)
        .build_cartesian_2d(-reach..reach, -reach..reach)?;
    let wide = |[x, y]: [f32; 2]| (f64::from(x), f64::from(y));
    chart.draw_series(map.poems.iter().map(|poem| {
        let colour = poem.theme.map_or(RGBColor(0x99, 0x99, 0x99), |theme| {
            hue(theme, map.themes.len(), LIGHTNESS)
        });
        Circle::new(wide(poem.at), 2, colour.mix(0.55).filled())
    }))?;
    if let Some(way) = &map.way {
        let points: Vec<(f64, f64)> = way.points.iter().copied().map(wide).collect();
        chart.draw_series(LineSeries::new(points.clone(), WAY.stroke_width(3)))?;
        let ends = [points.first(), points.last()].into_iter().flatten();
        for (&end, line) in ends.zip(&way.ends) {
            chart.draw_series([Circle::new(end, 6, WAY.filled())])?;
            let place = Pos::new(HPos::Center, VPos::Bottom);
            let style = (FONT, 20).into_font().color(&WAY).pos(place);
            chart
                .draw_series([EmptyElement::at(end) + Text::new(line.clone(), (0, -10), style)])?;
        }
    }
    let place = Pos::new(HPos::Center, VPos::Center);
    for (index, (name, at)) in map.themes.iter().enumerate() {
        let ink = hue(index, map.themes.len(), DARK);
        let style = (FONT, 26).into_font().color(&ink).pos(place);
        chart
            .draw_series([EmptyElement::at(wide(*at)) + Text::new(name.clone(), (0, 0), style)])?;
    }
    area.present()?;
    Ok(())
}

/// Half the side of the square that holds everything, with some air.
fn reach(map: &Map) -> f64 {
    let poems = map.poems.iter().map(|poem| poem.at);
    let themes = map.themes.iter().map(|&(_, at)| at);
    let way = map.way.iter().flat_map(|way| way.points.iter().copied());
    let all = poems.chain(themes).chain(way).flatten();
    let most = all.fold(0.0f64, |most, x| most.max(f64::from(x).abs()));
    (most * 1.06).max(1e-3)
}

/// Colour of a theme among `count`.
fn hue(theme: usize, count: usize, lightness: f64) -> RGBColor {
    let place = theme as f64 / count.max(1) as f64;
    let (r, g, b) = HSLColor(place, SATURATION, lightness).rgb();
    RGBColor(r, g, b)
}

#[cfg(test)]
mod tests {
    use super::super::map::{Place, Way};
    use super::*;

    #[test]
    fn everything_is_drawn() {
        let place = |x, theme| Place { at: [x, -x], theme };
        let map = Map {
            poems: vec![place(1.0, Some(0)), place(2.0, Some(1)), place(3.0, None)],
            themes: vec![("江月".into(), [0.5, 0.5]), ("<酒>".into(), [1.0, 1.0])],
            way: Some(Way {
                ends: ["白日依山尽".into(), "床前明月光".into()],
                points: vec![[0.0, 0.0], [1.0, 2.0]],
            }),
        };
        let picture = svg(&map).unwrap();
        assert_eq!(picture.matches("<circle").count(), 3 + 2);
        assert_eq!(picture.matches("<polyline").count(), 1);
        for text in ["江月", "&lt;酒&gt;", "白日依山尽", "床前明月光"] {
            assert!(picture.contains(text), "{text}");
        }
        let empty = Map {
            poems: vec![],
            themes: vec![],
            way: None,
        };
        assert!(svg(&empty).unwrap().ends_with("</svg>\n"));
    }
}
