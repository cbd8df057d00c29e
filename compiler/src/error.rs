//! What can go wrong on the host: one opaque error that names the place and the remedy.

use std::fmt;

/// Broad class of an [`Error`]; decides the exit code of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The user's request cannot be met as written (flags, values). Exit code 2.
    Usage,
    /// A file is missing, unreadable, malformed or outside what is supported. Exit code 3.
    Input,
    /// Something that the machine lacks: ONNX Runtime, a GPU provider, disk space. Exit code 4.
    Environment,
    /// A comparison fell below its threshold. Exit code 1.
    Verification,
    /// Stopped by the user; what was done up to there is saved. Exit code 130.
    Interrupted,
}

/// An error with the place where it arose, what was expected, and what to do about it.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    node: Option<String>,
    hint: Option<String>,
}

/// Result of every fallible call in this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of `kind`; `message` says what was found and what was expected.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            node: None,
            hint: None,
        }
    }

    /// Shorthand for a malformed or unsupported input file.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Input, message)
    }

    /// Shorthand for a request that cannot be met as written.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// Shorthand for something that the machine lacks.
    pub fn environment(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Environment, message)
    }

    /// Names the graph node concerned.
    #[must_use]
    pub fn at_node(mut self, node: impl Into<String>) -> Self {
        self.node = Some(node.into());
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Puts `place` (a file, say) in front of the message.
    #[must_use]
    pub fn within(mut self, place: impl fmt::Display) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// Broad class.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The graph node concerned, where there is one.
    pub fn node(&self) -> Option<&str> {
        self.node.as_deref()
    }

    /// What happened, without node and help.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it, where that is known.
    pub fn remedy(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Process exit code for this error.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            ErrorKind::Verification => 1,
            ErrorKind::Usage => 2,
            ErrorKind::Input => 3,
            ErrorKind::Environment => 4,
            ErrorKind::Interrupted => 130,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        if let Some(node) = &self.node {
            write!(f, "\n  node: {node}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  help: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
