//! Test data as numbers: ONNX tensors of every dense element type, narrowed to what a device
//! holds, and compared with what it gives.
//!
//! Real numbers (float16 to double) become f32, integers int32 if they fit, truth values u8 0/1.

use half::{bf16, f16};
use qibu_compiler::onnx::{DataType, TensorProto};
use std::collections::BTreeSet;

/// Elements, in the widest type of their family.
#[derive(Clone, Debug)]
pub enum Numbers {
    Real(Vec<f64>),
    Whole(Vec<i128>),
    Truth(Vec<bool>),
}

/// A tensor of the test data.
#[derive(Clone, Debug)]
pub struct Array {
    pub kind: DataType,
    pub shape: Vec<usize>,
    pub numbers: Numbers,
}

/// A tensor as the device holds it.
#[derive(Clone, Debug)]
pub enum Device {
    F32(Vec<f32>),
    I32(Vec<i32>),
    /// Bytes that must be 0 or 1.
    Bool(Vec<u8>),
}

/// How far two real numbers may lie apart.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    pub relative: f64,
    pub absolute: f64,
}

impl Array {
    /// Reads a tensor; the error names its element type or what is wrong with it.
    pub fn read(proto: &TensorProto) -> Result<Self, String> {
        let kind = kind(proto.data_type)?;
        let dims: Option<Vec<usize>> = proto.dims.iter().map(|&d| d.try_into().ok()).collect();
        let shape = dims.ok_or("a negative dimension")?;
        let numbers = if proto.raw_data.is_empty() {
            typed(kind, proto)
        } else {
            raw(kind, &proto.raw_data)
        };
        if numbers.len() != shape.iter().product::<usize>() {
            return Err(format!("{} elements of shape {shape:?}", numbers.len()));
        }
        Ok(Self {
            kind,
            shape,
            numbers,
        })
    }

    /// The class of numbers that the device cannot hold, if there is such an element.
    pub fn beyond(&self) -> Option<&'static str> {
        match &self.numbers {
            Numbers::Whole(items) if items.iter().any(|&x| i32::try_from(x).is_err()) => {
                Some("beyond int32")
            }
            Numbers::Real(items)
                if items
                    .iter()
                    .any(|&x| x.is_finite() && (x as f32).is_infinite()) =>
            {
                Some("beyond f32")
            }
            _ => None,
        }
    }

    /// The elements as the device takes them; `None` if an integer does not fit.
    pub fn narrowed(&self) -> Option<Device> {
        Some(match &self.numbers {
            Numbers::Real(items) => Device::F32(items.iter().map(|&item| item as f32).collect()),
            Numbers::Whole(items) => {
                let narrow = items.iter().map(|&item| i32::try_from(item).ok());
                Device::I32(narrow.collect::<Option<_>>()?)
            }
            Numbers::Truth(items) => Device::Bool(items.iter().map(|&item| item.into()).collect()),
        })
    }

    /// What the device's types do to this one, in words; `None` where nothing.
    pub fn narrowing(&self) -> Option<&'static str> {
        use DataType::*;
        match self.kind {
            Int64 => Some("int64 narrows to int32"),
            Uint32 | Uint64 => Some("uint32 and uint64 narrow to int32"),
            Double => Some("double narrows to f32"),
            Float16 | Bfloat16 => Some("float16 and bfloat16 widen to f32"),
            Int8 | Uint8 | Int16 | Uint16 => Some("8-bit and 16-bit integers widen to int32"),
            Bool => Some("bool is u8 0/1"),
            _ => None,
        }
    }

    /// Compares with the device's answer; the error shows the first difference.
    pub fn compare(&self, ours: &Device, tolerance: Tolerance) -> Result<(), String> {
        match (&self.numbers, ours) {
            (Numbers::Real(expected), Device::F32(ours)) => {
                // Numbers of fewer bits are compared as f32 holds them: the device rounds for itself.
                let wide = ours.iter().map(|&item| f64::from(item));
                differences(expected, wide, |e, o| close(*e, *o, tolerance))
            }
            (Numbers::Whole(expected), Device::I32(ours)) => {
                let wide = ours.iter().map(|&item| i128::from(item));
                differences(expected, wide, |e, o| e == o)
            }
            (Numbers::Truth(expected), Device::Bool(ours)) => {
                let bytes: Vec<u8> = expected.iter().map(|&item| item.into()).collect();
                differences(&bytes, ours.iter().copied(), |e, o| e == o)
            }
            (expected, ours) => Err(format!(
                "the device gives {}, expected {}",
                ours.name(),
                expected.name()
            )),
        }
    }
}

impl Device {
    fn name(&self) -> &'static str {
        match self {
            Self::F32(_) => "real numbers",
            Self::I32(_) => "integers",
            Self::Bool(_) => "truth values",
        }
    }
}

impl Numbers {
    fn len(&self) -> usize {
        match self {
            Self::Real(items) => items.len(),
            Self::Whole(items) => items.len(),
            Self::Truth(items) => items.len(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Real(_) => "real numbers",
            Self::Whole(_) => "integers",
            Self::Truth(_) => "truth values",
        }
    }
}

/// The narrowings of several tensors.
pub fn narrowings<'a>(arrays: impl Iterator<Item = &'a Array>) -> BTreeSet<&'static str> {
    arrays.filter_map(Array::narrowing).collect()
}

/// The dense numeric element types; the error names any other.
pub fn kind(code: i32) -> Result<DataType, String> {
    use DataType::*;
    match DataType::try_from(code) {
        Ok(kind @ (String | Complex64 | Complex128 | Undefined)) => Err(format!(
            "element type {}",
            format!("{kind:?}").to_lowercase()
        )),
        Ok(kind) => Ok(kind),
        Err(_) => {
            let names = [
                "float8e4m3fn",
                "float8e4m3fnuz",
                "float8e5m2",
                "float8e5m2fnuz",
                "uint4",
                "int4",
                "float4e2m1",
                "float8e8m0",
                "uint2",
                "int2",
            ];
            let name = usize::try_from(code - 17).ok().and_then(|i| names.get(i));
            Err(match name {
                Some(name) => format!("element type {name}"),
                None => format!("element type {code}"),
            })
        }
    }
}

fn raw(kind: DataType, bytes: &[u8]) -> Numbers {
    use DataType::*;
    fn each<const N: usize, T>(bytes: &[u8], decode: impl Fn([u8; N]) -> T) -> Vec<T> {
        let (items, _) = bytes.as_chunks();
        items.iter().map(|&item| decode(item)).collect()
    }
    match kind {
        Float => Numbers::Real(each(bytes, |b| f32::from_le_bytes(b).into())),
        Double => Numbers::Real(each(bytes, f64::from_le_bytes)),
        Float16 => Numbers::Real(each(bytes, |b| f16::from_le_bytes(b).into())),
        Bfloat16 => Numbers::Real(each(bytes, |b| bf16::from_le_bytes(b).into())),
        Int8 => Numbers::Whole(each(bytes, |b| i8::from_le_bytes(b).into())),
        Uint8 => Numbers::Whole(each(bytes, |b| u8::from_le_bytes(b).into())),
        Int16 => Numbers::Whole(each(bytes, |b| i16::from_le_bytes(b).into())),
        Uint16 => Numbers::Whole(each(bytes, |b| u16::from_le_bytes(b).into())),
        Int32 => Numbers::Whole(each(bytes, |b| i32::from_le_bytes(b).into())),
        Uint32 => Numbers::Whole(each(bytes, |b| u32::from_le_bytes(b).into())),
        Int64 => Numbers::Whole(each(bytes, |b| i64::from_le_bytes(b).into())),
        Uint64 => Numbers::Whole(each(bytes, |b| u64::from_le_bytes(b).into())),
        _ => Numbers::Truth(each(bytes, |[b]| b != 0)),
    }
}

fn typed(kind: DataType, proto: &TensorProto) -> Numbers {
    use DataType::*;
    let words = proto.int32_data.iter();
    match kind {
        Float => Numbers::Real(proto.float_data.iter().map(|&x| x.into()).collect()),
        Double => Numbers::Real(proto.double_data.clone()),
        Float16 => Numbers::Real(words.map(|&w| f16::from_bits(w as u16).into()).collect()),
        Bfloat16 => Numbers::Real(words.map(|&w| bf16::from_bits(w as u16).into()).collect()),
        Int64 => Numbers::Whole(proto.int64_data.iter().map(|&x| x.into()).collect()),
        Uint32 | Uint64 => Numbers::Whole(proto.uint64_data.iter().map(|&x| x.into()).collect()),
        Bool => Numbers::Truth(words.map(|&w| w != 0).collect()),
        _ => Numbers::Whole(words.map(|&w| w.into()).collect()),
    }
}

/// As `numpy.testing.assert_allclose`: NaN equals NaN, an infinity itself only.
fn close(expected: f64, ours: f64, tolerance: Tolerance) -> bool {
    if expected.is_nan() || ours.is_nan() {
        return expected.is_nan() && ours.is_nan();
    }
    if expected.is_infinite() || ours.is_infinite() {
        return expected == ours;
    }
    (ours - expected).abs() <= tolerance.absolute + tolerance.relative * expected.abs()
}

fn differences<T: std::fmt::Debug>(
    expected: &[T],
    ours: impl ExactSizeIterator<Item = T>,
    same: impl Fn(&T, &T) -> bool,
) -> Result<(), String> {
    if expected.len() != ours.len() {
        return Err(format!("{} elements, not {}", ours.len(), expected.len()));
    }
    let pairs = expected.iter().zip(ours).enumerate();
    let wrong: Vec<_> = pairs.filter(|(_, (e, o))| !same(e, o)).collect();
    match wrong.first() {
        None => Ok(()),
        Some((at, (e, o))) => Err(format!(
            "{} of {} differ; element {at} is {o:?}, expected {e:?}",
            wrong.len(),
            expected.len()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIGHT: Tolerance = Tolerance {
        relative: 1e-3,
        absolute: 1e-7,
    };

    #[test]
    fn closeness_is_numpys() {
        let cases = [
            (1.0, 1.0009, true),
            (1.0, 1.0011, false),
            (0.0, 9e-8, true),
            (0.0, 2e-7, false),
            (f64::NAN, f64::NAN, true),
            (f64::NAN, 1.0, false),
            (f64::INFINITY, f64::INFINITY, true),
            (f64::INFINITY, f64::NEG_INFINITY, false),
            (f64::INFINITY, 1e300, false),
            (1e300, f64::INFINITY, false),
        ];
        for (expected, ours, same) in cases {
            assert_eq!(close(expected, ours, TIGHT), same, "{expected} {ours}");
        }
    }

    #[test]
    fn integers_are_compared_exactly_and_in_range() {
        let array = |items: Vec<i128>| Array {
            kind: DataType::Int64,
            shape: vec![items.len()],
            numbers: Numbers::Whole(items),
        };
        let large = array(vec![100_000]);
        assert!(large.compare(&Device::I32(vec![100_000]), TIGHT).is_ok());
        assert!(large.compare(&Device::I32(vec![100_001]), TIGHT).is_err());
        assert!(large.compare(&Device::F32(vec![1e5]), TIGHT).is_err());
        assert!(array(vec![1 << 31]).narrowed().is_none());
    }
}
