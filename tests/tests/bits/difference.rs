//! Where two machines differ: the record, the operator, the byte.

use super::bundle::{Bundle, Kind, Record};
use super::emulate;
use qibu_tests::machines::Machine;
use std::path::Path;

/// Fails with the first difference.
pub fn report(machine: &Machine, program: &Path, bundle: &Bundle<'_>, expected: &str, found: &str) {
    let lines = expected.lines().zip(found.lines());
    let Some((line, other)) = lines.into_iter().find(|(line, other)| line != other) else {
        let counts = [expected, found].map(|text| text.lines().count());
        panic!(
            "{}: {} lines, expected {}",
            machine.name, counts[1], counts[0]
        );
    };
    let differing = expected.lines().zip(found.lines()).filter(|(a, b)| a != b);
    let number = line
        .split(' ')
        .next()
        .and_then(|number| number.parse::<usize>().ok());
    let record = number.and_then(|number| bundle.records.get(number));
    let name = record.map_or("the end", |record| &record.name);
    let operator = record.and_then(|record| operator(machine, program, record));
    panic!(
        "{}: {} lines differ, first in “{name}”{}{}\nexpected {}\nfound    {}",
        machine.name,
        differing.count(),
        operator.map_or(String::new(), |operator| format!(", at {operator}")),
        byte(line, other),
        short(line),
        short(other)
    );
}

/// The first step whose results differ.
fn operator(machine: &Machine, program: &Path, record: &Record) -> Option<String> {
    let traced = Record {
        kind: Kind::Trace,
        ..record.clone()
    };
    let bundle = Bundle {
        records: vec![&traced],
    };
    let expected = bundle.host(machine.arena as usize);
    let (found, _) = emulate::run(machine, program, &bundle.bytes()).ok()?;
    let mut lines = expected.lines().zip(found.lines());
    let (line, _) = lines.find(|(line, other)| line != other && line.contains(" step "))?;
    let (place, _) = line.split_once(": ")?;
    let (_, step) = place.split_once(' ')?;
    Some(step.into())
}

/// The first byte in which two lines of hexadecimal digits differ.
fn byte(line: &str, other: &str) -> String {
    let (Some((place, line)), Some((same, other))) =
        (line.split_once(": "), other.split_once(": "))
    else {
        return String::new();
    };
    let at = line.bytes().zip(other.bytes()).position(|(a, b)| a != b);
    match at.filter(|_| place == same) {
        Some(at) => format!(", byte {}", at / 2),
        None => String::new(),
    }
}

/// A line that may be long.
fn short(line: &str) -> String {
    line.chars().take(300).collect()
}
