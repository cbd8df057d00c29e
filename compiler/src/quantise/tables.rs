//! Named tables: what decoders read from the file, and no step.
//!
//! ```text
//! crf          int32 [T + 2, T]   row 0 start, rows 1…T transitions from tag row − 1, row T + 1 end;
//!                                 in 1/65536 nat, `qibu::decode::crf::fixed`
//! pair_first   int32 [V + 1]      pairs with first id f are numbers pair_first[f]…pair_first[f + 1]
//! pair_second  int16 [P]          their second ids, read as unsigned, ascending for each first id
//! ```
//!
//! Those of `qibu.tables` follow as they are, int8 or f32, in files of every format.

use super::builder::Builder;
use crate::error::{Error, Result};
use crate::graph::{Data, Metadata, Transitions};
use qibu::decode::crf::fixed;
use qibu::format::DType;
use qibu::tag::FIRST_CHARACTER;
use std::collections::BTreeMap;

/// Adds the tables of the model's metadata.
pub(super) fn add(builder: &mut Builder<'_>, metadata: &Metadata) -> Result<()> {
    if let Some(crf) = &metadata.crf {
        let tags = crf.start.len();
        builder.table("crf", DType::I32, &[tags + 2, tags], scores(crf))?;
    }
    if !metadata.pairs.is_empty() {
        let (first, second) = rows(&metadata.vocab, &metadata.pairs);
        let bytes = first.iter().flat_map(|offset| offset.to_le_bytes());
        builder.table("pair_first", DType::I32, &[first.len()], bytes.collect())?;
        let bytes = second.iter().flat_map(|id| id.to_le_bytes());
        builder.table("pair_second", DType::I16, &[second.len()], bytes.collect())?;
    }
    for (name, table) in &metadata.tables {
        let (dtype, bytes): (_, Vec<u8>) = match table.data() {
            Data::F32(data) => (
                DType::F32,
                data.iter().flat_map(|x| x.to_le_bytes()).collect(),
            ),
            Data::I8(data) => (DType::I8, data.iter().map(|&x| x as u8).collect()),
            _ => {
                return Err(Error::input(format!(
                    "table `{name}` is neither f32 nor int8"
                )));
            }
        };
        builder.table(name, dtype, table.shape(), bytes)?;
    }
    Ok(())
}

fn scores(crf: &Transitions) -> Vec<u8> {
    let rows = crf.between.iter().flatten();
    let all = crf.start.iter().chain(rows).chain(&crf.end);
    all.flat_map(|&score| fixed(score).to_le_bytes()).collect()
}

/// Compressed sparse rows of pairs; import has checked that both ascend and fit.
fn rows(vocab: &[char], pairs: &[[char; 2]]) -> (Vec<u32>, Vec<u16>) {
    let ids: BTreeMap<char, usize> = vocab
        .iter()
        .zip(FIRST_CHARACTER as usize..)
        .map(|(&character, id)| (character, id))
        .collect();
    let id = |character: &char| ids.get(character).copied().unwrap_or(0);
    let mut first = vec![0u32; vocab.len() + FIRST_CHARACTER as usize + 1];
    for [a, _] in pairs {
        first[id(a) + 1] += 1;
    }
    for row in 1..first.len() {
        first[row] += first[row - 1];
    }
    let second = pairs.iter().map(|[_, b]| id(b) as u16);
    (first, second.collect())
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn pairs_become_sparse_rows() {
        let vocab = ['a', 'b', 'c'];
        let pairs = [['a', 'a'], ['a', 'c'], ['c', 'b']];
        assert_eq!(
            rows(&vocab, &pairs),
            (vec![0, 0, 0, 2, 2, 3], vec![2, 4, 3])
        );
    }
}
