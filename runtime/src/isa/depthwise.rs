//! Depthwise convolutions: what each instruction set does with channels that do not mix.

use crate::kernels::conv::depthwise::Layer;
#[cfg(not(any(target_arch = "arm", target_arch = "riscv32", target_arch = "x86_64")))]
use crate::kernels::conv::depthwise::lanes::Lanes;
#[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
use crate::kernels::conv::depthwise::plane::Planes;
#[cfg(all(not(isa = "dsp"), any(target_arch = "arm", target_arch = "riscv32")))]
use crate::kernels::conv::depthwise::plane::Portable;
use crate::kernels::sink::Sink;

/// How an instruction set runs depthwise layers: as `conv::I8_I8` would, bit by bit.
pub(crate) trait Depthwise {
    /// Convolves one image `[H, W, C]`; results go to elements from `first` on of the sink.
    ///
    /// `scratch` is aligned to 16 bytes, as long as the format says at least, and holds anything.
    /// `None` where something is shorter than the layer says, which loading rules out.
    fn image(
        layer: &Layer<'_>,
        input: &[i8],
        scratch: &mut [u8],
        sink: &mut Sink<'_>,
        first: usize,
    ) -> Option<()>;
}

/// The instruction set of this build.
#[cfg(isa = "dsp")]
pub(crate) type Channels = Planes<super::dsp::Depthwise>;
/// The instruction set of this build.
#[cfg(all(not(isa = "dsp"), any(target_arch = "arm", target_arch = "riscv32")))]
pub(crate) type Channels = Planes<Portable>;
/// The instruction sets of this processor.
#[cfg(target_arch = "x86_64")]
pub(crate) type Channels = super::x86::Best;
/// The instruction set of this build.
#[cfg(not(any(target_arch = "arm", target_arch = "riscv32", target_arch = "x86_64")))]
pub(crate) type Channels = Lanes;
