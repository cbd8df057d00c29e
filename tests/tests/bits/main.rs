//! The same bits everywhere: what every machine prints is what this one prints, byte for byte.
//!
//! ```text
//! records   models, and what to do with each               records.rs
//! bundles   as many records as a machine holds at once     bundle.rs
//! programs  `bits`, for each machine                       ../../bits
//! run       QEMU, qemu-user, wasmi; and here               emulate.rs
//! compare   text; where it differs, down to the operator   difference.rs
//! ```
//!
//! What runs where, `qibu_tests::machines` says; each test fails where that table does not hold.
//!
//! `ONLY='Conv 0' cargo test -p qibu-tests --test bits microbit` runs the records whose names hold
//! that.

mod bundle;
mod difference;
mod emulate;
mod programs;
mod records;
mod wasm;

use bundle::{Record, bundles};
use qibu::{Model, kernels};
use qibu_tests::emulator;
use qibu_tests::machines::{ALL, Emulator, Group, MACHINES, Machine};
use qibu_tests::need::{root, say, skip};
use qibu_tests::vectors::forms;
use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::Instant;

/// All records.
fn records() -> &'static [Record] {
    static RECORDS: OnceLock<Vec<Record>> = OnceLock::new();
    RECORDS.get_or_init(records::all)
}

/// Share of the vectors that run on a machine that runs vectors at all, in percent.
const LEAST_VECTORS: usize = 90;

/// Runs everything that the table lists for a machine, and compares.
fn check(name: &str) {
    let machine = MACHINES.iter().find(|machine| machine.name == name);
    let machine = machine.expect("a machine of the table");
    if let Some(missing) = emulator::lacks(machine) {
        return skip(&format!("bits, {name}"), &missing);
    }
    check_table(machine);
    let start = Instant::now();
    let program = programs::program(machine);
    let built = start.elapsed();
    let only = std::env::var("ONLY").unwrap_or_default();
    let fits = |record: &&Record| machine.groups.contains(&record.group) && record.fits(machine);
    let chosen: Vec<&Record> = records()
        .iter()
        .filter(fits)
        .filter(|record| record.name.contains(&only))
        .collect();
    let (mut bytes, mut stack, mut runs) = (0, 0usize, 0);
    for bundle in bundles(&chosen, machine.bundle.1 as usize) {
        let expected = bundle.host(machine.arena as usize);
        check_text(&bundle, &expected);
        let (found, comments) = emulate::run(machine, &program, &bundle.bytes())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        if found != expected {
            difference::report(machine, &program, &bundle, &expected, &found);
        }
        if let Emulator::Arm(_) = machine.emulator {
            let figures = comments.strip_prefix("# stack ").map(str::trim);
            let figures = figures.and_then(|text| text.split_once(" of "));
            let (used, room) = figures.unwrap_or_else(|| panic!("{name}: {comments:?}"));
            let [used, room] = [used, room].map(|text| text.parse().expect("bytes of stack"));
            assert!(
                0 < used && used < room,
                "{name}: {used} of {room} bytes of stack"
            );
            stack = stack.max(used);
        }
        bytes += found.len();
        runs += 1;
    }
    let stack = match stack {
        0 => "not measured".into(),
        stack => format!("{stack} bytes"),
    };
    say(&format!(
        "{name} ({}): {} records in {runs} runs, {bytes} bytes the same; stack {stack}; \
         built in {:.1} s, all in {:.1} s",
        machine.core,
        chosen.len(),
        built.as_secs_f32(),
        start.elapsed().as_secs_f32()
    ));
}

/// All that the records ask for is there, and none of it is an error: what the host and a machine
/// both leave out would be the same, too.
fn check_text(bundle: &bundle::Bundle<'_>, text: &str) {
    let mut lines = vec![0; bundle.records.len()];
    let body = text.strip_suffix("end\n").expect("the last line");
    for line in body.lines() {
        let index = line.split(' ').next().and_then(|word| word.parse().ok());
        let index: usize = index.unwrap_or_else(|| panic!("no record in {line:?}"));
        let said = line.split_once(": ").map_or("", |(_, said)| said);
        let name = &bundle.records[index].name;
        assert!(
            !said.is_empty() && !line.contains("error"),
            "{name}: {line:?}"
        );
        lines[index] += 1;
    }
    for (record, lines) in bundle.records.iter().zip(lines) {
        assert_eq!(lines, record.lines(), "{}: lines", record.name);
    }
}

/// The table lists what fits, and nothing else.
fn check_table(machine: &Machine) {
    for &group in ALL {
        let of = || records().iter().filter(move |record| record.group == group);
        let (all, fit) = (
            of().count(),
            of().filter(|record| record.fits(machine)).count(),
        );
        let least = match group {
            Group::Vectors => (all * LEAST_VECTORS).div_ceil(100),
            _ => all,
        };
        if all > 0 {
            assert_eq!(
                machine.groups.contains(&group),
                fit >= least,
                "{}: {fit} of {all} records of {group:?} fit",
                machine.name
            );
        }
    }
}

macro_rules! machines {
    ($($test:ident $name:literal),* $(,)?) => {
        $(
            #[test]
            fn $test() {
                check($name);
            }
        )*

        #[test]
        fn every_machine_has_a_test() {
            let tested = BTreeSet::from([$($name),*]);
            let listed = MACHINES.iter().map(|machine| machine.name).collect();
            assert_eq!(tested, listed);
        }
    };
}

machines! {
    microbit "microbit",
    microbit_text "microbit-text",
    lm3s6965evb "lm3s6965evb",
    lm3s6965evb_text "lm3s6965evb-text",
    netduinoplus2 "netduinoplus2",
    mps2_an385_as_armv6m "mps2-an385-v6m",
    mps2_an385 "mps2-an385",
    mps2_an386 "mps2-an386",
    mps2_an500 "mps2-an500",
    mps2_an505 "mps2-an505",
    mps3_an547 "mps3-an547",
    riscv32_virt "riscv32-virt",
    aarch64 "aarch64",
    aarch64_dotprod "aarch64+dotprod",
    wasm32 "wasm32",
    wasm32_simd128 "wasm32+simd128",
}

/// A number of a linker script: decimal or hexadecimal, with K or M behind it.
fn number(text: &str) -> u32 {
    let (digits, unit) = match text.strip_suffix(['K', 'M']) {
        Some(digits) if text.ends_with('K') => (digits, 1 << 10),
        Some(digits) => (digits, 1 << 20),
        None => (text, 1),
    };
    let value = match digits.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    value.unwrap_or_else(|_| panic!("{text:?} is no number")) * unit
}

/// No board has more memory here than its firmware has, which is what the real part has: QEMU
/// gives some of them more.
#[test]
fn boards_have_their_true_memory() {
    let mut checked = 0;
    for machine in MACHINES {
        let Emulator::Arm(board) = machine.emulator else {
            continue;
        };
        let path = format!("firmware-examples/{board}/memory.x");
        let Ok(script) = std::fs::read_to_string(root().join(&path)) else {
            continue;
        };
        let region = |name: &str| {
            let lines = script.lines().map(str::trim);
            let mut named =
                lines.filter_map(|line| line.strip_prefix(name)?.split_once("ORIGIN = "));
            let (_, region) = named.next().unwrap_or_else(|| panic!("{path}: no {name}"));
            let (origin, length) = region.split_once(", LENGTH = ").expect("a region");
            (number(origin), number(length))
        };
        assert_eq!(machine.ram, region("RAM"), "{}", machine.name);
        // The bundle is the rest of the flash, or outside the chip.
        let ((start, code), (bundle, length)) = (machine.flash, machine.bundle);
        let flash = match start + code == bundle {
            true => (start, code + length),
            false => machine.flash,
        };
        assert_eq!(flash, region("FLASH"), "{}", machine.name);
        checked += 1;
    }
    assert!(checked >= 9, "{checked} boards have firmware");
}

/// Every form of a kernel in any model is among the vectors, and among those that run everywhere.
#[test]
fn vectors_cover_every_form() {
    let forms_of = |record: &Record| {
        let model = Model::load(&record.model).expect("a sound model");
        forms(&model)
    };
    let small = &MACHINES[0];
    let (vectors, others): (Vec<&Record>, Vec<&Record>) = records()
        .iter()
        .partition(|record| record.group == Group::Vectors);
    let single = |record: &&&Record| record.name.contains('[');
    let running: Vec<&&Record> = vectors.iter().filter(|record| record.fits(small)).collect();
    let covered: BTreeSet<String> = running
        .iter()
        .copied()
        .filter(single)
        .flat_map(|record| forms_of(record))
        .collect();
    let more = vectors.iter().filter(|record| !single(record));
    let used: BTreeSet<String> = others
        .iter()
        .chain(more)
        .flat_map(|record| forms_of(record))
        .collect();
    let missing: Vec<&String> = used.difference(&covered).collect();
    assert!(missing.is_empty(), "no vectors of {missing:#?}");
    // Nor is a kernel of the runtime without one, be it in a model or not.
    let kernels: BTreeSet<&str> = running
        .iter()
        .flat_map(|record| {
            let model = Model::load(&record.model).expect("a sound model");
            kernels::used(&model).collect::<Vec<_>>()
        })
        .collect();
    let missing: Vec<&&str> = kernels::NAMES
        .iter()
        .filter(|name| !kernels.contains(**name))
        .collect();
    assert!(missing.is_empty(), "no vectors of {missing:#?}");
    assert!(vectors.len() >= 500, "{} vectors", vectors.len());
    say(&format!(
        "{} vectors, {} of them on the {}; {} kernels in {} forms, {} of these in other models",
        vectors.len(),
        running.len(),
        small.name,
        kernels.len(),
        covered.len(),
        used.len()
    ));
}

/// The vectors say something: outputs are neither errors nor constant.
#[test]
fn vectors_are_not_idle() {
    let vectors: Vec<&Record> = records()
        .iter()
        .filter(|record| record.group == Group::Vectors)
        .collect();
    let text = bundle::Bundle {
        records: vectors.clone(),
    }
    .host(1 << 20);
    assert_eq!(
        text.lines().filter(|line| line.contains("error")).count(),
        0
    );
    assert_eq!(
        text.lines().filter(|line| line.contains(" arena ")).count(),
        0
    );
    let mut idle = Vec::new();
    for (index, record) in vectors.iter().enumerate() {
        let prefix = format!("{index} ");
        let lines = text.lines().filter(|line| line.starts_with(&prefix));
        let outputs = lines.filter_map(|line| Some(line.split_once(": ")?.1));
        let outputs: BTreeSet<&str> = outputs.collect();
        if outputs.len() < 2 {
            idle.push(&record.name);
        }
    }
    // A single element between few values may come out the same for all seeds.
    assert!(
        idle.len() * 20 <= vectors.len(),
        "{} idle: {idle:?}",
        idle.len()
    );
}
