//! The words of training, as training leaves them: hashes in the tensor `known_words` (int32, sorted
//! as unsigned) of `model.safetensors`.

use crate::error::{Error, Result};
use crate::input_file;
use safetensors::{Dtype, SafeTensors};
use std::path::Path;

/// Name of the tensor.
pub const TENSOR: &str = "known_words";

/// The hashes in the file at `path`, sorted; none where it has no such tensor.
///
/// # Errors
/// The file is unreadable or damaged.
pub fn read(path: &Path) -> Result<Option<Vec<u32>>> {
    let remedy = "copy the file again, or give the training text with --train";
    let bytes = input_file::read(path, remedy)?;
    let damaged = |what: String| Error::input(format!("{}: {what}", path.display())).hint(remedy);
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|error| damaged(format!("not a whole safetensors file: {error}")))?;
    let Ok(tensor) = file.tensor(TENSOR) else {
        return Ok(None);
    };
    if !matches!(tensor.dtype(), Dtype::I32 | Dtype::U32) {
        return Err(damaged(format!(
            "{TENSOR} has type {:?}, not I32",
            tensor.dtype()
        )));
    }
    let (words, _) = tensor.data().as_chunks::<4>();
    let mut hashes: Vec<u32> = words.iter().map(|&word| u32::from_le_bytes(word)).collect();
    hashes.sort_unstable();
    Ok(Some(hashes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tag::score::fnv1a;

    #[test]
    fn hashes_come_back_sorted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.safetensors");
        let hashes: Vec<u32> = ["foobar", "春眠", "a"].map(fnv1a).into();
        let file = |name: &str, dtype: &str| {
            let data: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
            let mut header = format!(
                "{{\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":[3],\"data_offsets\":[0,12]}}}}"
            );
            header.extend(std::iter::repeat_n(
                ' ',
                header.len().next_multiple_of(8) - header.len(),
            ));
            let length = (header.len() as u64).to_le_bytes().to_vec();
            std::fs::write(&path, [length, header.into_bytes(), data].concat()).unwrap();
        };
        file(TENSOR, "I32");
        let found = read(&path).unwrap().unwrap();
        assert!(found.is_sorted() && hashes.iter().all(|hash| found.contains(hash)));
        file("other", "I32");
        assert_eq!(read(&path).unwrap(), None);
        file(TENSOR, "F32");
        assert!(read(&path).unwrap_err().to_string().contains("not I32"));
        std::fs::write(&path, b"short").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("--train"));
    }
}
