//! The README's table of boards has the figures that `firmware-examples/run` recorded.

use qibu_tests::need::root;
use std::collections::BTreeMap;

/// Code, arena and stack by board and program.
type Figures = BTreeMap<(String, String), [String; 3]>;

fn recorded() -> Figures {
    let text = std::fs::read_to_string(root().join("firmware-examples/footprint.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let fields = lines.map(|line| line.split_whitespace().map(str::to_owned));
    fields
        .map(|mut fields| {
            let mut next = || fields.next().expect("five fields");
            ((next(), next()), [next(), next(), next()])
        })
        .collect()
}

#[test]
fn the_table_of_boards_is_the_recorded_one() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (_, table) = readme
        .split_once("<!-- firmware-examples/run all -->\n")
        .expect("the table's mark");
    let recorded = recorded();
    let mut shown = 0;
    // Behind the head and its rule, as far as the table goes.
    for row in table.lines().skip(2).take_while(|row| row.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [board, _, _, program, _, code, arena, stack, _] = cells[..] else {
            panic!("nine columns: {row}");
        };
        let figures = &recorded[&(board.to_owned(), program.to_owned())];
        assert_eq!(figures, &[code, arena, stack], "{row}");
        shown += 1;
    }
    let expected = recorded.keys().filter(|(_, program)| program != "bench");
    assert_eq!(shown, expected.count(), "one row for each poem and tag");
}
