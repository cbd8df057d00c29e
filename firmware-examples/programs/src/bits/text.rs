//! Couplets and tags.

use super::{Out, too_long};
use core::fmt::{self, Write};
use qibu::Model;
use qibu::poem::Poet;
use qibu::tag::{Event, TagStream, Tagger};

/// Room for a window of 96 characters with 16 on either side, 4 tags, 128 undecided characters.
type Stream<'m, 'r> = TagStream<'m, 'r, 128, 4, 128>;

#[inline(never)]
pub(super) fn couplets(
    index: u32,
    model: &Model<'_>,
    seeds: u32,
    arena: &mut [u8],
    out: &mut Out<'_>,
) -> fmt::Result {
    let Some(poet) = Poet::new(model) else {
        return writeln!(out, "{index} error: not a poem model");
    };
    if poet.arena() > arena.len() {
        return too_long(index, "couplet", poet.arena(), out);
    }
    for seed in 1..=seeds {
        write!(out, "{index} couplet {seed}: ")?;
        match poet.couplet(seed.into(), poet.temperature(), arena) {
            Ok(ids) => poet.write(&ids, |piece| (out.0)(piece)),
            Err(error) => write!(out, "error: {error}")?,
        }
        out.write_char('\n')?;
    }
    Ok(())
}

#[inline(never)]
pub(super) fn tags(
    index: u32,
    model: &Model<'_>,
    text: &[u8],
    arena: &mut [u8],
    out: &mut Out<'_>,
) -> fmt::Result {
    let text = core::str::from_utf8(text).unwrap_or("\u{FFFD}");
    let tagger = match Tagger::new(model) {
        Ok(tagger) => tagger,
        Err(error) => return writeln!(out, "{index} error: {error}"),
    };
    if tagger.arena() > arena.len() {
        return too_long(index, "tags", tagger.arena(), out);
    }
    let stream: Result<Stream<'_, '_>, _> = tagger.stream(arena);
    let mut stream = match stream {
        Ok(stream) => stream,
        Err(error) => return writeln!(out, "{index} error: {error}"),
    };
    let mut line = 0u32;
    let mut open = false;
    let mut sink = |event| {
        if !open {
            let _ = write!(out, "{index} tags {line}: ");
        }
        open = true;
        match event {
            Event::Tag(tag) => out.hex(&[tag]),
            Event::End { forced } => {
                let _ = writeln!(out, ", forced {forced}");
                line = line.wrapping_add(1);
                open = false;
            }
        }
    };
    let mut done = Ok(());
    for line in text.lines() {
        for character in line.chars() {
            done = done.and(stream.push(character, &mut sink));
        }
        done = done.and(stream.end(&mut sink));
    }
    if let Err(error) = done.and(stream.flush(&mut sink)) {
        writeln!(out, "{index} error: {error}")?;
    }
    Ok(())
}
