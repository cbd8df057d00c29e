//! TensorFlow Lite in a process of its own: `benches/peers/worker.py`.

use super::prepare::{no_python, programs, python};
use super::race::Entry;
use qibu_compiler::error::{Error, Result};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;

/// The process.
pub struct Worker {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Version of the package.
    pub version: String,
    /// Microseconds of a call that has nothing to do; no time subtracts it.
    pub call: f64,
}

/// A model in it.
pub struct Lite {
    worker: Rc<RefCell<Worker>>,
    model: u64,
}

/// Starts the process; `folder` is for its files.
///
/// # Errors
/// The package is missing: that is said as such.
pub fn start(folder: &Path) -> std::result::Result<Rc<RefCell<Worker>>, String> {
    start_with(&python().ok_or_else(no_python)?, &[], folder)
}

/// [`start`] with this Python and flags for it.
///
/// # Errors
/// The package is missing: that is said as such.
pub fn start_with(
    python: &Path,
    flags: &[&str],
    folder: &Path,
) -> std::result::Result<Rc<RefCell<Worker>>, String> {
    let mut child = Command::new(python)
        .args(flags)
        .arg(programs().join("worker.py"))
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("missing: {error}"))?;
    let pipes = child.stdin.take().zip(child.stdout.take());
    let (requests, answers) = pipes.ok_or("missing: no pipes")?;
    let mut worker = Worker {
        child,
        requests,
        answers: BufReader::new(answers),
        version: String::new(),
        call: 0.0,
    };
    // It ends at once where the package is not installed.
    let hello = worker
        .answer()
        .map_err(|_| "missing: no ai-edge-litert; benches/peers/install installs it")?;
    worker.version = hello["version"].as_str().unwrap_or_default().into();
    worker.call = hello["call_microseconds"].as_f64().unwrap_or(0.0);
    Ok(Rc::new(RefCell::new(worker)))
}

/// Loads a model with the first sample of `calibration`.
///
/// # Errors
/// TensorFlow Lite refuses it.
pub fn load(
    worker: &Rc<RefCell<Worker>>,
    model: &Path,
    calibration: &Path,
) -> std::result::Result<Lite, String> {
    let request = json!({"load": model, "samples": calibration});
    let answer = worker.borrow_mut().ask(&request);
    let answer = answer.map_err(|error| error.to_string())?;
    let worker = Rc::clone(worker);
    let model = answer["model"].as_u64().ok_or("no model number")?;
    Ok(Lite { worker, model })
}

impl Worker {
    fn ask(&mut self, request: &Value) -> Result<Value> {
        let gone = |error: std::io::Error| Error::environment(format!("TensorFlow Lite: {error}"));
        writeln!(self.requests, "{request}").map_err(gone)?;
        self.requests.flush().map_err(gone)?;
        let answer = self.answer()?;
        match answer["error"].as_str() {
            Some(error) => Err(Error::environment(format!("TensorFlow Lite: {error}"))),
            None => Ok(answer),
        }
    }

    fn answer(&mut self) -> Result<Value> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        let gone = |why: String| Error::environment(format!("TensorFlow Lite: {why}"));
        read.map_err(|error| gone(error.to_string()))?;
        serde_json::from_str(&line).map_err(|_| gone("its process ended".into()))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Entry for Lite {
    fn turn(&mut self, runs: u64) -> Result<f64> {
        let request = json!({"turn": self.model, "runs": runs});
        let answer = self.worker.borrow_mut().ask(&request)?;
        let seconds = answer["seconds"].as_f64();
        seconds.ok_or_else(|| Error::environment("TensorFlow Lite: no time"))
    }
}
