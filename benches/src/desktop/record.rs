//! What a run leaves: everything that the page shows.

use super::machine::Machine;
use super::race::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Day of the run, as 2026-11-21.
    pub date: String,
    /// Commit of this repository; `+` behind it says that files differed.
    pub commit: String,
    /// Where it ran.
    pub machine: Machine,
    /// Versions by library; what is missing is not there.
    pub versions: BTreeMap<String, String>,
    /// Target that ours is compiled for, as the command line knows it.
    pub target: String,
    /// Whether the networks of MLPerf Tiny are the published files; else the seeded ones.
    pub original: bool,
    /// Turns of each entry.
    pub rounds: usize,
    /// Seconds of a turn.
    pub turn: f64,
    /// Microseconds of a call of TensorFlow Lite that has nothing to do; its times include it.
    pub call: Option<f64>,
    /// The cases, models first.
    pub cases: Vec<CaseRecord>,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseRecord {
    /// Short name.
    pub name: String,
    /// What it is.
    pub title: String,
    /// A single layer.
    pub kernel: bool,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Our time.
    pub ours: Time,
    /// The peers.
    pub peers: Vec<Peer>,
    /// Our time by step.
    pub steps: Vec<StepTime>,
}

/// One peer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Peer {
    /// Name.
    pub name: String,
    /// Its time.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Signal-to-noise ratio against the float model in decibels, of files made for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snr_db: Option<f64>,
}

/// A time, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Microseconds.
    Time(Time),
    /// `missing: …`, or what the library said of the model.
    Without(String),
}

/// One of our steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepTime {
    /// Path of the kernel.
    pub kernel: String,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Microseconds, the clock's own cost (some hundredths) included.
    pub microseconds: f64,
}

impl CaseRecord {
    /// The fastest peer, with its time.
    pub fn best(&self) -> Option<(&str, Time)> {
        let times = self.peers.iter().filter_map(|peer| match peer.outcome {
            Outcome::Time(time) => Some((peer.name.as_str(), time)),
            Outcome::Without(_) => None,
        });
        times.min_by(|(_, a), (_, b)| a.median.total_cmp(&b.median))
    }

    /// How many times as long as ours the fastest peer takes.
    pub fn ratio(&self) -> Option<f64> {
        self.best().map(|(_, time)| time.median / self.ours.median)
    }
}
