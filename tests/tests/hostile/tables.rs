//! Named tables: tensors that no step reads.

use qibu::format::{DType, Place};
use qibu::{Fault, LoadError, Model};
use qibu_tests::builder::Builder;

/// Every table record is checked, whether a step reads it or not.
#[test]
fn tables_are_checked_like_any_tensor() {
    let load = |change: fn(&mut Builder)| {
        let mut b = Builder::new(&[("task", "test")]);
        let x = b.activation(DType::F32, &[1]);
        b.function("main", &[x], &[x]);
        b.table("words", DType::I32, &[3], &[1i32, -2, 3]);
        b.table("halves", DType::I16, &[3], &[1u16, 2, 65535]);
        change(&mut b);
        let file = b.finish();
        let model = Model::load(&file)?;
        let found = (
            model
                .table("words")
                .and_then(|table| table.i32().map(<[i32]>::to_vec)),
            model
                .table("halves")
                .and_then(|table| table.u16().map(<[u16]>::to_vec)),
        );
        Ok::<_, LoadError>(found)
    };
    let both = (Some(vec![1, -2, 3]), Some(vec![1, 2, 65535]));
    assert_eq!(load(|_| {}), Ok(both));
    let fault = |fault| Err(LoadError::Tensor(1, fault));
    assert_eq!(load(|b| b.tensors[1].offset = 2), fault(Fault::Offset));
    assert_eq!(
        load(|b| b.tensors[1].offset = 1 << 20),
        fault(Fault::Offset)
    );
    assert_eq!(
        load(|b| b.tensors[1].dims[0] = 1 << 20),
        fault(Fault::Offset)
    );
    assert_eq!(load(|b| b.tensors[1].dims[0] = 0), fault(Fault::Shape));
    assert_eq!(
        load(|b| b.tensors[1].dims[0] = u32::MAX),
        fault(Fault::Shape)
    );
    assert_eq!(load(|b| b.tensors[1].scale = 0.0), fault(Fault::Scale));
    assert_eq!(
        load(|b| b.tensors[1].name_offset = 999),
        fault(Fault::Range)
    );
    // Another type, another place, another name: no such table.
    assert_eq!(load(|b| b.tensors[1].dtype = DType::F32).unwrap().0, None);
    assert_eq!(load(|b| b.tensors[1].name_length = 0).unwrap().0, None);
    assert_eq!(
        load(|b| (b.tensors[1].place, b.tensors[1].offset) = (Place::Parameters, 4)),
        fault(Fault::Offset)
    );
}
