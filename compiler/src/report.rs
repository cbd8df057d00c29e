//! Drawing: numbers that other paces have computed, as pictures and tables.
//!
//! Everything here is a pure function of plain data, and knows no other pace.

pub mod html;
pub mod memory_svg;
pub mod table;

/// A whole number with thousands apart: `12,288`.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Name of an element type as shown: `f32`, `i8`, …
pub fn element_type(dtype: qibu::format::DType) -> String {
    format!("{dtype:?}").to_lowercase()
}

/// Text from a foreign file, which must not steer the terminal: control characters become dots.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '·' } else { c })
        .collect()
}

/// Most characters of a name in a table for the terminal.
const NAME: usize = 44;

/// A name that leaves room for the other columns: its middle left out where it is long. Exporters
/// chain names with `;`, and the last one tells layers apart.
pub fn short(name: &str) -> String {
    let length = name.chars().count();
    if length <= NAME {
        return name.to_owned();
    }
    let (head, tail) = (NAME / 3, NAME - NAME / 3 - 1);
    let start = name.chars().take(head);
    let end = name.chars().skip(length - tail);
    start.chain(['…']).chain(end).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(super::short("conv1"), "conv1");
        let name = super::short(&format!("model/{};last", "x".repeat(90)));
        assert_eq!(name.chars().count(), super::NAME);
        assert!(name.starts_with("model/xx") && name.ends_with(";last"));
        assert_eq!(super::short(&"七".repeat(50)).chars().count(), super::NAME);
    }

    #[test]
    fn thousands_are_set_apart() {
        let numbers = [0, 999, 1_000, 1_234_567];
        assert_eq!(
            numbers.map(super::grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
    }
}
