//! What a run reported, as a picture: panels side by side, in each some curves, each a thin line
//! under a smoothed one.

use crate::error::{Error, Result};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

const SIZE: (u32, u32) = (1040, 420);
const INK: RGBColor = RGBColor(0x33, 0x37, 0x3d);
const FAINT: RGBColor = RGBColor(0xe4, 0xe6, 0xe9);
/// Points per curve: more than a screen has columns only makes the file large.
const POINTS: usize = 600;

/// Colours of curves.
pub mod colour {
    use plotters::prelude::RGBColor;
    /// The objective.
    pub const BLUE: RGBColor = RGBColor(0x1f, 0x4e, 0x79);
    /// What is compared with it.
    pub const RED: RGBColor = RGBColor(0xc8, 0x55, 0x3d);
    /// Another quantity.
    pub const GREEN: RGBColor = RGBColor(0x2e, 0x7d, 0x5b);
}

/// Some curves over one axis.
pub struct Panel {
    /// Name, colour and values of each curve; all are equally long.
    pub curves: Vec<(&'static str, RGBColor, Vec<f32>)>,
    /// What is counted to the right.
    pub across: String,
    /// What is measured upwards.
    pub upwards: &'static str,
    /// Whether the curves are noisy: smoothed ones are then drawn over them.
    pub noisy: bool,
    /// Decimals of the vertical axis' labels.
    pub decimals: usize,
    /// The place, from 1, of the values that the run keeps, where these are not the last ones.
    pub marked: Option<usize>,
}

/// The picture of `panels`, as SVG.
pub fn draw(panels: &[Panel]) -> Result<String> {
    let mut text = String::new();
    draw_to(panels, &mut text)
        .map_err(|error| Error::environment(format!("cannot draw the loss curve: {error}")))?;
    Ok(text)
}

fn draw_to(
    panels: &[Panel],
    text: &mut String,
) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    for (place, panel) in area.split_evenly((1, panels.len())).iter().zip(panels) {
        draw_panel(place, panel)?;
    }
    area.present()?;
    Ok(())
}

fn draw_panel(
    place: &DrawingArea<SVGBackend, plotters::coord::Shift>,
    panel: &Panel,
) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let smooth: Vec<Vec<f64>> = panel
        .curves
        .iter()
        .map(|(_, _, values)| match panel.noisy {
            true => smoothed(values.iter().copied()),
            false => values.iter().map(|&value| value.into()).collect(),
        })
        .collect();
    let length = panel
        .curves
        .first()
        .map_or(0, |(_, _, values)| values.len());
    let last = length.max(2) as f64;
    let (low, high) = range(&smooth);
    let mut chart = ChartBuilder::on(place)
        .margin(18)
        .x_label_area_size(40)
        .y_label_area_size(50)
        .build_cartesian_2d(0.0..last, low..high)?;
    let style = ("sans-serif", 13).into_font().color(&INK);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(FAINT)
        .axis_style(FAINT)
        .x_labels(6)
        .y_labels(6)
        .x_label_formatter(&|step| format!("{step:.0}"))
        .y_label_formatter(&|value| format!("{value:.*}", panel.decimals))
        .label_style(style.clone())
        .x_desc(panel.across.clone())
        .y_desc(panel.upwards)
        .draw()?;
    for (index, (name, colour, values)) in panel.curves.iter().enumerate() {
        if panel.noisy {
            let raw: Vec<f64> = values.iter().map(|&value| value.into()).collect();
            let clipped = thin(&raw).map(|(step, value)| (step, value.clamp(low, high)));
            chart.draw_series(LineSeries::new(clipped, colour.mix(0.25).stroke_width(1)))?;
        }
        chart.draw_series(LineSeries::new(
            thin(&smooth[index]),
            colour.stroke_width(2),
        ))?;
        let kept = panel
            .marked
            .and_then(|at| smooth[index].get(at.checked_sub(1)?).map(|&y| (at, y)));
        if let Some((at, value)) = kept {
            let dot = Circle::new((at as f64, value), 4, colour.filled());
            chart.draw_series([dot])?;
        }
        let text = match (kept, smooth[index].last()) {
            (Some((at, value)), _) => format!("{name} {value:.2} at {at}, kept"),
            (None, Some(last)) => format!("{name} {last:.2}"),
            (None, None) => name.to_string(),
        };
        label(place, index, text, *colour)?;
    }
    let _: &ChartContext<_, Cartesian2d<RangedCoordf64, RangedCoordf64>> = &chart;
    Ok(())
}

/// A name and a value in the panel's upper right corner, in the curve's colour.
fn label(
    place: &DrawingArea<SVGBackend, plotters::coord::Shift>,
    index: usize,
    text: String,
    colour: RGBColor,
) -> std::result::Result<(), Box<dyn std::error::Error>> {
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    let style = ("sans-serif", 15)
        .into_font()
        .color(&colour)
        .pos(Pos::new(HPos::Right, VPos::Top));
    let corner = (place.dim_in_pixel().0 as i32 - 26, 22 + 20 * index as i32);
    place.draw(&Text::new(text, corner, style))?;
    Ok(())
}

/// A running mean over about a hundredth of the run, corrected for its start.
fn smoothed(values: impl ExactSizeIterator<Item = f32>) -> Vec<f64> {
    let rate = (100.0 / values.len().max(1) as f64).clamp(0.01, 0.5);
    let [mut mean, mut weight] = [0.0, 0.0];
    values
        .map(|value| {
            mean += rate * (f64::from(value) - mean);
            weight += rate * (1.0 - weight);
            mean / weight
        })
        .collect()
}

/// At most [`POINTS`] of `values` with their step numbers, the last one among them.
fn thin(values: &[f64]) -> impl Iterator<Item = (f64, f64)> + '_ {
    let stride = values.len().div_ceil(POINTS).max(1);
    let keep = move |(index, _): &(usize, &f64)| index % stride == 0 || index + 1 == values.len();
    values
        .iter()
        .enumerate()
        .filter(keep)
        .map(|(index, value)| ((index + 1) as f64, *value))
}

/// Vertical range: everything after the first twentieth, with some air.
fn range(curves: &[Vec<f64>]) -> (f64, f64) {
    let late = curves
        .iter()
        .flat_map(|curve| curve.iter().skip(curve.len() / 20));
    let (low, high) = late.fold((f64::MAX, f64::MIN), |(low, high), &value| {
        (low.min(value), high.max(value))
    });
    if low > high {
        return (0.0, 1.0);
    }
    let air = ((high - low) * 0.08).max(0.5);
    ((low - air).max(0.0), high + air)
}
