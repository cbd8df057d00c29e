//! Gathering, scattering and what is made of choices.

use super::operators::{f32, i64, one, outcome};
use super::refused;
use crate::graph::Tensor;
use crate::onnx::{AttributeProto, attribute};

fn axis(axis: i64) -> Vec<AttributeProto> {
    vec![attribute::int("axis", axis)]
}

#[test]
fn elements_are_rows_of_a_flat_table() {
    let x = f32(&[2, 2], &[1.0, 2.0, 3.0, 4.0]);
    let y = i64(&[2, 2], &[0, 0, -1, 0]);
    let expected = f32(&[2, 2], &[1.0, 1.0, 4.0, 3.0]);
    let (ops, found) = outcome(13, "GatherElements", axis(1), &[("x", &x), ("y", &y)], &[]);
    assert_eq!(ops, ["Less", "Add", "Where", "Add", "Reshape", "Gather[0]"]);
    assert_eq!(found, expected);
    // Known indices fold to known rows.
    let (ops, found) = outcome(13, "GatherElements", axis(1), &[("x", &x)], &[("y", &y)]);
    assert_eq!(
        (&ops[..], found),
        (&["Reshape".into(), "Gather[0]".into()][..], expected)
    );
    let wide = i64(&[3, 2], &[0; 6]);
    refused(one(
        13,
        "GatherElements",
        axis(1),
        &[("x", &x), ("y", &wide)],
        &[],
    ));
}

#[test]
fn tuples_name_rows() {
    let x = f32(&[2, 2, 2], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    let y = i64(&[2, 2], &[0, 1, -1, 0]);
    let (_, found) = outcome(13, "GatherND", vec![], &[("x", &x), ("y", &y)], &[]);
    assert_eq!(found, f32(&[2, 2], &[2.0, 3.0, 4.0, 5.0]));
    let batch = vec![attribute::int("batch_dims", 1)];
    let y = i64(&[2, 1], &[1, 0]);
    let (_, found) = outcome(13, "GatherND", batch, &[("x", &x), ("y", &y)], &[]);
    assert_eq!(found, f32(&[2, 2], &[2.0, 3.0, 4.0, 5.0]));
    let y = i64(&[1, 4], &[0; 4]);
    refused(one(13, "GatherND", vec![], &[("x", &x), ("y", &y)], &[]));
}

#[test]
fn scattering_combines_one_after_another() {
    let x = f32(&[2, 3], &[1.0; 6]);
    let (y, z) = (i64(&[1, 2], &[-1, -1]), f32(&[1, 2], &[2.0, 3.0]));
    let with = |kind| {
        vec![
            attribute::int("axis", 1),
            attribute::string("reduction", kind),
        ]
    };
    let inputs = [("x", &x), ("y", &y), ("z", &z)];
    for (kind, last) in [
        ("none", 3.0),
        ("add", 6.0),
        ("mul", 6.0),
        ("min", 1.0),
        ("max", 3.0),
    ] {
        let (_, found) = outcome(18, "ScatterElements", with(kind), &inputs, &[]);
        assert_eq!(
            found,
            f32(&[2, 3], &[1.0, 1.0, last, 1.0, 1.0, 1.0]),
            "{kind}"
        );
    }
    let (y, z) = (i64(&[1, 1], &[1]), f32(&[1, 3], &[5.0, 6.0, 7.0]));
    let inputs = [("x", &x), ("y", &y), ("z", &z)];
    let (_, found) = outcome(18, "ScatterND", vec![], &inputs, &[]);
    assert_eq!(found, f32(&[2, 3], &[1.0, 1.0, 1.0, 5.0, 6.0, 7.0]));
}

#[test]
fn hot_ones_stand_on_a_new_axis() {
    let x = i64(&[4], &[0, -1, 2, 3]);
    let (y, z) = (f32(&[], &[3.0]), f32(&[2], &[2.0, 5.0]));
    let constants = [("y", &y), ("z", &z)];
    let (_, found) = outcome(11, "OneHot", axis(0), &[("x", &x)], &constants);
    let rows = [5.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 5.0, 5.0, 2.0];
    assert_eq!(found, f32(&[3, 4], &rows));
}

#[test]
fn triangles_are_choices_by_a_known_mask() {
    let x = f32(&[2, 3], &[1.0; 6]);
    let k = i64(&[], &[1]);
    let (ops, upper) = outcome(14, "Trilu", vec![], &[("x", &x)], &[("y", &k)]);
    assert_eq!(ops, ["Where"]);
    assert_eq!(upper, f32(&[2, 3], &[0.0, 1.0, 1.0, 0.0, 0.0, 1.0]));
    let lower = vec![attribute::int("upper", 0)];
    let (_, lower) = outcome(14, "Trilu", lower, &[("x", &x)], &[]);
    assert_eq!(lower, f32(&[2, 3], &[1.0, 0.0, 0.0, 1.0, 1.0, 0.0]));
}

#[test]
fn sums_run_either_way() {
    let x = i64(&[3], &[1, 2, 3]);
    let at = i64(&[], &[-1]);
    let with = |exclusive, reverse| {
        let attributes = [("exclusive", exclusive), ("reverse", reverse)];
        attributes
            .map(|(name, value)| attribute::int(name, value))
            .to_vec()
    };
    for (exclusive, reverse, expected) in [
        (0, 0, [1, 3, 6]),
        (1, 0, [0, 1, 3]),
        (0, 1, [6, 5, 3]),
        (1, 1, [5, 3, 0]),
    ] {
        let attributes = with(exclusive, reverse);
        let (_, found) = outcome(14, "CumSum", attributes, &[("x", &x)], &[("y", &at)]);
        assert_eq!(found, i64(&[3], &expected));
    }
}

#[test]
fn numbers_of_results_are_attributes_or_operands() {
    let x = f32(&[1, 3], &[1.0, 3.0, 2.0]);
    let k = vec![attribute::int("k", 2)];
    let (ops, found) = outcome(9, "TopK", k, &[("x", &x)], &[]);
    assert_eq!(
        (&ops[..], found),
        (&["TopK[2]".into()][..], f32(&[1, 2], &[3.0, 2.0]))
    );
    let last = vec![
        attribute::int("axis", 1),
        attribute::int("select_last_index", 1),
    ];
    let same = f32(&[1, 3], &[1.0; 3]);
    let (_, found) = outcome(13, "ArgMin", last, &[("x", &same)], &[]);
    assert_eq!(found, Tensor::i64(&[1, 1], vec![2]).unwrap());
}
