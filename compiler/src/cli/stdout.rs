//! Standard output that may go away: a reader such as `head` closes it early, a disk fills up.

use crate::error::{Error, Result};
use std::io::{ErrorKind, Write};

/// Writes `text`; false where nobody reads any more, which is no error.
pub fn put(text: &str) -> Result<bool> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(
            Error::environment(format!("cannot write to standard output: {error}"))
                .hint("check that the disk has room"),
        ),
    }
}
