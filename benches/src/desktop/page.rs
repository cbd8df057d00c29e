//! The record as one HTML page that fetches nothing, in light and dark.
//!
//! ```text
//! machine and versions
//! models, then single layers: a bar for each, best peer / ours; the table of all times
//! for each case: a bar for each peer; our time by step, open where a peer is ahead
//! what is missing, and how it was measured
//! ```

use super::plot::{self, Bar};
use super::record::{CaseRecord, Outcome, Record};
use super::table::without;
use qibu_compiler::report::memory_svg::escaped;
use std::fmt::Write;

/// What the models that matter most are to reach.
const GOAL: f64 = 1.3;

const CSS: &str = ":root{color-scheme:light dark;--ground:#fff;--text:#222;--faint:#666;--line:#ddd;\
--bad:#d1495b}\
@media(prefers-color-scheme:dark){:root{--ground:#16181c;--text:#e6e6e6;--faint:#aaa;--line:#333;\
--bad:#e8697b}}\
body{background:var(--ground);color:var(--text);font:15px/1.5 system-ui,sans-serif;\
max-width:64rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.2rem}h3{font-size:1rem;margin:1.6rem 0 .3rem}\
.faint{color:var(--faint);font-size:.9rem}.frame{overflow-x:auto}\
table{border-collapse:collapse;font-size:.85rem;margin:.6rem 0}\
th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);text-align:right;\
font-variant-numeric:tabular-nums;white-space:nowrap}\
th:first-child,td:first-child{text-align:left}.best{font-weight:700}.bad{color:var(--bad)}\
summary{cursor:pointer}";

/// The page.
pub fn draw(record: &Record) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <title>Qibu on the desktop</title>\n<style>{CSS}{}</style>\n</head>\n<body>\n\
         <h1>Qibu on the desktop: one thread, batch 1, one run</h1>\n",
        plot::CSS
    );
    setting(&mut html, record);
    let (kernels, models): (Vec<_>, Vec<_>) = record.cases.iter().partition(|case| case.kernel);
    for (title, cases, goal) in [
        ("Models", &models, Some(GOAL)),
        ("Single layers", &kernels, None),
    ] {
        if !cases.is_empty() {
            overview(&mut html, title, cases, goal);
        }
    }
    html.push_str("<h2>Each case</h2>\n");
    for case in &record.cases {
        section(&mut html, case);
    }
    notes(&mut html, record);
    html.push_str("</body>\n</html>\n");
    html
}

fn setting(html: &mut String, record: &Record) {
    let versions: Vec<String> = record
        .versions
        .iter()
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    let machine = &record.machine;
    let networks = match record.original {
        true => "the published files",
        false => "seeded networks of the same geometry",
    };
    // Writing into a String cannot fail.
    let _ = writeln!(
        html,
        "<p>{} ({}), {} logical processors, {}. Commit {}, {}, files for target {}.<br>{}.<br>\
         MLPerf Tiny: {networks}.</p>",
        escaped(&machine.cpu),
        escaped(&machine.flags.join(", ")),
        machine.processors,
        escaped(&machine.system),
        escaped(&record.commit),
        escaped(&record.date),
        escaped(&record.target),
        escaped(&versions.join(" · ")),
    );
}

fn overview(html: &mut String, title: &str, cases: &[&CaseRecord], goal: Option<f64>) {
    let bar = |case: &&CaseRecord| {
        let ((best, _), ratio) = case.best().zip(case.ratio())?;
        Some(Bar {
            label: case.title.clone(),
            ratio,
            note: best.to_owned(),
        })
    };
    let bars: Vec<Bar> = cases.iter().filter_map(bar).collect();
    let _ = writeln!(html, "<h2>{title}: best peer's time / ours</h2>");
    if let Some(goal) = goal {
        let _ = writeln!(
            html,
            "<p class=\"faint\">Solid line: level. Dashed: {goal} times.</p>"
        );
    }
    html.push_str(&plot::draw(title, &bars, goal));
    times(html, cases);
}

/// Microseconds of everything.
fn times(html: &mut String, cases: &[&CaseRecord]) {
    let mut names: Vec<&str> = Vec::new();
    for peer in cases.iter().flat_map(|case| &case.peers) {
        if !names.contains(&peer.name.as_str()) {
            names.push(&peer.name);
        }
    }
    html.push_str("<div class=\"frame\"><table>\n<thead><tr><th>µs</th><th>Qibu</th>");
    for name in &names {
        let _ = write!(html, "<th>{}</th>", escaped(name));
    }
    html.push_str("<th>best peer / ours</th></tr></thead>\n<tbody>\n");
    for case in cases {
        let _ = write!(
            html,
            "<tr><td>{}</td><td>{:.1}</td>",
            escaped(&case.title),
            case.ours.median
        );
        let best = case.best().map(|(name, _)| name);
        for name in &names {
            let peer = case.peers.iter().find(|peer| peer.name == *name);
            let class = if best == Some(name) {
                " class=\"best\""
            } else {
                ""
            };
            match peer.map(|peer| &peer.outcome) {
                Some(Outcome::Time(time)) => {
                    let _ = write!(html, "<td{class}>{:.1}</td>", time.median);
                }
                _ => html.push_str("<td>–</td>"),
            }
        }
        let ratio = case.ratio();
        let class = if ratio.is_some_and(|ratio| ratio < 1.0) {
            " class=\"bad\""
        } else {
            ""
        };
        let ratio = ratio.map_or_else(|| "–".into(), |ratio| format!("{ratio:.2}"));
        let _ = writeln!(html, "<td{class}>{ratio}</td></tr>");
    }
    html.push_str("</tbody></table></div>\n");
}

fn section(html: &mut String, case: &CaseRecord) {
    let speed = case.macs as f64 / case.ours.median / 1e3;
    let _ = writeln!(
        html,
        "<h3>{}</h3>\n<p class=\"faint\">{} multiply-accumulates; ours {:.1} µs (quartiles {:.1} and \
         {:.1}), {speed:.1} GMAC/s.</p>",
        escaped(&case.title),
        qibu_compiler::report::grouped(case.macs as usize),
        case.ours.median,
        case.ours.low,
        case.ours.high,
    );
    let bar = |peer: &super::record::Peer| match peer.outcome {
        Outcome::Time(time) => Some(Bar {
            label: peer.name.clone(),
            ratio: time.median / case.ours.median,
            note: match peer.snr_db {
                Some(snr) => format!("{:.1} µs, {snr:.0} dB", time.median),
                None => format!("{:.1} µs", time.median),
            },
        }),
        Outcome::Without(_) => None,
    };
    let bars: Vec<Bar> = case.peers.iter().filter_map(bar).collect();
    if !bars.is_empty() {
        html.push_str(&plot::draw(&case.title, &bars, None));
    }
    profile(html, case);
}

/// Our time by step, open where a peer is ahead: there it is what to look at.
fn profile(html: &mut String, case: &CaseRecord) {
    let open = if case.ratio().is_some_and(|ratio| ratio < 1.0) {
        " open"
    } else {
        ""
    };
    let whole: f64 = case.steps.iter().map(|step| step.microseconds).sum();
    let _ = write!(
        html,
        "<details{open}><summary>Our time by step</summary>\n<table><thead><tr><th>kernel</th>\
         <th>µs</th><th>share</th><th>MACs</th><th>GMAC/s</th></tr></thead>\n<tbody>\n"
    );
    for step in &case.steps {
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{:.2}</td><td>{:.0} %</td><td>{}</td><td>{:.1}</td></tr>",
            escaped(&step.kernel),
            step.microseconds,
            100.0 * step.microseconds / whole.max(1e-9),
            qibu_compiler::report::grouped(step.macs as usize),
            step.macs as f64 / step.microseconds.max(1e-3) / 1e3,
        );
    }
    html.push_str("</tbody></table></details>\n");
}

fn notes(html: &mut String, record: &Record) {
    html.push_str("<h2>How it was measured</h2>\n<ul>\n");
    let _ = writeln!(
        html,
        "<li>All libraries hold the model at once and take turns of {:.0} ms, {} each; a time is the \
         median of the turns, in processor time of the whole process.</li>",
        record.turn * 1e3,
        record.rounds
    );
    html.push_str(
        "<li>Ours copies its inputs in at every run; the peers' are bound beforehand.</li>\n\
         <li>All take and give floats but “TensorFlow Lite int8, ends too”: the same file without the \
         steps that convert them.</li>\n\
         <li>Every quantiser calibrates on the same samples; int8 (s8) and (u8) are ONNX Runtime's own \
         static quantisation with int8 and uint8 activations. What was made for a peer is run against \
         the float model first: dB is its signal-to-noise ratio.</li>\n\
         <li>tract, rten and ONNX Runtime get single layers with channels first and transpose \
         nothing.</li>\n",
    );
    if let Some(call) = record.call {
        let _ = writeln!(
            html,
            "<li>TensorFlow Lite is called from Python, timed inside its process; a call that has \
             nothing to do takes {call:.2} µs there, which its times include.</li>"
        );
    }
    for line in without(record) {
        let _ = writeln!(html, "<li>{}</li>", escaped(&line));
    }
    html.push_str("</ul>\n");
}
