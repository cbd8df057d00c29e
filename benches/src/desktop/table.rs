//! The record for the terminal.

use super::record::{CaseRecord, Outcome, Record};
use std::fmt::Write;

/// All cases: our time, the best peer, the ratio, then every peer.
pub fn draw(record: &Record) -> String {
    let mut text = format!(
        "{} · {} · one thread, batch 1, medians of {} turns in one run, microseconds\n\n",
        record.machine.cpu,
        record.machine.flags.join(" "),
        record.rounds
    );
    // Writing into a String cannot fail.
    let _ = writeln!(
        text,
        "{:<12} {:>9} {:>9} {:>6}  {:<24} peers",
        "case", "ours", "best peer", "ratio", ""
    );
    for case in &record.cases {
        let (best, time, ratio) = match (case.best(), case.ratio()) {
            (Some((name, time)), Some(ratio)) => {
                (name, format!("{:.1}", time.median), format!("{ratio:.2}"))
            }
            _ => ("no peer", "–".into(), "–".into()),
        };
        let _ = writeln!(
            text,
            "{:<12} {:>9.1} {time:>9} {ratio:>6}  {best:<24} {}",
            case.name,
            case.ours.median,
            peers(case)
        );
    }
    for line in without(record) {
        let _ = writeln!(text, "{line}");
    }
    text
}

fn peers(case: &CaseRecord) -> String {
    let times = case.peers.iter().filter_map(|peer| match &peer.outcome {
        Outcome::Time(time) => Some(format!("{} {:.1}", peer.name, time.median)),
        Outcome::Without(_) => None,
    });
    times.collect::<Vec<_>>().join(" · ")
}

/// A line for each reason why a peer has no time, with the cases that it holds for.
pub fn without(record: &Record) -> Vec<String> {
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    for case in &record.cases {
        for peer in &case.peers {
            if let Outcome::Without(why) = &peer.outcome {
                let reason = format!("{}: {why}", peer.name);
                match reasons.iter_mut().find(|(known, _)| *known == reason) {
                    Some((_, cases)) => cases.push(&case.name),
                    None => reasons.push((reason, vec![&case.name])),
                }
            }
        }
    }
    let line = |(reason, cases): (String, Vec<&str>)| match cases.len() == record.cases.len() {
        true => format!("without {reason}"),
        false => format!("without {reason} ({})", cases.join(", ")),
    };
    reasons.into_iter().map(line).collect()
}
