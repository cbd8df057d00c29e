//! What runs where: the machines of the test "same bits", and what they hold.
//!
//! The build script of `tests/bits` includes this file by path and makes the linker scripts from it;
//! `tests/tests/bits` runs what it lists, and fails where a machine runs less or could run more.

/// Which part of what is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Every kernel's random vectors.
    Vectors,
    /// Couplets of the little poem model of the tests.
    Sample,
    /// Couplets of `models/poem-small`.
    PoemSmall,
    /// Couplets of `models/poem5`, and its other functions.
    Poem5,
    /// A page, by `models/cws-150k`.
    Cws150k,
    /// A page, by `models/cws-300k`.
    Cws300k,
    /// A page, by `models/cws`.
    Cws,
    /// The geometries of MLPerf Tiny, the project's own graphs.
    Geometries,
    /// The published models of MLPerf Tiny.
    Published,
}

use Group::{Cws, Cws150k, Cws300k, Geometries, Poem5, PoemSmall, Published, Sample, Vectors};

/// Everything.
pub const ALL: &[Group] = &[
    Vectors, Sample, PoemSmall, Poem5, Cws150k, Cws300k, Cws, Geometries, Published,
];

/// Start and length of a stretch of memory.
pub type Range = (u32, u32);

/// How a machine is made here.
#[derive(Clone, Copy, Debug)]
pub enum Emulator {
    /// A board of `qemu-system-arm`.
    Arm(&'static str),
    /// A board of `qemu-system-riscv32`.
    RiscV(&'static str),
    /// `qemu-aarch64`: a processor of this name, with the host's Linux.
    Linux(&'static str),
    /// WebAssembly in `wasmi`.
    Wasm,
}

/// The timer by which a program counts instructions: with QEMU's `-icount shift=8` an instruction
/// takes 256 ns of the machine's time, several ticks, so that rounding finds how many there were.
#[derive(Clone, Copy, Debug)]
pub enum Timer {
    /// None that this project uses.
    None,
    /// CMSDK timer at an address: 32 bits, counts down.
    Cmsdk {
        /// Its first register.
        base: u32,
        /// Ticks a second.
        hertz: u32,
    },
    /// System counter of 64 bits.
    Counter {
        /// The register that starts it.
        control: u32,
        /// Its value.
        value: u32,
        /// Ticks a second.
        hertz: u32,
    },
}

/// The kernels of a program.
#[derive(Clone, Copy, Debug)]
pub enum Kernels {
    /// All that the runtime has.
    All,
    /// Those of these names, as a firmware links those of its models.
    Some(&'static [&'static str]),
}

/// Kernels of the small models of poems and tags.
const TEXT: &[&str] = &[
    "arithmetic::ADD_INTEGER",
    "concat::ANY",
    "conv::I16_I4",
    "conv::I16_I8",
    "conv::I8_I8",
    "copy::ANY",
    "dense::I16_I4",
    "dense::I16_I8",
    "gate::INTEGER",
    "gather::I4",
    "gather::PLAIN",
    "top_k_dense::I16_I4",
    "top_k_dense::I16_I8",
    "types::DEQUANTISE",
    "types::QUANTISE",
];

/// A machine.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// Its name; up to a `+`, that of its program in `tests/bits`.
    pub name: &'static str,
    /// Its processor.
    pub core: &'static str,
    /// What its program is compiled for.
    pub target: &'static str,
    /// rustc's flags for that, which choose instruction sets.
    pub flags: &'static str,
    /// What runs it.
    pub emulator: Emulator,
    /// Where code and constants go; on boards that hold the bundle in flash, the part before it.
    pub flash: Range,
    /// Where the bundle goes: the rest of the flash, or memory outside the chip.
    pub bundle: Range,
    /// All of the RAM. The arena is its start, the stack its end.
    pub ram: Range,
    /// Bytes of arena.
    pub arena: u32,
    /// What its program links.
    pub kernels: Kernels,
    /// What runs here.
    pub groups: &'static [Group],
    /// What counts instructions.
    pub timer: Timer,
}

impl Machine {
    /// The name of its program.
    #[must_use]
    pub fn program(&self) -> &'static str {
        self.name
            .split_once('+')
            .map_or(self.name, |(name, _)| name)
    }
}

const K: u32 = 1024;
const M: u32 = 1024 * K;

/// A machine without memory of its own: what its program needs is there.
const HOSTED: Machine = Machine {
    name: "",
    core: "",
    target: "",
    flags: "",
    emulator: Emulator::Linux(""),
    flash: (0, 0),
    bundle: (0, 16 * M),
    ram: (0, 0),
    arena: M,
    kernels: Kernels::All,
    groups: ALL,
    timer: Timer::None,
};

/// ARM's MPS2 board: two memories of 4 MB, and 16 MB outside the chip.
const MPS2: Machine = Machine {
    flash: (0, 4 * M),
    bundle: (0x2100_0000, 16 * M),
    ram: (0x2000_0000, 4 * M),
    timer: Timer::Cmsdk {
        base: 0x4000_0000,
        hertz: 25_000_000,
    },
    ..HOSTED
};

/// All of them; the host, an x86-64, is what they are compared with.
pub const MACHINES: &[Machine] = &[
    Machine {
        name: "microbit",
        core: "Cortex-M0",
        target: "thumbv6m-none-eabi",
        emulator: Emulator::Arm("microbit"),
        flash: (0, 188 * K),
        bundle: (188 * K, 68 * K),
        ram: (0x2000_0000, 16 * K),
        arena: 8 * K,
        groups: &[Vectors, Sample],
        ..HOSTED
    },
    Machine {
        name: "microbit-text",
        core: "Cortex-M0",
        target: "thumbv6m-none-eabi",
        emulator: Emulator::Arm("microbit"),
        flash: (0, 96 * K),
        bundle: (96 * K, 160 * K),
        ram: (0x2000_0000, 16 * K),
        arena: 8 * K,
        kernels: Kernels::Some(TEXT),
        groups: &[PoemSmall, Cws150k],
        ..HOSTED
    },
    Machine {
        name: "lm3s6965evb",
        core: "Cortex-M3",
        target: "thumbv7m-none-eabi",
        emulator: Emulator::Arm("lm3s6965evb"),
        flash: (0, 184 * K),
        bundle: (184 * K, 72 * K),
        ram: (0x2000_0000, 64 * K),
        arena: 48 * K,
        groups: &[Vectors, Sample],
        ..HOSTED
    },
    Machine {
        name: "lm3s6965evb-text",
        core: "Cortex-M3",
        target: "thumbv7m-none-eabi",
        emulator: Emulator::Arm("lm3s6965evb"),
        flash: (0, 96 * K),
        bundle: (96 * K, 160 * K),
        ram: (0x2000_0000, 64 * K),
        arena: 48 * K,
        kernels: Kernels::Some(TEXT),
        groups: &[PoemSmall, Cws150k],
        ..HOSTED
    },
    Machine {
        name: "netduinoplus2",
        core: "Cortex-M4F",
        target: "thumbv7em-none-eabihf",
        emulator: Emulator::Arm("netduinoplus2"),
        flash: (0x0800_0000, 184 * K),
        bundle: (0x0802_E000, 840 * K),
        ram: (0x2000_0000, 128 * K),
        arena: 112 * K,
        groups: &[Vectors, Sample, PoemSmall, Cws150k, Cws300k, Cws],
        ..HOSTED
    },
    Machine {
        name: "mps2-an385-v6m",
        core: "Cortex-M3, as ARMv6-M",
        target: "thumbv6m-none-eabi",
        emulator: Emulator::Arm("mps2-an385"),
        ..MPS2
    },
    Machine {
        name: "mps2-an385",
        core: "Cortex-M3",
        target: "thumbv7m-none-eabi",
        emulator: Emulator::Arm("mps2-an385"),
        ..MPS2
    },
    Machine {
        name: "mps2-an386",
        core: "Cortex-M4F",
        target: "thumbv7em-none-eabihf",
        emulator: Emulator::Arm("mps2-an386"),
        ..MPS2
    },
    Machine {
        name: "mps2-an500",
        core: "Cortex-M7",
        target: "thumbv7em-none-eabihf",
        emulator: Emulator::Arm("mps2-an500"),
        bundle: (0x6000_0000, 16 * M),
        ..MPS2
    },
    Machine {
        name: "mps2-an505",
        core: "Cortex-M33",
        target: "thumbv8m.main-none-eabihf",
        flags: "-Ctarget-cpu=cortex-m33",
        emulator: Emulator::Arm("mps2-an505"),
        flash: (0x1000_0000, 4 * M),
        bundle: (0x8000_0000, 16 * M),
        ram: (0x3800_0000, 4 * M),
        timer: Timer::Cmsdk {
            base: 0x5000_0000,
            hertz: 20_000_000,
        },
        ..MPS2
    },
    Machine {
        name: "mps3-an547",
        core: "Cortex-M55",
        target: "thumbv8m.main-none-eabihf",
        flags: "-Ctarget-cpu=cortex-m55",
        emulator: Emulator::Arm("mps3-an547"),
        flash: (0, 512 * K),
        bundle: (0x6000_0000, 16 * M),
        ram: (0x2000_0000, 512 * K),
        arena: 448 * K,
        timer: Timer::Counter {
            control: 0x5810_0000,
            value: 0x5800_0000,
            hertz: 32_000_000,
        },
        ..MPS2
    },
    Machine {
        name: "riscv32-virt",
        core: "RV32IMAC",
        target: "riscv32imac-unknown-none-elf",
        emulator: Emulator::RiscV("virt"),
        flash: (0x8000_0000, 2 * M),
        bundle: (0x8100_0000, 16 * M),
        ram: (0x8020_0000, 4 * M),
        ..HOSTED
    },
    Machine {
        name: "aarch64",
        core: "AArch64",
        target: "aarch64-unknown-linux-musl",
        // Without the dot product.
        emulator: Emulator::Linux("cortex-a53"),
        ..HOSTED
    },
    Machine {
        name: "aarch64+dotprod",
        core: "AArch64 with dot product",
        target: "aarch64-unknown-linux-musl",
        flags: "-Ctarget-feature=+dotprod",
        emulator: Emulator::Linux("max"),
        ..HOSTED
    },
    Machine {
        name: "wasm32",
        core: "WebAssembly",
        target: "wasm32-unknown-unknown",
        emulator: Emulator::Wasm,
        ..HOSTED
    },
    Machine {
        name: "wasm32+simd128",
        core: "WebAssembly with vectors",
        target: "wasm32-unknown-unknown",
        flags: "-Ctarget-feature=+simd128",
        emulator: Emulator::Wasm,
        ..HOSTED
    },
];
