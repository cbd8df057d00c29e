//! One kernel, and sets of them: a firmware links the kernels of its set and no others.
//!
//! ```text
//! load:  for each step, the kernel of the set that has its operator and takes its element types
//!        checks it; none: refused
//! run:   the same search, then the kernel runs
//! ```
//!
//! The search is a handful of comparisons for each step. A kernel is named by address only in its
//! set, so that the linker drops the others.

use crate::arena;
use crate::error::{Fault, InputError};
use crate::execute::Run;
use crate::format::{DType, Layout, Opcode};
use crate::step::Step;
use core::fmt;

/// An operator for some element types: what loading checks of a step, and how it runs.
///
/// All kernels are constants in the modules of [`crate::kernels`], named after their operator and
/// element types; `qibu compile` writes, beside a model, the set that the model needs.
pub struct Kernel {
    opcode: Opcode,
    /// Element types of input 0 and of input 1.
    types: [Types; 2],
    pub(super) check: fn(&Step<'_>) -> Result<u64, Fault>,
    pub(crate) run: fn(&Step<'_>, arena::Operands<'_>) -> Option<()>,
    /// Whether it is for steps with scratch, or for those without.
    scratch: bool,
    pub(super) cost: Option<fn(&Step<'_>) -> u64>,
    pub(crate) guard: Option<Guard>,
}

/// Looks, before the step at a position, at the indices that the caller set.
type Guard = fn(&Run<'_, '_>, &Step<'_>, usize) -> Result<(), InputError>;

/// The kernels that a program links.
pub type KernelSet<'k> = &'k [&'k Kernel];

impl Kernel {
    pub(super) const fn new(
        opcode: Opcode,
        types: [Types; 2],
        check: fn(&Step<'_>) -> Result<u64, Fault>,
        run: fn(&Step<'_>, arena::Operands<'_>) -> Option<()>,
    ) -> Self {
        Self {
            opcode,
            types,
            check,
            run,
            scratch: false,
            cost: None,
            guard: None,
        }
    }

    /// The kernel with another work per element written than one, see [`Step::work`].
    pub(super) const fn costing(self, cost: fn(&Step<'_>) -> u64) -> Self {
        Self {
            cost: Some(cost),
            ..self
        }
    }

    /// The kernel for steps that have scratch.
    pub(super) const fn with_scratch(self) -> Self {
        Self {
            scratch: true,
            ..self
        }
    }

    /// The kernel behind a look at its indices.
    pub(super) const fn guarded(self, guard: Guard) -> Self {
        Self {
            guard: Some(guard),
            ..self
        }
    }

    /// The operator.
    #[must_use]
    pub fn opcode(&self) -> Opcode {
        self.opcode
    }

    /// Whether the kernel runs `step`.
    #[must_use]
    #[inline]
    pub fn takes(&self, step: &Step<'_>) -> bool {
        self.opcode == step.opcode && self.takes_operands(&Operands::of(step))
    }

    /// Whether the kernel of `kernels` runs `step`. Its operands are looked at once, not for each kernel.
    pub(crate) fn find<'k>(kernels: KernelSet<'k>, step: &Step<'_>) -> Option<&'k Self> {
        let operands = Operands::of(step);
        let takes =
            |kernel: &&&Self| kernel.opcode == step.opcode && kernel.takes_operands(&operands);
        kernels.iter().find(takes).copied()
    }

    fn takes_operands(&self, operands: &Operands) -> bool {
        let ([first, second], [x, y]) = (&self.types, &operands.types);
        self.scratch == operands.scratch && first.0 & x != 0 && second.0 & y != 0
    }
}

/// What a kernel is chosen by: whether a step has scratch, and a bit for the type of each of its first
/// inputs.
struct Operands {
    scratch: bool,
    types: [u32; 2],
}

impl Operands {
    fn of(step: &Step<'_>) -> Self {
        let bit = |input| match step.input(input) {
            Some(tensor) => 1 << (tensor.layout() as u32 * u8::BITS + tensor.dtype() as u32),
            None => NONE,
        };
        Self {
            scratch: step.scratch().is_some(),
            types: [bit(0), bit(1)],
        }
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.opcode.name())
    }
}

/// A set of element types, each in one layout.
#[derive(Clone, Copy)]
pub(super) struct Types(u32);

/// Types of the plain layout; those of each further one follow.
const PLAIN: u32 = u8::MAX as u32;
/// No tensor at all: the bit of four-bit elements in tiles of sixteen rows, which do not exist.
const NONE: u32 = 1 << 31;

impl Types {
    /// Any in the plain layout, and none at all.
    pub const ANY: Self = Self(PLAIN | NONE);
    pub const I8: Self = Self::of(&[DType::I8]);
    pub const I4: Self = Self::of(&[DType::I4]);
    pub const I16: Self = Self::of(&[DType::I16]);
    pub const I32: Self = Self::of(&[DType::I32]);
    pub const F32: Self = Self::of(&[DType::F32]);
    pub const F16: Self = Self::of(&[DType::F16]);
    pub const BOOL: Self = Self::of(&[DType::Bool]);
    /// Quantised activations.
    pub const QUANTISED: Self = Self::of(&[DType::I8, DType::I16]);

    pub const fn of(dtypes: &[DType]) -> Self {
        let mut set = 0;
        let mut rest = dtypes;
        while let [first, tail @ ..] = rest {
            set |= 1 << *first as u32;
            rest = tail;
        }
        Self(set)
    }

    /// int8 in a layout.
    pub const fn tiled(layout: Layout) -> Self {
        Self(1 << (layout as u32 * u8::BITS + DType::I8 as u32))
    }
}
