//! Tagged lines on a Cortex-M4F: each character with its label, on the UART.
//!
//! `QIBU_TAG_MODEL=… TEXT='…' cargo run --release --features tag --bin tag` prints, under QEMU, the
//! tags that the desktop finds. Spaces divide `TEXT` into lines. `--features stats` adds memory and
//! instructions.
#![no_std]
#![no_main]

#[path = "../board.rs"]
mod board;

use board::{Uart, exit, instructions, stack_used};
use core::fmt::Write;
use cortex_m_rt::entry;
use qibu::tag::{Event, TagStream, Tagger};
use qibu::{Arena, Model};

static MODEL: &[u8] = qibu::include_model!(env!("QIBU_TAG_MODEL_FILE"));
const TEXT: &str = env!("TEXT");
/// Room for a window of 96 characters with 16 on either side, four tags, 128 undecided characters.
type Stream<'m, 'r> = TagStream<'m, 'r, 128, 4, 128>;

#[entry]
fn main() -> ! {
    static mut ARENA: Arena<16384> = Arena::new();
    let mut uart = Uart::new();
    let done = print_tags(&mut uart, ARENA.bytes());
    if let Err(error) = &done {
        let _ = writeln!(uart, "{error}");
    }
    exit(done.is_ok())
}

fn print_tags(uart: &mut Uart, arena: &mut [u8]) -> Result<(), &'static str> {
    let model = Model::load(MODEL).map_err(|_| "the model is damaged")?;
    let tagger = Tagger::new(&model).map_err(|_| "not a tag model")?;
    let stream: Result<Stream<'_, '_>, _> = tagger.stream(arena);
    let mut stream = stream.map_err(|_| "the arena is too short, or the window too long")?;
    // Tags come behind their characters: those are read once more.
    let mut again = TEXT.chars().filter(|&character| character != ' ');
    let mut sink = |event| match event {
        Event::Tag(tag) => {
            let (character, label) = (again.next().unwrap_or(' '), tagger.label(tag));
            let _ = write!(uart, "{character}/{} ", label.unwrap_or("?"));
        }
        Event::End { .. } => uart.print("\n"),
    };
    let (spent, done) = instructions(|| {
        for character in TEXT.chars() {
            match character {
                ' ' => stream.end(&mut sink)?,
                character => stream.push(character, &mut sink)?,
            }
        }
        stream.flush(&mut sink)
    });
    done.map_err(|_| "the tables are too short for the vocabulary")?;
    if cfg!(feature = "stats") {
        let (arena, stack) = (tagger.arena(), stack_used());
        let _ = writeln!(uart, "\nmodel {} bytes", MODEL.len());
        let _ = writeln!(uart, "arena {arena} bytes\nstack {stack} bytes");
        let _ = writeln!(uart, "stream {} bytes", size_of::<Stream<'_, '_>>());
        let _ = writeln!(uart, "text {spent} instructions");
    }
    Ok(())
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    exit(false)
}
