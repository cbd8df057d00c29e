//! The file as a whole: header, checksums, length, padding, text.

use super::{load, tiny};
use qibu::format::{Header, Section};
use qibu::{Fault, LoadError, Model};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::exercise::seal;
use qibu_tests::sample::sample;

/// Sets bytes of the sound file and recomputes the checksums.
fn with_bytes(at: usize, bytes: &[u8]) -> AlignedBytes {
    let mut file = tiny().finish();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    seal(&mut file);
    file
}

#[test]
fn unknown_codes_of_a_tensor() {
    let tensors = section(&tiny().finish(), Section::Tensors).0;
    for (field, value) in [(0, 0xFF), (1, 4), (2, 7), (3, 3)] {
        let file = with_bytes(tensors + field, &[value]);
        assert_eq!(
            load(&file),
            Err(LoadError::Tensor(0, Fault::Code)),
            "byte {field}"
        );
    }
}

fn section(file: &[u8], section: Section) -> (usize, usize) {
    let header = Header::parse(file.first_chunk().unwrap()).unwrap();
    header.range(section).unwrap()
}

#[test]
fn foreign_files() {
    assert_eq!(load(&AlignedBytes::zeros(0)), Err(LoadError::Header));
    let png = AlignedBytes::from(
        &b"\x89PNG\r\n\x1a\n and then a picture, longer than a header would be"[..],
    );
    assert_eq!(load(&png), Err(LoadError::Header));
    assert_eq!(load(&AlignedBytes::zeros(4096)), Err(LoadError::Header));
    assert_eq!(load(&with_bytes(44, &[1])), Err(LoadError::Header));
}

#[test]
fn other_versions_and_flags() {
    assert_eq!(load(&with_bytes(8, &[2, 0])), Err(LoadError::Version(2)));
    assert_eq!(load(&with_bytes(8, &[0, 0])), Err(LoadError::Version(0)));
    assert_eq!(load(&with_bytes(10, &[1, 0])), Ok(()));
    assert_eq!(load(&with_bytes(10, &[2, 0])), Err(LoadError::Flags));
    assert_eq!(load(&with_bytes(11, &[0x80])), Err(LoadError::Flags));
}

#[test]
fn every_truncation() {
    let file = sample();
    for length in 4..file.len() {
        assert_eq!(
            load(&file[..length]),
            Err(LoadError::Length),
            "{length} bytes"
        );
    }
    let mut longer = AlignedBytes::zeros(file.len() + 16);
    longer[..file.len()].copy_from_slice(&file);
    assert_eq!(load(&longer), Err(LoadError::Length));
    // Even where the header owns up to it.
    let length = longer.len() as u32;
    longer[12..16].copy_from_slice(&length.to_le_bytes());
    seal(&mut longer);
    assert_eq!(load(&longer), Err(LoadError::Length));
}

#[test]
fn misaligned_slices() {
    let file = sample();
    for shift in 1..16 {
        let mut moved = AlignedBytes::zeros(file.len() + 16);
        moved[shift..shift + file.len()].copy_from_slice(&file);
        assert_eq!(
            load(&moved[shift..shift + file.len()]),
            Err(LoadError::Alignment)
        );
    }
}

#[test]
fn every_flipped_byte() {
    let mut file = sample();
    let weights = section(&file, Section::Weights);
    for at in 0..file.len() {
        let bit = 1 << (at % 8);
        file[at] ^= bit;
        if at < weights.0 {
            let error = load(&file).expect_err("a damaged structure");
            let expected = match at {
                0..4 | 44..48 => LoadError::Header,
                4..8 | 16..20 => LoadError::Checksum,
                8..10 => LoadError::Version(1 ^ u16::from(bit) << (8 * (at - 8))),
                10..12 => LoadError::Flags,
                12..16 => LoadError::Length,
                // Counts: sections that no longer fill the file.
                20..44 => match error {
                    LoadError::Length => LoadError::Length,
                    _ => LoadError::Checksum,
                },
                _ => LoadError::Checksum,
            };
            assert_eq!(error, expected, "byte {at}");
        } else if at < weights.0 + weights.1 {
            assert!(!Model::load(&file).unwrap().verify_weights(), "byte {at}");
        }
        file[at] ^= bit;
    }
}

#[test]
fn bytes_between_sections() {
    // Functions and tensors fill their 16 bytes always; the others are made not to.
    let mut builder = tiny();
    builder.steps.push(builder.steps[0]);
    builder.parameters.push(0);
    if builder.parameters.len().is_multiple_of(4) {
        builder.parameters.push(0);
    }
    builder.text.push('.');
    if builder.text.len().is_multiple_of(16) {
        builder.text.push('.');
    }
    builder.weights.push(0);
    for name in [
        Section::Steps,
        Section::Parameters,
        Section::Text,
        Section::Weights,
    ] {
        let mut file = builder.finish();
        let (start, length) = section(&file, name);
        let padding = start + length..(start + length).next_multiple_of(16);
        assert!(!padding.is_empty(), "{name:?} has padding");
        for at in padding {
            file[at] = 1;
            seal(&mut file);
            assert_eq!(load(&file), Err(LoadError::Padding(name)), "byte {at}");
            file[at] = 0;
        }
    }
}

#[test]
fn text_that_is_not_utf_8() {
    let text = section(&tiny().finish(), Section::Text).0;
    assert_eq!(load(&with_bytes(text, &[0xFF])), Err(LoadError::Text));
    assert_eq!(load(&with_bytes(text, &[0xC0, 0x80])), Err(LoadError::Text));
}
