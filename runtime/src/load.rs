//! `Model::load`: everything that running relies on, checked once.
//!
//! Order: the header and the sections' ranges, the structure checksum, then the records — text,
//! tensors, functions with their steps (each kernel checks its own operands). Every sum and product that a
//! file controls is overflow-checked. Nothing here allocates or recurses. The time is linear in the
//! file's length but for three parts: steps against the steps before them and inputs against each
//! other, which counts bound, and biases that several steps share, which [`Limits`] bounds.

mod flow;
mod records;

use crate::error::{Fault, LoadError};
use crate::format::{ALIGNMENT, Header, Section, VERSION, aligned, crc, header};
use crate::kernels::KernelSet;
use crate::model::Model;

/// What a caller is willing to spend on a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most work of one run of one function: multiply-accumulates, elements written, and in
    /// `TopKDense` and `TopKGroups` candidates that a score passes.
    pub macs: u64,
}

impl Default for Limits {
    /// 2³² multiply-accumulates: seconds on a desktop, minutes on a small chip.
    fn default() -> Self {
        Self { macs: 1 << 32 }
    }
}

/// Most steps of a file. With the next two it bounds the quadratic parts of loading.
pub const MAX_STEPS: u32 = 4096;
/// Most functions of a file.
pub(crate) const MAX_FUNCTIONS: u32 = 256;
/// Most inputs, and most outputs, of a function.
pub(crate) const MAX_ENDS: u32 = 256;

pub(crate) fn load<'m>(
    bytes: &'m [u8],
    kernels: KernelSet<'m>,
    limits: Limits,
) -> Result<Model<'m>, LoadError> {
    let model = sections(bytes, kernels)?;
    let mut site: Site = (LoadError::Tensor, 0);
    let checked = records::check_tensors(&model, &mut site)
        .and_then(|()| flow::check_functions(&model, limits, &mut site));
    match checked {
        Ok(()) => Ok(model),
        Err(fault) => Err((site.0)(site.1, fault)),
    }
}

/// The record that is being checked, kept beside the checks: these answer with a [`Fault`], a byte.
type Site = (fn(u32, Fault) -> LoadError, u32);

/// Cuts the file into its sections and checks the structure checksum.
fn sections<'m>(bytes: &'m [u8], kernels: KernelSet<'m>) -> Result<Model<'m>, LoadError> {
    if !bytes.as_ptr().addr().is_multiple_of(ALIGNMENT) {
        return Err(LoadError::Alignment);
    }
    let Some(head) = bytes.first_chunk::<{ Header::LENGTH }>() else {
        return Err(if bytes.starts_with(&crate::format::MAGIC) {
            LoadError::Length
        } else {
            LoadError::Header
        });
    };
    let header = Header::parse(head).ok_or(LoadError::Header)?;
    if header.version != VERSION {
        return Err(LoadError::Version(header.version));
    }
    if header.flags & !header::FLAG_NOISE_CALIBRATED != 0 {
        return Err(LoadError::Flags);
    }
    if header.file_length as usize != bytes.len() {
        return Err(LoadError::Length);
    }
    let (weights, length) = header.range(Section::Weights).ok_or(LoadError::Length)?;
    if weights.checked_add(length).and_then(aligned) != Some(bytes.len()) {
        return Err(LoadError::Length);
    }
    let covered = bytes.get(Header::CHECKED_FROM..weights);
    if crc::crc32(covered.ok_or(LoadError::Length)?) != header.structure_crc {
        return Err(LoadError::Checksum);
    }
    let mut rest = bytes.get(Header::LENGTH..).unwrap_or(&[]);
    let mut next = |section| {
        let (bytes, padding) = cut(&mut rest, &header, section).ok_or(LoadError::Length)?;
        match padding.iter().all(|&byte| byte == 0) {
            true => Ok(bytes),
            false => Err(LoadError::Padding(section)),
        }
    };
    let words = |section| bytemuck::try_cast_slice(section).map_err(|_| LoadError::Alignment);
    Ok(Model {
        head,
        functions: words(next(Section::Functions)?)?,
        tensors: words(next(Section::Tensors)?)?,
        steps: words(next(Section::Steps)?)?,
        parameters: words(next(Section::Parameters)?)?,
        text: core::str::from_utf8(next(Section::Text)?).map_err(|_| LoadError::Text)?,
        weights: next(Section::Weights)?,
        kernels,
    })
}

/// The next section of `rest`, and the padding behind it.
fn cut<'m>(rest: &mut &'m [u8], header: &Header, section: Section) -> Option<(&'m [u8], &'m [u8])> {
    let index = section as usize;
    let length = *header.counts.get(index)? as usize;
    let length = length.checked_mul(*Header::UNITS.get(index)?)?;
    let (padded, behind) = rest.split_at_checked(aligned(length)?)?;
    *rest = behind;
    padded.split_at_checked(length)
}
