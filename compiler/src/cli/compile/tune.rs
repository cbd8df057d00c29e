//! `--tune`: choices of layouts, measured or taken from their file.

use crate::compile::Request;
use crate::compile::tune::{Choices, tune};
use crate::error::Result;
use crate::input_file;
use std::path::Path;
use std::time::Duration;

/// How long each function runs in each layout.
const TIME: Duration = Duration::from_millis(300);

/// Sets the request's arrangement; the text of the file, where it is to be written.
pub fn choices(
    request: &mut Request,
    path: &Path,
    progress: impl FnMut(usize, usize),
) -> Result<Option<String>> {
    if path.exists() {
        let text = input_file::read_text(path, "name a file that --tune has written")?;
        let choices = Choices::parse(&text).map_err(|error| error.within(path.display()))?;
        request.arrangement = choices.arrangement();
        return Ok(None);
    }
    let choices = tune(request, TIME, progress)?;
    request.arrangement = choices.arrangement();
    choices.text().map(Some)
}
