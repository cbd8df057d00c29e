//! Speed on the desktop: ours against ONNX Runtime, TensorFlow Lite, tract and rten.
//!
//! One thread, batch 1, one run of one program; `--bin desktop` is its front door.
//!
//! ```text
//! case        a model or a single layer, as ONNX, with 64 calibration samples       (cases)
//!   prepare   the peers' own int8 and .tflite files, by peers/prepare.py            (prepare)
//!   entries   every library loads it and gets the first sample, or says why not     (entries)
//!   race      rounds: every entry has a turn; median of its turns                   (race)
//! record      machine, versions, medians and quartiles, our time by step, as JSON   (record)
//!   table     for the terminal                                                      (table)
//!   page      for people, from the record alone                                     (page, plot)
//! ```
//!
//! What is fair to the peers: each runs through the fastest call that it has, its inputs and outputs
//! made beforehand; ours copies its inputs in at every run. TensorFlow Lite is timed by its own
//! process, inside the call. All take and give floats but one: TensorFlow Lite's int8 file once more
//! without the steps that convert them. Ours is the network alone, run again and again. Peers that keep
//! channels first get single layers that way, so that they transpose nothing.

pub mod case;
pub mod cases;
pub mod entries;
pub mod kernels;
pub mod lite;
pub mod machine;
pub mod onnx_runtime;
pub mod ours;
pub mod page;
pub mod plot;
pub mod prepare;
pub mod race;
pub mod record;
#[cfg(feature = "peers")]
pub mod rten;
pub mod slice;
pub mod table;
#[cfg(feature = "peers")]
pub mod tract;
