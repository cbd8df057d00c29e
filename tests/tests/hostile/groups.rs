//! `TopKGroups` whose lines, groups or lists do not fit.

use super::load;
use qibu::format::DType::{F32, I8, I16, I32};
use qibu::format::{DType, Opcode, Place};
use qibu::{Fault, LoadError};
use qibu_tests::builder::Builder;

/// Rows, entries, lists of two lines of two rows.
const ROWS: u32 = 4;
const ENTRIES: u32 = 5;
const LISTS: u32 = 2 * (2 + 31);

/// What a test breaks.
struct Case {
    x: DType,
    line: u32,
    lists: u32,
    best: u32,
    groups: (DType, u32),
    /// Whether the groups are computed.
    in_arena: bool,
    /// Whether there are scale words.
    scales: bool,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            x: I8,
            line: 2,
            lists: LISTS,
            best: 3,
            groups: (I16, ENTRIES),
            in_arena: false,
            scales: true,
        }
    }
}

impl Case {
    fn load(&self) -> Result<(), Fault> {
        let mut b = Builder::default();
        let x = b.activation(self.x, &[ROWS, 2]);
        let mut inputs = vec![x];
        if self.x == F32 {
            inputs.push(b.weights(F32, &[ENTRIES, 2], &[1.0f32; 2 * ENTRIES as usize]));
            inputs.push(b.weights(F32, &[ENTRIES], &[0.0f32; ENTRIES as usize]));
        } else {
            inputs.push(b.weights(I8, &[ENTRIES, 2], &[1i8; 2 * ENTRIES as usize]));
            inputs.push(b.bias(ENTRIES as usize, 0));
        }
        if self.scales {
            inputs.push(b.scales(ENTRIES as usize, 0.5));
        }
        let (dtype, length) = self.groups;
        let (mut given, groups) = (
            vec![x],
            match self.in_arena {
                true => b.activation(dtype, &[length]),
                false => b.weights(dtype, &[length], &vec![0u8; length as usize * dtype.size()]),
            },
        );
        if self.in_arena {
            given.push(groups);
        }
        inputs.push(groups);
        let scores = if self.x == F32 { F32 } else { I32 };
        let outputs = [I32, scores].map(|dtype| b.activation(dtype, &[self.lists, self.best]));
        b.step(Opcode::TopKGroups, &inputs, &outputs, &[self.line]);
        b.function("main", &given, &outputs);
        match load(&b.finish()) {
            Err(LoadError::Step(0, fault)) => Err(fault),
            other => {
                assert_eq!(other, Ok(()));
                Ok(())
            }
        }
    }
}

#[test]
fn lines_are_whole_and_have_their_lists() {
    for (line, lists, expected) in [
        (2, LISTS, Ok(())),
        (1, 4 * 31, Ok(())),
        (4, 6 + 31, Ok(())),
        (2, LISTS - 1, Err(Fault::Shape)),
        (1, LISTS, Err(Fault::Shape)),
        (0, LISTS, Err(Fault::Attribute)),
        (3, LISTS, Err(Fault::Attribute)),
        (8, LISTS, Err(Fault::Attribute)),
        (u32::MAX, LISTS, Err(Fault::Attribute)),
    ] {
        let case = Case {
            line,
            lists,
            ..Case::default()
        };
        assert_eq!(case.load(), expected, "lines of {line}, {lists} lists");
    }
}

#[test]
fn groups_are_a_constant_of_one_int16_for_each_entry() {
    for (groups, in_arena, expected) in [
        ((I16, ENTRIES + 1), false, Fault::Shape),
        ((I16, 1), false, Fault::Shape),
        ((I8, 2 * ENTRIES), false, Fault::DType),
        ((I32, ENTRIES), false, Fault::DType),
        ((I16, ENTRIES), true, Fault::Operand),
    ] {
        let case = Case {
            groups,
            in_arena,
            ..Case::default()
        };
        assert_eq!(case.load(), Err(expected), "{groups:?}");
    }
}

#[test]
fn integers_have_scale_words_and_floats_none() {
    let with = |x, scales| {
        Case {
            x,
            scales,
            ..Case::default()
        }
        .load()
    };
    assert_eq!(with(I8, true), Ok(()));
    assert_eq!(with(I16, true), Ok(()));
    assert_eq!(with(F32, false), Ok(()));
    assert_eq!(with(F32, true), Err(Fault::Arity));
    assert_eq!(with(I8, false), Err(Fault::Arity));
}

#[test]
fn a_list_holds_no_more_than_there_are() {
    for best in [1, ENTRIES] {
        assert_eq!(
            Case {
                best,
                ..Case::default()
            }
            .load(),
            Ok(())
        );
    }
    let best = ENTRIES + 1;
    assert_eq!(
        Case {
            best,
            ..Case::default()
        }
        .load(),
        Err(Fault::Shape)
    );
}

/// The other inputs are checked as those of `TopKDense` are.
#[test]
fn groups_lie_row_by_row_in_the_weights() {
    let mut b = Builder::default();
    let x = b.activation(F32, &[1, 1]);
    let w = b.weights(F32, &[1, 1], &[1.0f32]);
    let bias = b.weights(F32, &[1], &[0.0f32]);
    let groups = b.weights(I16, &[1], &[0i16]);
    b.tensors[groups as usize].place = Place::Parameters;
    let outputs = [I32, F32].map(|dtype| b.activation(dtype, &[31, 1]));
    b.step(Opcode::TopKGroups, &[x, w, bias, groups], &outputs, &[1]);
    b.function("main", &[x], &outputs);
    assert_eq!(
        load(&b.finish()),
        Err(LoadError::Tensor(groups, Fault::DType))
    );
}
