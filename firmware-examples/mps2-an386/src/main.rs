//! Couplets on a Cortex-M4F, one per line on the UART.
//!
//! `cargo run --release` prints, under QEMU, what `qibu poem` prints on the desktop for the same
//! model, seed and count. `--features stats` adds memory and instructions behind the couplets.
#![no_std]
#![no_main]

mod board;

use board::{Uart, exit, instructions, stack_used};
use core::fmt::Write;
use cortex_m_rt::entry;
use qibu::{Arena, Model, poem::Poet};

static MODEL: &[u8] = qibu::include_model!(env!("QIBU_MODEL_FILE"));
const SEED: &str = env!("SEED");
const COUNT: &str = env!("COUNT");

#[entry]
fn main() -> ! {
    static mut ARENA: Arena<16384> = Arena::new();
    let mut uart = Uart::new();
    let done = print_couplets(&mut uart, ARENA.bytes());
    if let Err(error) = &done {
        let _ = writeln!(uart, "{error}");
    }
    exit(done.is_ok())
}

fn print_couplets(uart: &mut Uart, arena: &mut [u8]) -> Result<(), &'static str> {
    let seed: u64 = SEED.parse().map_err(|_| "SEED is not a number")?;
    let count: u64 = COUNT.parse().map_err(|_| "COUNT is not a number")?;
    let (loading, model) = instructions(|| Model::load(MODEL));
    let model = model.map_err(|_| "the model is damaged")?;
    let poet = Poet::new(&model).ok_or("not a poem model")?;
    let mut most = 0;
    for seed in (0..count).map(|index| seed.wrapping_add(index)) {
        let couplet = || poet.couplet(seed, poet.temperature(), arena);
        let (writing, ids) = instructions(couplet);
        let ids = ids.map_err(|_| "the arena is too short")?;
        most = most.max(writing);
        poet.write(&ids, |piece| uart.print(piece));
        uart.print("\n");
    }
    if cfg!(feature = "stats") {
        let (arena, stack) = (poet.arena(), stack_used());
        let _ = writeln!(uart, "\nmodel {} bytes", MODEL.len());
        let _ = writeln!(uart, "arena {arena} bytes\nstack {stack} bytes");
        let _ = writeln!(uart, "load {loading} instructions");
        let _ = writeln!(uart, "couplet {most} instructions");
    }
    Ok(())
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    exit(false)
}
