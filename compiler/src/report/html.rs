//! The report of a compilation as one HTML page, which needs nothing but itself.
//!
//! Headline figures, then for each function its arena over time and a table of its steps. No script,
//! no font, no address: the page opens offline. It is laid out for a phone first — figures wrap, the
//! picture scales, the table scrolls inside its own frame with the names standing still — and follows
//! the reader's light or dark setting. All text comes from foreign files and is escaped.

use super::memory_svg::{self, Arena, escaped};
use super::{element_type, grouped};
use qibu::format::DType;
use std::fmt::Write;

/// A compilation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Name of the model.
    pub title: String,
    /// Length of the file in bytes.
    pub bytes: usize,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Remarks, for instance on where the activation ranges come from.
    pub remarks: Vec<String>,
    /// Functions.
    pub functions: Vec<Function>,
}

/// One function.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Function {
    /// Name.
    pub name: String,
    /// Bytes of a file with this function alone.
    pub flash: usize,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Outputs, with their signal-to-noise ratio against float in decibels where measured.
    pub outputs: Vec<(String, Option<f64>)>,
    /// The arena over time, peak and lower bound.
    pub arena: Arena,
    /// Steps in order.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Name.
    pub name: String,
    /// Operator.
    pub operator: String,
    /// Element type and shape of what it reads from the arena.
    pub inputs: Vec<(DType, Vec<usize>)>,
    /// Element type and shape of what it writes.
    pub outputs: Vec<(DType, Vec<usize>)>,
    /// Bytes of constants, operands and its record.
    pub flash: usize,
    /// Bytes of arena alive at the step.
    pub live: usize,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Signal-to-noise ratio against float in decibels, where measured.
    pub snr_db: Option<f64>,
}

const CSS: &str = "<style>\
:root{color-scheme:light dark;--ground:#fff;--text:#222;--faint:#666;--line:#ddd;--bar:#bcd8f5;\
--bad:#f6c9c0}\
@media(prefers-color-scheme:dark){:root{--ground:#16181c;--text:#e6e6e6;--faint:#aaa;--line:#3a3d44;\
--bar:#27496d;--bad:#6d3327}}\
*{box-sizing:border-box}\
body{margin:0 auto;max-width:70rem;padding:1rem;background:var(--ground);color:var(--text);\
font:16px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}\
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.2rem;margin:2rem 0 .5rem}\
.faint{color:var(--faint);font-size:.85rem}\
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.6rem;margin:.8rem 0;\
padding:0}\
.figures div{border:1px solid var(--line);border-radius:.5rem;padding:.5rem .7rem}\
.figures dt{color:var(--faint);font-size:.8rem}.figures dd{margin:0;font-size:1.15rem;font-weight:600}\
.frame{overflow-x:auto;border:1px solid var(--line);border-radius:.5rem;margin:1rem 0}\
table{border-collapse:collapse;width:100%;font-size:.85rem;overflow-wrap:normal}\
th,td{padding:.35rem .6rem;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}\
th{font-weight:600}tbody th{position:sticky;left:0;background:var(--ground);max-width:11rem;\
overflow:hidden;text-overflow:ellipsis}\
.n{text-align:right;font-variant-numeric:tabular-nums;background-repeat:no-repeat;\
background-image:linear-gradient(var(--bar),var(--bar));background-size:var(--w,0%) 100%}\
.e{background-image:linear-gradient(var(--bad),var(--bad))}\
</style>";

/// The page.
pub fn draw(page: &Page) -> String {
    let title = escaped(&page.title);
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <title>{title}</title>\n{CSS}\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    figures(
        &mut html,
        &[
            ("file", format!("{} bytes", grouped(page.bytes))),
            ("functions", page.functions.len().to_string()),
        ],
    );
    // Writing into a String cannot fail.
    let _ = writeln!(
        html,
        "<p class=\"faint\">SHA-256 {}</p>",
        escaped(&page.sha256)
    );
    for remark in &page.remarks {
        let _ = writeln!(html, "<p>{}</p>", escaped(remark));
    }
    for function in &page.functions {
        section(&mut html, function);
    }
    html.push_str("</body>\n</html>\n");
    html
}

/// Named numbers, side by side where there is room.
fn figures(html: &mut String, figures: &[(&str, String)]) {
    html.push_str("<dl class=\"figures\">\n");
    for (name, value) in figures {
        let (name, value) = (escaped(name), escaped(value));
        let _ = writeln!(html, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    }
    html.push_str("</dl>\n");
}

fn section(html: &mut String, function: &Function) {
    let _ = writeln!(
        html,
        "<section>\n<h2>function {}</h2>",
        escaped(&function.name)
    );
    let bytes = |bytes| format!("{} bytes", grouped(bytes));
    let names = function
        .outputs
        .iter()
        .map(|(name, _)| format!("{name} against float"));
    let names: Vec<String> = names.collect();
    let mut shown = vec![
        ("flash", bytes(function.flash)),
        ("RAM peak", bytes(function.arena.peak)),
        ("RAM lower bound", bytes(function.arena.lower_bound)),
        ("multiply-accumulates", grouped(function.macs as usize)),
    ];
    for (name, (_, snr)) in names.iter().zip(&function.outputs) {
        if let Some(snr) = snr {
            shown.push((name, format!("{snr:.1} dB")));
        }
    }
    figures(html, &shown);
    html.push_str(&memory_svg::draw(&function.arena));
    html.push_str(
        "<div class=\"frame\">\n<table>\n<thead><tr><th>step</th><th>operator</th><th>reads</th>\
         <th>writes</th><th>flash</th><th>RAM live</th><th>MACs</th><th>SNR dB</th></tr></thead>\n\
         <tbody>\n",
    );
    let most = |number: &dyn Fn(&Step) -> u64| function.steps.iter().map(number).max().unwrap_or(0);
    let most_flash = most(&|step| step.flash as u64);
    let most_macs = most(&|step| step.macs);
    for step in &function.steps {
        let number = |number: u64, most| cell(&grouped(number as usize), share(number, most), "n");
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\" title=\"{name}\">{name}</th><td>{}</td><td>{}</td><td>{}</td>\
             {}{}{}{}</tr>",
            escaped(&step.operator),
            shapes(&step.inputs),
            shapes(&step.outputs),
            number(step.flash as u64, most_flash),
            number(step.live as u64, function.arena.peak as u64),
            number(step.macs, most_macs),
            error(step.snr_db),
            name = escaped(&step.name),
        );
    }
    html.push_str(
        "</tbody>\n</table>\n</div>\n<p class=\"faint\">flash: constants that the step reads, its \
         record and operands; constants of several steps count at each. SNR: signal-to-noise ratio of \
         what the step writes against the float path; its bar is the error, full at 0 dB, none from \
         60 dB on.</p>\n</section>\n",
    );
}

/// `part` of `whole` in percent.
fn share(part: u64, whole: u64) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

/// A cell with a bar behind its text.
fn cell(text: &str, percent: f64, class: &str) -> String {
    format!("<td class=\"{class}\" style=\"--w:{percent:.1}%\">{text}</td>")
}

fn error(snr_db: Option<f64>) -> String {
    match snr_db {
        Some(snr) => {
            let error = (1.0 - snr / 60.0).clamp(0.0, 1.0);
            cell(&format!("{snr:.1}"), 100.0 * error, "n e")
        }
        None => cell("–", 0.0, "n"),
    }
}

fn shapes(tensors: &[(DType, Vec<usize>)]) -> String {
    let shape = |(dtype, shape): &(DType, Vec<usize>)| {
        let dims: Vec<String> = shape.iter().map(ToString::to_string).collect();
        format!("{} {}", element_type(*dtype), dims.join("×"))
    };
    let all: Vec<String> = tensors.iter().map(shape).collect();
    all.join("<br>")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "</title><script>alert(\"1\")</script>&'\u{1b}";

    fn page() -> Page {
        let step = |name: &str, live, snr_db| Step {
            name: name.into(),
            operator: "Conv".into(),
            inputs: vec![(DType::I8, vec![1, 4, 4, 2])],
            outputs: vec![(DType::I8, vec![1, 4, 4, 8])],
            flash: 1_234,
            live,
            macs: 5_000_000_000,
            snr_db,
        };
        Page {
            title: HOSTILE.into(),
            bytes: 12_345,
            sha256: "00ff".into(),
            remarks: vec![HOSTILE.into()],
            functions: vec![Function {
                name: HOSTILE.into(),
                flash: 9_999,
                macs: 10_000_000_000,
                outputs: vec![(HOSTILE.into(), Some(31.25)), ("ids".into(), None)],
                arena: Arena {
                    title: HOSTILE.into(),
                    steps: 2,
                    peak: 160,
                    lower_bound: 144,
                    ..Arena::default()
                },
                steps: vec![step(HOSTILE, 160, Some(30.0)), step("b", 80, None)],
            }],
        }
    }

    #[test]
    fn figures_steps_and_bars_are_there() {
        let html = draw(&page());
        assert_eq!(html.matches("<tr><th scope").count(), 2);
        assert_eq!(html.matches("<svg").count(), 1);
        for part in [
            "name=\"viewport\"",
            "prefers-color-scheme:dark",
            "<dd>12,345 bytes</dd>",
            "<dt>RAM peak</dt><dd>160 bytes</dd>",
            "<dt>RAM lower bound</dt><dd>144 bytes</dd>",
            "<dd>10,000,000,000</dd>",
            "<dd>31.2 dB</dd>",
            "<td>i8 1×4×4×2</td><td>i8 1×4×4×8</td>",
            "style=\"--w:100.0%\">160</td>",
            "style=\"--w:50.0%\">80</td>",
            "class=\"n e\" style=\"--w:50.0%\">30.0</td>",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("ids against float"));
    }

    #[test]
    fn names_stay_text_and_nothing_is_fetched() {
        let html = draw(&page());
        assert!(html.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;"));
        for part in [
            "<script", "alert(\"", "\u{1b}", "<link", "<img", "url(", "@import", "src=",
        ] {
            assert!(!html.contains(part), "{part}");
        }
        // The one address is the name of SVG's namespace.
        let bare = html.replace("http://www.w3.org/2000/svg", "");
        assert!(!bare.contains("://"));
        // Every element that opens closes.
        for tag in [
            "section", "table", "tbody", "tr", "th", "td", "dl", "dt", "dd", "svg", "title",
        ] {
            let opened = html.matches(&format!("<{tag}>")).count()
                + html.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }

    #[test]
    fn a_page_of_nothing_is_a_page() {
        assert!(draw(&Page::default()).ends_with("</html>\n"));
    }
}
