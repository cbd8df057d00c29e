//! What a search for formats is asked, and the frontier that it found.

use crate::report::table::{Align, Style, Table};
use crate::report::{grouped, printable};
use crate::search::Found;

/// A number of bytes: `4096`, `200K`, `1M` (of 1,024).
pub(super) fn bytes(text: &str) -> Result<usize, String> {
    let (digits, unit) = match text.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&text[..at], 1 << 10),
        Some((at, 'm' | 'M')) => (&text[..at], 1 << 20),
        _ => (text, 1),
    };
    let number = digits.parse::<usize>().ok();
    let found = number.and_then(|number| number.checked_mul(unit));
    found.ok_or_else(|| "a number of bytes is expected, such as 4096, 200K or 1M".into())
}

/// The points that no other beats in size, memory and ratio, and the chosen one.
fn shown(found: &Found) -> Vec<usize> {
    let points = &found.frontier;
    let beaten = |index: usize| {
        points.iter().enumerate().any(|(other, point)| {
            let own = &points[index];
            let better =
                point.snr_db > own.snr_db || point.flash < own.flash || point.ram < own.ram;
            other != index
                && point.flash <= own.flash
                && point.ram <= own.ram
                && point.snr_db >= own.snr_db
                && (better || other < index)
        })
    };
    let kept = (0..points.len()).filter(|&index| index == found.chosen || !beaten(index));
    kept.collect()
}

/// The frontier for people.
pub(super) fn text(found: &Found, style: Style) -> String {
    let mut table = Table::new(&[
        ("", Align::Left),
        ("flash", Align::Right),
        ("RAM", Align::Right),
        ("SNR dB", Align::Right),
        ("last move", Align::Left),
    ]);
    for index in shown(found) {
        let point = &found.frontier[index];
        let moved = point.moved.as_ref();
        table.row(vec![
            if index == found.chosen { "→" } else { "" }.to_owned(),
            grouped(point.flash),
            grouped(point.ram),
            format!("{:.1}", point.snr_db),
            moved.map_or_else(
                || "every layer in its smallest format".to_owned(),
                |(name, format)| format!("{} to {format}", printable(name)),
            ),
        ]);
    }
    format!(
        "frontier of {} files\n{}\n",
        found.frontier.len(),
        table.render(style)
    )
}

/// The frontier for programs: all points.
pub(super) fn json(found: &Found) -> serde_json::Value {
    let points = found.frontier.iter().enumerate().map(|(index, point)| {
        serde_json::json!({
            "flash": point.flash,
            "ram": point.ram,
            "snr_db": point.snr_db,
            "layer": point.moved.as_ref().map(|(name, _)| name),
            "format": point.moved.as_ref().map(|(_, format)| format),
            "chosen": index == found.chosen,
        })
    });
    points.collect()
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_have_units() {
        assert_eq!(bytes("4096"), Ok(4096));
        assert_eq!(bytes("200K"), Ok(200 << 10));
        assert_eq!(bytes("1m"), Ok(1 << 20));
        for wrong in ["", "K", "-1", "1.5M", "99999999999999999999", "1G", "九K"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
