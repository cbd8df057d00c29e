//! Where a run ran, and with what.

use qibu_tests::need::root;
use serde::{Deserialize, Serialize};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// A computer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Model of the processor.
    pub cpu: String,
    /// Those of its instruction sets that kernels choose by.
    pub flags: Vec<String>,
    /// Logical processors; one is used.
    pub processors: usize,
    /// Operating system and architecture.
    pub system: String,
}

/// Instruction sets that kernels choose by, as Linux names them.
const FLAGS: [&str; 12] = [
    "avx2",
    "fma",
    "avx_vnni",
    "avx512f",
    "avx512bw",
    "avx512vl",
    "avx512_vnni",
    "avx512_bf16",
    "amx_int8",
    "asimddp",
    "i8mm",
    "sve",
];

/// This computer.
pub fn here() -> Machine {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |names: &[&str]| {
        let fields = info.lines().filter_map(|line| line.split_once(':'));
        let mut found = fields.filter(|(name, _)| names.contains(&name.trim()));
        found.next().map(|(_, value)| value.trim().to_owned())
    };
    let words = field(&["flags", "Features"]).unwrap_or_default();
    let flags = FLAGS
        .iter()
        .filter(|flag| words.split(' ').any(|word| word == **flag));
    Machine {
        cpu: field(&["model name"])
            .or_else(|| said("sysctl", &["-n", "machdep.cpu.brand_string"]))
            .unwrap_or_else(|| "unknown processor".into()),
        flags: flags.map(|&flag| flag.to_owned()).collect(),
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
    }
}

/// The commit, with `+` where tracked files differ from it.
pub fn commit() -> String {
    let folder = root().display().to_string();
    let hash = said("git", &["-C", &folder, "rev-parse", "--short=12", "HEAD"]);
    let changes = said("git", &["-C", &folder, "status", "--porcelain", "-uno"]);
    let mark = if changes.is_some() { "+" } else { "" };
    hash.map_or_else(|| "unknown".into(), |hash| hash + mark)
}

/// Version of a crate in `Cargo.lock`.
pub fn version_of(name: &str) -> Option<String> {
    let lock = include_str!("../../../Cargo.lock");
    let entry = lock
        .split(&format!("name = \"{name}\"\nversion = \""))
        .nth(1)?;
    entry.split('"').next().map(str::to_owned)
}

/// Today in UTC, as 2026-11-21.
pub fn date() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    day(now.map_or(0, |since| since.as_secs() / 86_400))
}

/// The day `days` after 1970-01-01.
fn day(days: u64) -> String {
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let (mut year, mut rest) = (1970, days);
    while rest >= 365 + u64::from(leap(year)) {
        rest -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if rest < length {
            break;
        }
        rest -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", rest + 1)
}

/// What a program writes, if it succeeds and writes anything.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// A name for files: lower case, digits and hyphens.
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for character in text.to_lowercase().chars() {
        match character.is_ascii_alphanumeric() {
            true => slug.push(character),
            false if !slug.ends_with('-') && !slug.is_empty() => slug.push('-'),
            false => {}
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_778, "2026-11-21"),
            (20_818, "2026-12-31"),
        ] {
            assert_eq!(day(days), expected);
        }
    }

    #[test]
    fn names_of_processors_become_names_of_files() {
        assert_eq!(slug("AMD EPYC 9R14 (Genoa)"), "amd-epyc-9r14-genoa");
    }

    #[test]
    fn versions_come_from_the_lock_file() {
        assert!(version_of("serde_json").is_some_and(|version| version.starts_with("1.")));
        assert_eq!(version_of("no-such-crate"), None);
    }
}
