//! `Poet::new` takes only models that `Poet::couplet` can read.

use qibu::Model;
use qibu::format::{DType, Opcode};
use qibu::poem::Poet;
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::builder::Builder;

/// A float poem model with this many positions and candidates.
fn float_poem(positions: u32, candidates: u32) -> Builder {
    let mut builder = Builder::new(&[("vocab", "山水月")]);
    let z = builder.activation(DType::F32, &[1, positions]);
    let shape = [1, positions, candidates];
    let x = builder.tensor(
        DType::F32,
        qibu::format::Place::Arena,
        &[1, positions, 1],
        0,
    );
    let (ids, scores) = (
        builder.activation(DType::I32, &shape),
        builder.activation(DType::F32, &shape),
    );
    let rows: Vec<f32> = (0..candidates).map(|row| row as f32).collect();
    let w = builder.weights(DType::F32, &[candidates, 1], &rows);
    let bias = builder.weights(DType::F32, &[candidates], &rows);
    builder.step(Opcode::TopKDense, &[x, w, bias], &[ids, scores], &[]);
    builder.function("generate", &[z], &[ids, scores]);
    builder
}

/// `Some` with the couplet's length where `new` takes the model.
fn couplet(builder: &Builder) -> Option<usize> {
    let file = builder.finish();
    let model = Model::load(&file).unwrap();
    let poet = Poet::new(&model)?;
    let mut arena = AlignedBytes::zeros(poet.arena());
    let arena = &mut arena;
    let ids = poet
        .couplet(7, 1.0, arena)
        .expect("a poet that new has taken reads couplets");
    Some(ids.len())
}

#[test]
fn float_scores_are_taken_however_many() {
    assert_eq!(couplet(&float_poem(10, 4)), Some(10));
    assert_eq!(couplet(&float_poem(16, 16)), Some(16));
    assert_eq!(couplet(&float_poem(16, 17)), Some(16));
}

#[test]
fn a_poem_has_two_equal_lines_or_four() {
    for (positions, length) in [
        (9, None),
        (18, Some(18)),
        (20, Some(20)),
        (22, None),
        (28, Some(28)),
        (32, None),
    ] {
        assert_eq!(couplet(&float_poem(positions, 4)), length);
    }
}

#[test]
fn commas_and_full_stops_take_turns() {
    for (positions, text) in [
        (10, "山山山山山，山山山山山。"),
        (14, "山山山山山山山，山山山山山山山。"),
        (20, "山山山山山，山山山山山。山山山山山，山山山山山。"),
    ] {
        let file = float_poem(positions, 2).finish();
        let model = Model::load(&file).unwrap();
        let mut written = String::new();
        let ids = vec![0; positions as usize];
        let poet = Poet::new(&model).unwrap();
        poet.write(&ids, |piece| written += piece);
        assert_eq!(written, text);
    }
}
