//! The outcome of one case: what scope says and what the attempt gave, together.

use super::attempt::{Attempt, Listener, attempt};
use super::{bind, case, scope};
use std::collections::BTreeSet;

/// What a case counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    Folded,
    Refused,
    Failed,
    OutOfScope,
}

impl Outcome {
    pub const ALL: [Self; 5] = [
        Self::Passed,
        Self::Folded,
        Self::Refused,
        Self::Failed,
        Self::OutOfScope,
    ];

    /// As the report writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Folded => "folded-away",
            Self::Refused => "refused",
            Self::Failed => "FAILED",
            Self::OutOfScope => "out-of-scope",
        }
    }
}

/// A judged case.
pub struct Case {
    pub name: String,
    pub outcome: Outcome,
    /// Class, error message or difference; empty where there is nothing to say.
    pub reason: String,
    pub operators: BTreeSet<String>,
    /// How a pass narrows or widens its types, and whether it only copies.
    pub narrowings: BTreeSet<&'static str>,
}

impl Case {
    /// The suite in `suite/name`.
    pub fn suite(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }
}

/// Reads, tries and judges a case.
///
/// What is out of scope is tried as well: it must be refused or right.
pub fn judge(case: &case::Case, listen: Listener<'_>) -> Case {
    let class = scope::class(case, &bind::positions(case.graph()));
    let mut narrowings = BTreeSet::new();
    let (outcome, reason) = match (class, attempt(case, listen)) {
        (Some(class), Attempt::Wrong(why)) => {
            (Outcome::Failed, format!("{why} (out of scope: {class})"))
        }
        (Some(class), Attempt::Unjudged) if !class.starts_with("beyond ") => {
            let why = format!("compiles, but nothing can judge it (out of scope: {class})");
            (Outcome::Failed, why)
        }
        (Some(class), _) => (Outcome::OutOfScope, class),
        (None, Attempt::Refused(why)) => (Outcome::Refused, why),
        (None, Attempt::Wrong(why)) => (Outcome::Failed, why),
        (None, Attempt::Unjudged) => (Outcome::Failed, "nothing can judge it".into()),
        (None, Attempt::Folded) => (Outcome::Folded, String::new()),
        (None, Attempt::Right(how)) => {
            narrowings = how;
            let list: Vec<&str> = narrowings.iter().copied().collect();
            (Outcome::Passed, list.join(", "))
        }
    };
    let nodes = case.graph().node.iter();
    Case {
        name: case.name.clone(),
        outcome,
        reason,
        operators: nodes.map(|node| node.op_type.clone()).collect(),
        narrowings,
    }
}
