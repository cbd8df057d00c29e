//! Opening a `.qibu` file: read, align, check everything, and say plainly what is wrong.

pub mod of;

use crate::aligned::AlignedBytes;
use crate::error::{Error, Result};
use crate::input_file;
use qibu::format::{Header, MAGIC};
use qibu::{Limits, LoadError, Model};
use std::path::Path;

/// A file in memory, checked, weights included.
pub struct ModelFile {
    name: String,
    bytes: AlignedBytes,
}

/// Work of one run that commands accept: whatever `compile` writes.
const LIMITS: Limits = crate::calibrate::LIMITS;
/// Most bytes of arena that a command allocates for a file.
const MAX_ARENA: usize = 1 << 30;

/// What to do about a file that is not whole.
const DAMAGED: &str = "copy the file again from its source, or rebuild it with `qibu compile`";

impl ModelFile {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    /// The file is missing, unreadable, no `.qibu` file or damaged.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let bytes = input_file::read(
            path,
            "give the path of a .qibu file; `qibu compile model.onnx` writes one",
        )?;
        Self::from_bytes(name, &bytes)
    }

    /// Checks a file that is in memory already; errors call it `name`.
    ///
    /// # Errors
    /// As [`ModelFile::open`].
    pub fn from_bytes(name: impl Into<String>, bytes: &[u8]) -> Result<Self> {
        let file = Self {
            name: name.into(),
            bytes: AlignedBytes::from(bytes),
        };
        let model = file.model()?;
        if let Some(function) = model.functions().find(|f| f.arena() > MAX_ARENA) {
            return Err(Error::input(format!(
                "{}: function `{}` asks for {} bytes of arena, this command allows {MAX_ARENA}",
                file.name,
                function.name(),
                function.arena()
            ))
            .hint("a few hostile bytes can ask for 4 GiB; use the library to run such a model"));
        }
        let verified = model.verify_weights();
        if !verified {
            return Err(Error::input(format!(
                "{}: damaged: the weights do not match their checksum",
                file.name
            ))
            .hint(DAMAGED));
        }
        Ok(file)
    }

    /// What errors call the file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The bytes, aligned.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The model in the file; loading again is cheap beside running.
    ///
    /// # Errors
    /// Never after [`ModelFile::open`] succeeded.
    pub fn model(&self) -> Result<Model<'_>> {
        let bytes = &self.bytes;
        Model::load_within(bytes, LIMITS).map_err(|error| explain(error, bytes).within(&self.name))
    }
}

/// What the loader's answer means for someone who gave the file.
fn explain(error: LoadError, bytes: &[u8]) -> Error {
    match error {
        LoadError::Header => foreign(bytes),
        LoadError::Length => {
            let head = bytes.first_chunk::<{ Header::LENGTH }>();
            let found = match head.and_then(Header::parse) {
                Some(header) if u64::from(header.file_length) == bytes.len() as u64 => {
                    "damaged: a length in the header does not fit".into()
                }
                Some(header) => format!(
                    "truncated or overlong: {} bytes where the header says {}",
                    bytes.len(),
                    header.file_length
                ),
                None => format!(
                    "truncated or overlong: {} bytes, too few for a header",
                    bytes.len()
                ),
            };
            Error::input(found).hint(DAMAGED)
        }
        LoadError::Version(_) => Error::input(error.to_string())
            .hint("rebuild the file from its model.onnx with this version's `qibu compile`"),
        _ => Error::input(format!("damaged: {error}")).hint(DAMAGED),
    }
}

/// Files without a Qibu header.
fn foreign(bytes: &[u8]) -> Error {
    let compile = "compile it first: `qibu compile model.onnx -o model.qibu`";
    if bytes.is_empty() {
        return Error::input("the file is empty").hint(DAMAGED);
    }
    if bytes.starts_with(&MAGIC) {
        return Error::input("damaged: the header's reserved bytes are not zero").hint(DAMAGED);
    }
    // An ONNX file starts with field 1, its IR version, a small varint.
    let onnx = matches!(bytes, [0x08, version, ..] if (1..=32).contains(version));
    if onnx {
        return Error::input("an ONNX model; expected a .qibu file").hint(compile);
    }
    Error::input("not a .qibu file (it does not start with QIBU)")
        .hint("give a file that `qibu compile` wrote, such as models/poem5/model.qibu")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::poem::testing;

    fn refusal(bytes: &[u8]) -> String {
        let error = ModelFile::from_bytes("m.qibu", bytes).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Input);
        error.to_string()
    }

    #[test]
    fn each_fault_is_named_with_file_and_remedy() {
        let good = testing::file();
        assert!(ModelFile::from_bytes("m.qibu", &good).is_ok());
        let short = format!(
            "m.qibu: truncated or overlong: {} bytes where the header says {}",
            good.len() - 32,
            good.len()
        );
        let cases: [(&[u8], &str); 5] = [
            (b"", "m.qibu: the file is empty"),
            (b"\x08\x09\x12\x07pytorch", "m.qibu: an ONNX model"),
            (b"GIF89a", "m.qibu: not a .qibu file"),
            (&good[..good.len() - 32], &short),
            (
                &good[..20],
                "m.qibu: truncated or overlong: 20 bytes, too few",
            ),
        ];
        for (bytes, start) in cases {
            let text = refusal(bytes);
            assert!(text.starts_with(start), "{text}");
            assert!(text.contains("\n  help: "), "{text}");
        }
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let good = testing::file();
        for position in 0..good.len() {
            let mut bad = good.clone();
            bad[position] ^= 1 << (position % 8);
            refusal(&bad);
        }
        let mut weights = good.clone();
        let last = weights.iter().rposition(|&byte| byte != 0).unwrap();
        weights[last] ^= 1;
        assert!(refusal(&weights).contains("weights do not match"));
    }

    #[test]
    fn a_missing_file_says_how_to_make_one() {
        let error = ModelFile::open(Path::new("no/such/model.qibu"))
            .err()
            .unwrap();
        assert_eq!(error.kind(), ErrorKind::Input);
        assert!(
            error
                .to_string()
                .starts_with("cannot read no/such/model.qibu")
        );
    }
}
