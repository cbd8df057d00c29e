//! One kernel, and sets of them: a firmware links the kernels of its set and no others.
//!
//! ```text
//! load:  for each step, the kernel of the set that has its operator and takes its element types
//!        checks it; none: refused
//! run:   the same search (or what it found before, see execute/kept), then the kernel runs
//! ```
//!
//! The search is a handful of comparisons for each step. A kernel is named by address only in its
//! set, so that the linker drops the others.

use crate::arena::Operands;
use crate::error::{Fault, InputError};
use crate::execute::Run;
use crate::format::{DType, Layout, Opcode, Tensor};
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
    pub(crate) run: fn(&Step<'_>, Operands<'_>) -> Option<()>,
    /// Whether it is for steps with scratch, or for those without.
    scratch: bool,
    /// Functions that attribute 0 may name, a bit for each; all where it names none.
    functions: u32,
    pub(super) cost: Option<fn(&Step<'_>, u64) -> u64>,
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
        run: fn(&Step<'_>, Operands<'_>) -> Option<()>,
    ) -> Self {
        Self {
            opcode,
            types,
            check,
            run,
            scratch: false,
            functions: u32::MAX,
            cost: None,
            guard: None,
        }
    }

    /// The kernel whose work, multiply-accumulates apart, is not just the number of elements written,
    /// which `cost` is given.
    pub(super) const fn costing(self, cost: fn(&Step<'_>, u64) -> u64) -> Self {
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

    /// The kernel for steps whose attribute 0 is one of these.
    pub(super) const fn of_functions(self, functions: u32) -> Self {
        Self { functions, ..self }
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
        self.opcode == step.opcode && self.takes_types(step) && self.takes_function(step)
    }

    /// Codes beyond 31, which no operator has, are some kernel's to refuse. A rotation takes its count
    /// modulo 32, on Arm in one instruction.
    fn takes_function(&self, step: &Step<'_>) -> bool {
        self.functions == u32::MAX || self.functions.rotate_right(step.attribute(0)) & 1 != 0
    }

    /// The kernel of `kernels` that runs `step`.
    #[cfg(not(target_pointer_width = "64"))]
    pub(crate) fn find<'k>(kernels: KernelSet<'k>, step: &Step<'_>) -> Option<&'k Self> {
        kernels.iter().find(|kernel| kernel.takes(step)).copied()
    }

    /// The kernel of `kernels` that runs `step`, of many: its operands are looked at once, not for each
    /// kernel, which takes more code than a chip has to spare.
    #[cfg(target_pointer_width = "64")]
    pub(crate) fn find<'k>(kernels: KernelSet<'k>, step: &Step<'_>) -> Option<&'k Self> {
        let scratch = step.scratch().is_some();
        let [x, y] = [0, 1].map(|input| Types::bit(step.input(input)));
        let find = |kernels: KernelSet<'k>| {
            let takes = |kernel: &&&Self| {
                let [first, second] = &kernel.types;
                kernel.opcode == step.opcode
                    && kernel.scratch == scratch
                    && first.has(x)
                    && second.has(y)
                    && kernel.takes_function(step)
            };
            kernels.iter().find(takes).copied()
        };
        // Where the set is that of all kernels, those of the operator are known to start here.
        let first = FIRST.get(step.opcode as usize);
        let found = first.and_then(|&first| find(kernels.get(first.into()..)?));
        found.or_else(|| find(kernels))
    }

    fn takes_types(&self, step: &Step<'_>) -> bool {
        let [first, second] = &self.types;
        self.scratch == step.scratch().is_some() && first.take(step, 0) && second.take(step, 1)
    }
}

/// Places in [`super::ALL`] of each operator's first kernel, by its code: bytes, which link no kernel.
#[cfg(target_pointer_width = "64")]
const FIRST: [u8; Opcode::ALL.len() + 1] = {
    let mut first = [0; Opcode::ALL.len() + 1];
    let mut index = super::ALL.len();
    while index > 0 {
        index -= 1;
        first[super::ALL[index].opcode as usize] = index as u8;
    }
    first
};

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
/// The bit of no tensor at all: that of an eighth type in tiles of sixteen rows, which loading refuses.
const NONE: u32 = Layout::Tile16 as u32 * u8::BITS + 7;

impl Types {
    /// Any in the plain layout, and none at all.
    pub const ANY: Self = Self(PLAIN | 1 << NONE);
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

    /// Weights of `dtype` in a layout.
    pub const fn tiled(layout: Layout, dtype: DType) -> Self {
        Self(1 << (layout as u32 * u8::BITS + dtype as u32))
    }

    fn take(self, step: &Step<'_>, input: usize) -> bool {
        self.has(Self::bit(step.input(input)))
    }

    /// The bit of a tensor's type, or of none.
    #[inline(always)]
    fn bit(tensor: Option<Tensor<'_>>) -> u32 {
        let bit = |tensor: Tensor| tensor.layout() as u32 * u8::BITS + tensor.dtype() as u32;
        tensor.map_or(NONE, bit)
    }

    #[inline(always)]
    fn has(self, bit: u32) -> bool {
        self.0 >> bit & 1 != 0
    }
}
