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

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_are_set_apart() {
        let numbers = [0, 999, 1_000, 1_234_567];
        assert_eq!(
            numbers.map(super::grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
    }
}
