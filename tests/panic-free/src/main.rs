//! The whole runtime on inputs that the optimiser knows nothing about, and a panic handler that
//! calls what no library defines: this links only if no panic path is left.
//!
//! The entry point's arguments are the opaque inputs. Every operator is reachable, because the
//! file names them; so are loading, both ways of decoding poems, CRFs, tagging, named tables, text.
#![no_std]
#![no_main]

mod compose;
mod crf;

use qibu::decode::dictionary::{Dictionary, Entry, Roles};
use qibu::format::Section;
use qibu::poem::{Poet, Reading};
use qibu::tag::{DictionaryStream, Emission, Event, Tagger};
use qibu::{InputError, Model};

/// What the caller hands over.
pub struct Input<'a> {
    file: &'a [u8],
    name: &'a str,
    arena: &'a mut [u8],
    latent: &'a [f32],
    ids: &'a [i32],
    floats: &'a mut [f32],
    text: &'a mut [u8],
    seed: u64,
}

/// Loads, runs and decodes; the entry point keeps all of it.
#[unsafe(no_mangle)]
pub fn _start(input: &mut Input<'_>) -> u32 {
    #[cfg(feature = "control")]
    if input.file[input.seed as usize] == 0 {
        return 0;
    }
    run(input).unwrap_or(0) + crf::run(input).unwrap_or(0)
}

fn run(input: &mut Input<'_>) -> Option<u32> {
    let model = Model::load(input.file).ok()?;
    let weights = model.verify_weights();
    let length = model.section(Section::Weights).1;
    let error = execute(&model, input).err();
    let tags = tag(&model, input)
        .unwrap_or(0)
        .wrapping_add(table(&model, input))
        .wrapping_add(compose::run(&model, input).unwrap_or(0));
    let poet = Poet::new(&model)?;
    let ids = poet.couplet(input.seed, poet.temperature(), input.arena);
    let again = poet.decode(input.latent, Reading::Greedy, input.arena);
    let mut free = input.text.iter_mut();
    for ids in [ids.ok()?, again.ok()?] {
        poet.write(&ids, |piece| {
            for (slot, byte) in free.by_ref().zip(piece.bytes()) {
                *slot = byte;
            }
        });
    }
    let known = poet.vocabulary().id('月').is_some();
    Some(tags + length as u32 + u32::from(weights) + u32::from(error.is_some()) + u32::from(known))
}

/// The function that the caller names, and all its outputs.
fn execute(model: &Model<'_>, input: &mut Input<'_>) -> Result<(), InputError> {
    let function = model.function(input.name).ok_or(InputError::Index)?;
    let mut run = function.bind(input.arena)?;
    run.set_f32(0, input.latent)?;
    run.set_i32(1, input.ids)?;
    run.set_bool(2, &[input.seed == 0])?;
    run.set_i8(3, &[input.seed as i8])?;
    run.set_i16(4, &[input.seed as i16])?;
    run.execute()?;
    for index in 0..function.outputs().len() {
        let ids = run.output_i32(index).unwrap_or(&[]);
        for (slot, id) in input.floats.iter_mut().zip(ids) {
            *slot = *id as f32;
        }
        let quantised = run.output_i8(index).unwrap_or(&[]);
        for (slot, q) in input.floats.iter_mut().zip(quantised) {
            *slot = f32::from(*q);
        }
        let wide = run.output_i16(index).unwrap_or(&[]);
        for (slot, q) in input.floats.iter_mut().zip(wide) {
            *slot = f32::from(*q);
        }
        let truths = run.output_bool(index).unwrap_or(&[]);
        for (slot, truth) in input.floats.iter_mut().zip(truths) {
            *slot = f32::from(*truth);
        }
        for (slot, x) in input.floats.iter_mut().zip(run.output_f32(index)?) {
            *slot = *x;
        }
    }
    Ok(())
}

/// Tags the text that the caller hands over, character by character.
fn tag(model: &Model<'_>, input: &mut Input<'_>) -> Option<u32> {
    let tagger = Tagger::new(model).ok()?;
    let mut sum = 0u32;
    {
        let mut emitter = tagger.emitter::<48>(input.arena).ok()?;
        let mut sink = |emission: Emission<'_>| match emission {
            Emission::Scores(scores) => {
                sum = scores
                    .iter()
                    .fold(sum, |sum, &score| sum.wrapping_add(score as u32));
            }
            Emission::End => sum = sum.rotate_left(1),
        };
        for character in input.name.chars() {
            emitter.push(character, &mut sink).ok()?;
        }
        emitter.end(&mut sink).ok()?;
        emitter.flush(&mut sink).ok()?;
    }
    let mut stream = tagger.stream::<48, 4, 128>(input.arena).ok()?;
    let mut free = input.text.iter_mut();
    let mut sink = |event| {
        if let (Event::Tag(tag), Some(slot)) = (event, free.next()) {
            *slot = tagger.label(tag).map_or(tag, |label| label.len() as u8);
        }
        if let Event::End { forced } = event {
            sum = sum.wrapping_add(forced);
        }
    };
    for character in input.name.chars() {
        stream.push(character, &mut sink).ok()?;
        if character == '\n' {
            stream.end(&mut sink).ok()?;
        }
    }
    stream.flush(&mut sink).ok()?;
    sum = sum.wrapping_add(tag_with_words(&tagger, input)?);
    let letter = tagger.vocabulary().character(input.seed as usize)?;
    Some(sum.wrapping_add(letter.into()))
}

/// The same with two words of the caller's.
fn tag_with_words(tagger: &Tagger<'_>, input: &mut Input<'_>) -> Option<u32> {
    let bias = input.seed as i32;
    let word = input.name.get(..2)?;
    let words = [word, input.name].map(|word| Entry { word, bias });
    let [begin, middle, end, single] = (input.seed as u32).to_le_bytes();
    let roles = Roles {
        begin,
        middle,
        end,
        single,
    };
    let dictionary = Dictionary::<_, 4, 8>::new(&words[..], roles, tagger.tags()).ok()?;
    let emitter = tagger.emitter::<48>(input.arena).ok()?;
    let mut stream = DictionaryStream::<_, 48, 4, 128, 8>::new(emitter, dictionary).ok()?;
    let mut sum = 0u32;
    let mut sink = |event| {
        if let Event::Tag(tag) = event {
            sum = sum.wrapping_mul(4).wrapping_add(tag.into());
        }
    };
    for character in input.name.chars() {
        stream.push(character, &mut sink).ok()?;
        if character == '\n' {
            stream.end(&mut sink).ok()?;
        }
    }
    stream.flush(&mut sink).ok()?;
    Some(sum)
}

/// A table that the caller names, under every type.
fn table(model: &Model<'_>, input: &Input<'_>) -> u32 {
    let Some(table) = model.table(input.name) else {
        return 0;
    };
    let words = table.i32().and_then(<[i32]>::last).copied();
    let halves = table.u16().and_then(<[u16]>::last).copied();
    let floats = table.f32().and_then(<[f32]>::last).copied();
    words.unwrap_or(0) as u32
        ^ u32::from(halves.unwrap_or(0))
        ^ floats.unwrap_or(0.0).to_bits()
        ^ table.shape().len() as u32
}

unsafe extern "C" {
    safe fn a_panic_path_is_left() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    a_panic_path_is_left()
}
