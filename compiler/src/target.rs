//! Processors that weights are arranged for.

use clap::ValueEnum;
use qibu::format::Layout;
use std::collections::BTreeMap;

/// What a file's weights are arranged for. Every file runs everywhere, with the same bits; on other
/// processors it is slower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, ValueEnum)]
pub enum Target {
    /// Plain weights, the least RAM.
    #[default]
    Portable,
    /// Small Cortex-M cores without DSP instructions; Cortex-M0+ and M23 too.
    CortexM0,
    /// Cortex-M3.
    CortexM3,
    /// Cortex-M cores with DSP instructions.
    CortexM4,
    /// As cortex-m4.
    CortexM7,
    /// As cortex-m4, for a build with `-Ctarget-cpu=cortex-m33`.
    CortexM33,
    /// Helium, for a build with `-Ctarget-cpu=cortex-m55`.
    CortexM55,
    /// RISC-V of 32 bits.
    Riscv32,
    /// AVX2 and AVX-512.
    X86_64,
    /// NEON.
    Aarch64,
    /// WebAssembly with simd128.
    Wasm32,
    /// The processor that the compiler itself runs on.
    Host,
}

impl Target {
    /// All targets.
    #[must_use]
    pub fn all() -> &'static [Self] {
        Self::value_variants()
    }

    /// The name, as the command line knows it.
    #[must_use]
    pub fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// The layout of int8 weights that meet `columns` columns of activations.
    #[must_use]
    pub fn layout(self, columns: usize) -> Layout {
        match self {
            Self::Portable => Layout::Plain,
            // With few columns, rows share what is loaded of a column instead.
            Self::CortexM4 | Self::CortexM7 | Self::CortexM33 if columns < 3 => Layout::Tile4,
            Self::CortexM0
            | Self::CortexM3
            | Self::CortexM4
            | Self::CortexM7
            | Self::CortexM33
            | Self::CortexM55
            | Self::Riscv32 => Layout::Tile1,
            Self::Aarch64 | Self::Wasm32 => Layout::Tile4,
            Self::X86_64 => Layout::Tile16,
            Self::Host => Self::here().layout(columns),
        }
    }

    /// Whether weights of two bytes each save time: DSP instructions multiply pairs of 16 bits, and
    /// extend int8 weights to them.
    #[must_use]
    pub fn has_wide(self) -> bool {
        matches!(self, Self::CortexM4 | Self::CortexM7 | Self::CortexM33)
    }

    /// The processor of this build.
    #[must_use]
    pub fn here() -> Self {
        match std::env::consts::ARCH {
            "x86_64" => Self::X86_64,
            "aarch64" => Self::Aarch64,
            _ => Self::Portable,
        }
    }
}

/// How a file's weights are arranged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrangement {
    /// The processor.
    pub target: Target,
    /// Layouts that were measured, by the names of weights; the target's own choice for all others.
    pub tuned: BTreeMap<String, Layout>,
    /// Whether weights in tiles have two bytes each, see [`Target::has_wide`].
    pub wide: bool,
}

impl Arrangement {
    /// The layout of the int8 weights `name`, which meet `columns` columns of activations.
    #[must_use]
    pub fn layout(&self, name: &str, columns: usize) -> Layout {
        let tuned = self.tuned.get(name).copied();
        tuned.unwrap_or_else(|| self.target.layout(columns))
    }

    /// `target`'s, with two bytes for each weight in tiles.
    #[must_use]
    pub fn wide(target: Target) -> Self {
        Self {
            wide: true,
            ..target.into()
        }
    }
}

impl From<Target> for Arrangement {
    fn from(target: Target) -> Self {
        Self {
            target,
            ..Self::default()
        }
    }
}
