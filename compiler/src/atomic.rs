//! Writing files so that nothing is lost: a temporary file beside the target, then a rename.

use crate::error::{Error, Result};
use std::io::Write;
use std::path::Path;

/// Writes `bytes` to `path` whole or not at all.
///
/// The temporary file lives in the target's folder, so that the rename stays on one file system;
/// it is synced first, so that a full disk shows before the old file is replaced.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let failed = |error: std::io::Error| {
        Error::environment(format!("cannot write {}: {error}", path.display()))
            .hint("check that the folder exists and is writable and that the disk has room; nothing was changed")
    };
    let mut file = tempfile::Builder::new()
        .prefix(".qibu-")
        .suffix(".part")
        .tempfile_in(folder)
        .map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    relax_permissions(file.as_file());
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Temporary files are private; a finished model is as readable as any new file.
fn relax_permissions(file: &std::fs::File) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = file.set_permissions(std::fs::Permissions::from_mode(0o644));
    }
    #[cfg(not(unix))]
    let _ = file;
}
