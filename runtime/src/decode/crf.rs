//! Linear-chain conditional random fields: the best tags, the k best, and their probabilities.
//!
//! The score of the tags y₁ … y_N of a text (Lafferty, McCallum and Pereira, 2001) is
//!
//! ```text
//! start(y₁) + Σ emission(n, yₙ) + Σ transition(yₙ₋₁, yₙ) + end(y_N)
//! probability(y) = exp(score(y)) / Σ over all tag sequences z: exp(score(z))
//! ```
//!
//! The emissions are the caller's: a network's, or anything else's. Scores are f32 in nats, or i32
//! in units of 1/65536 nat ([`fixed`]); what is forbidden is −∞ or [`FORBIDDEN`]. Ties go to the
//! lower tag.
//!
//! - [`viterbi`]: the best tags. [`k_best`]: the k best.
//! - [`log_partition`], [`marginals`], [`log_probability`]: what share of all tag sequences they are.
//! - [`Stream`]: the best tags of a text of any length, as it comes, in bounded memory.
//! - Constraints: forbidden entries of the table rule out transitions, starts and ends; a bit set
//!   for each position rules out tags there.
//!
//! The functions take slices of any memory, of the lengths that constant functions state
//! ([`viterbi_scores`] and its like). [`Decoder`] and [`ListDecoder`] bring their own, sized at
//! compile time.
//!
//! ```
//! use qibu::decode::crf::{Crf, Decoder, FORBIDDEN, fixed};
//!
//! // Two tags, B(egin) and I(nside): a text does not start with I.
//! let table = [
//!     0, FORBIDDEN, // start
//!     0, fixed(0.5), // from B
//!     0, fixed(-0.5), // from I
//!     0, 0, // end
//! ];
//! let crf = Crf::new(2, &table).ok_or("a table of another size")?;
//! let mut decoder = Decoder::<i32, 2, 16>::new(crf).ok_or("too many tags")?;
//! let emissions = [1.0, 2.0, 0.0, 1.0, 3.0, 0.0].map(fixed); // three characters
//! let (score, tags) = decoder.viterbi(&emissions, None)?;
//! assert_eq!((score, &tags[..]), (fixed(5.5).into(), &[0, 1, 0][..]));
//! // The last character may not be B: a set of tags for each position.
//! let (_, tags) = decoder.viterbi(&emissions, Some(&[0b11, 0b11, 0b10]))?;
//! assert_eq!(&tags[..], &[0, 1, 1]);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod decoder;
mod error;
mod forward_backward;
mod k_best;
mod score;
mod step;
mod stream;
mod table;
mod viterbi;

pub use decoder::{Decoder, ListDecoder};
pub use error::CrfError;
pub use forward_backward::{forward_scratch, log_partition, log_probability, marginals};
pub use k_best::{ListScratch, k_best, k_best_pointers, k_best_scores};
pub use score::{FORBIDDEN, Score, fixed};
pub use stream::Stream;
pub(super) use table::has;
pub use table::{ALL, Crf, MAX_TAGS};
pub use viterbi::{Scratch, score, viterbi, viterbi_pointers, viterbi_scores};
