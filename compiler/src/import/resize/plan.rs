//! Which axes are resized, to what length, and where in the input each output position lies.
//!
//! Lengths follow ONNX's shape inference: `⌊input · scale⌋` in single precision. Positions are
//! computed in double precision, as ONNX's reference does.

use crate::error::{Error, Result};
use crate::graph::Dtype;
use crate::import::site::{self, Site, axis};

/// How an output position is carried over to the input.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Transform {
    HalfPixel,
    HalfPixelSymmetric,
    PytorchHalfPixel,
    TensorflowHalfPixel,
    AlignCorners,
    Asymmetric,
    /// Part of the axis, from and to, as fractions.
    Crop(f64, f64),
}

/// One axis on its way to another length.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) axis: usize,
    pub(super) input: usize,
    pub(super) output: usize,
    pub(super) scale: f64,
    transform: Transform,
}

impl Axis {
    pub(super) fn is_identity(&self) -> bool {
        let whole = match self.transform {
            Transform::Crop(start, end) => (start, end) == (0.0, 1.0),
            _ => true,
        };
        self.input == self.output && self.scale == 1.0 && whole
    }

    /// Coordinate in the input of an output position.
    pub(super) fn source(&self, index: usize) -> f64 {
        let (x, input) = (index as f64, self.input as f64);
        let output = self.scale * input;
        match self.transform {
            Transform::AlignCorners if output == 1.0 => 0.0,
            Transform::AlignCorners => x * (input - 1.0) / (output - 1.0),
            Transform::Asymmetric => x / self.scale,
            Transform::Crop(start, end) if output == 1.0 => {
                (end - start) * (input - 1.0) / 2.0 + start * (input - 1.0)
            }
            Transform::Crop(start, end) => {
                x * (end - start) * (input - 1.0) / (output - 1.0) + start * (input - 1.0)
            }
            Transform::PytorchHalfPixel if self.output == 1 => 0.0,
            Transform::TensorflowHalfPixel => (x + 0.5) / self.scale,
            Transform::HalfPixel | Transform::PytorchHalfPixel => (x + 0.5) / self.scale - 0.5,
            Transform::HalfPixelSymmetric => {
                let offset = input / 2.0 * (1.0 - self.output as f64 / output);
                offset + (x + 0.5) / self.scale - 0.5
            }
        }
    }

    /// Whether a position reads the input; others get the extrapolation value.
    pub(super) fn is_inside(&self, index: usize) -> bool {
        let Transform::Crop(..) = self.transform else {
            return true;
        };
        (0.0..=self.input as f64 - 1.0).contains(&self.source(index))
    }
}

/// Operands by the names that the operator set in force gives their positions.
struct Operands {
    scales: Option<Vec<f32>>,
    sizes: Option<Vec<i64>>,
    crop: Option<Vec<f32>>,
}

impl Operands {
    fn of(site: &mut Site<'_>) -> Result<Self> {
        let old = site.version() < 11 || site.op_type() == "Upsample";
        if old {
            let scales = match site.floats("scales")? {
                Some(scales) => Some(scales),
                None => numbers(site, 1, "scales")?,
            };
            return Ok(Self {
                scales,
                sizes: None,
                crop: None,
            });
        }
        let sizes = site.known_ints(3, "sizes")?;
        Ok(Self {
            scales: numbers(site, 2, "scales")?,
            sizes: sizes.filter(|list| !list.is_empty()),
            crop: None,
        })
    }
}

/// Floats of a known operand; `None` if absent or empty.
fn numbers(site: &Site<'_>, index: usize, what: &str) -> Result<Option<Vec<f32>>> {
    let Some(tensor) = site.known(index, what)? else {
        return Ok(None);
    };
    match tensor.as_f32() {
        Some(list) => Ok(Some(list.to_vec()).filter(|list| !list.is_empty())),
        None => Err(Error::input(format!("{what} is not a list of floats"))),
    }
}

/// The axes that are named, with their new lengths.
pub(super) fn axes(site: &mut Site<'_>) -> Result<Vec<Axis>> {
    let shape = site.shape(0)?;
    let listed: Vec<usize> = match site.ints("axes")? {
        Some(list) => {
            site::axes(&list, shape.len())?; // refuses repetition
            let resolved = list.iter().map(|&a| axis(a, shape.len()));
            resolved.collect::<Result<_>>()?
        }
        None => (0..shape.len()).collect(),
    };
    let old = site.version() < 11 || site.op_type() == "Upsample";
    let default = if old { "asymmetric" } else { "half_pixel" };
    let mode = site.text("coordinate_transformation_mode", default)?;
    let policy = site.text("keep_aspect_ratio_policy", "stretch")?;
    let mut operands = Operands::of(site)?;
    if mode == "tf_crop_and_resize" {
        operands.crop = numbers(site, 1, "roi")?;
    }
    let lengths = lengths(&operands, &policy, &listed, &shape)?;
    let mut axes = Vec::new();
    for (index, (&axis, (output, scale))) in listed.iter().zip(lengths).enumerate() {
        let positive = output > 0 && scale.is_finite() && scale > 0.0;
        if !positive {
            return Err(Error::input(format!("axis {axis} is resized to {output}")));
        }
        axes.push(Axis {
            axis,
            input: shape[axis],
            output,
            scale,
            transform: transform(&mode, operands.crop.as_deref(), index, listed.len())?,
        });
    }
    let mut resized = shape;
    for axis in &axes {
        resized[axis.axis] = axis.output;
    }
    site.graph.limits.check_shape(&resized, Dtype::F32)?;
    Ok(axes)
}

/// New length and scale of each listed axis.
fn lengths(
    operands: &Operands,
    policy: &str,
    listed: &[usize],
    shape: &[usize],
) -> Result<Vec<(usize, f64)>> {
    let inputs = || listed.iter().map(|&axis| shape[axis]);
    match (&operands.scales, &operands.sizes) {
        (Some(scales), None) if scales.len() == listed.len() => {
            let scaled = |(input, &scale): (usize, &f32)| {
                ((input as f32 * scale) as usize, f64::from(scale))
            };
            Ok(inputs().zip(scales).map(scaled).collect())
        }
        (None, Some(sizes)) if sizes.len() == listed.len() => {
            let size = |&size: &i64| usize::try_from(size).unwrap_or(0);
            let wanted: Vec<usize> = sizes.iter().map(size).collect();
            let scales = || {
                let pairs = wanted.iter().zip(inputs());
                pairs.map(|(&output, input)| output as f64 / input as f64)
            };
            let common = match policy {
                "stretch" => return Ok(wanted.iter().copied().zip(scales()).collect()),
                "not_larger" => scales().reduce(|a, b| if b < a { b } else { a }),
                "not_smaller" => scales().reduce(|a, b| if b > a { b } else { a }),
                other => return Err(Error::input(format!("policy {other} is unknown"))),
            };
            let scale = common.unwrap_or(1.0);
            let rounded = |input: usize| ((scale * input as f64 + 0.5) as usize, scale);
            Ok(inputs().map(rounded).collect())
        }
        _ => Err(Error::input(
            "either scales or sizes must be given, one for each axis",
        )),
    }
}

/// The transformation of the axis at `index` of `count` listed ones.
fn transform(mode: &str, crop: Option<&[f32]>, index: usize, count: usize) -> Result<Transform> {
    Ok(match mode {
        "half_pixel" => Transform::HalfPixel,
        "half_pixel_symmetric" => Transform::HalfPixelSymmetric,
        "pytorch_half_pixel" => Transform::PytorchHalfPixel,
        "tf_half_pixel_for_nn" => Transform::TensorflowHalfPixel,
        "align_corners" => Transform::AlignCorners,
        "asymmetric" => Transform::Asymmetric,
        "tf_crop_and_resize" => match crop {
            Some(crop) if crop.len() == 2 * count => {
                Transform::Crop(f64::from(crop[index]), f64::from(crop[count + index]))
            }
            _ => {
                return Err(Error::input(
                    "roi must name a start and an end for each axis",
                ));
            }
        },
        other => {
            return Err(Error::input(format!(
                "coordinate_transformation_mode {other} is unknown"
            )));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{Axis, Transform};

    /// ONNX: 0 where the resized length is 1, and that is the length, not the scaled one.
    #[test]
    fn a_single_position_of_pytorch_is_the_first() {
        let axis = |input: usize, scale: f64| Axis {
            axis: 0,
            input,
            output: (input as f64 * scale) as usize,
            scale,
            transform: Transform::PytorchHalfPixel,
        };
        assert_eq!(axis(3, 0.5).source(0), 0.0);
        assert_eq!(axis(4, 0.25).source(0), 0.0);
        assert_eq!(axis(4, 0.5).source(0), 0.5);
    }
}
