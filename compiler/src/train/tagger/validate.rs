//! The network's scores of whole texts, and how good the tags are that they lead to.

use super::super::graph::Graph;
use super::super::lower::packing::Packing;
use super::super::weights::Weights;
use super::corpus::Text;
use super::lower;
use super::recipe::Recipe;
use super::rows::{self, Encoded};
use super::score::{Counts, Figures};
use super::transitions::Transitions;
use crate::engine::{Options, Session, Tensor};
use crate::error::{Error, Result};
use crate::tag::labels::Labels;
use crate::tag::score::Known;
use crate::tag::spans::Span;
use prost::Message;
use qibu::decode::crf::{self, Crf, Scratch};

/// Positions of a row; few texts are longer, and those are cut.
const ROW: usize = 128;
/// Rows per run.
const BATCH: usize = 16;

/// The network, weights being inputs: every epoch's are measured by one session.
pub struct Scorer {
    session: Session,
    recipe: Recipe,
    packing: Packing,
    tags: usize,
}

impl Scorer {
    /// Compiles the network for weights such as these.
    pub fn new(recipe: &Recipe, weights: &Weights, options: &Options) -> Result<Self> {
        let packing = Packing::of(weights);
        let mut graph = Graph::new();
        let length = ROW + 2 * recipe.reach();
        let inputs = [
            graph.ids("ids", &[length * BATCH]),
            graph.ids("pairs", &[(length - 1) * BATCH]),
        ];
        let (_, handles) = packing.inputs(&mut graph);
        let mut quiet = |_: &mut Graph, x, _| x;
        let scores = lower::emissions(&mut graph, recipe, &handles, inputs, BATCH, &mut quiet);
        let tags = graph.matrix(scores)[1];
        graph.output(scores, "emissions");
        let options = Options {
            optimise: true,
            ..*options
        };
        Ok(Self {
            session: Session::load(&graph.to_model("score").encode_to_vec(), &options)?,
            recipe: recipe.clone(),
            packing,
            tags,
        })
    }

    /// The scores `[length, tags]` of each text.
    pub fn run(&mut self, weights: &Weights, texts: &[Encoded]) -> Result<Vec<Vec<f32>>> {
        let tags = self.tags;
        let sizes = [ROW, self.recipe.reach(), BATCH];
        let mut all: Vec<Vec<f32>> = texts
            .iter()
            .map(|text| vec![0.0; text.ids.len() * tags])
            .collect();
        let packed = self.packing.pack(weights);
        let lengths = texts.iter().map(|text| text.ids.len()).enumerate();
        for rows in rows::lay(lengths, ROW, self.recipe.reach()).chunks(BATCH) {
            let ids = rows::ids(rows, texts, sizes);
            let mut feeds = vec![("ids", Tensor::i64(&[ids.ids.len()], ids.ids))];
            if self.recipe.has_pairs() {
                feeds.push(("pairs", Tensor::i64(&[ids.pairs.len()], ids.pairs)));
            }
            let network = packed.iter();
            feeds.extend(network.map(|(name, tensor)| (name.as_str(), tensor.clone())));
            let scores = self.session.values(&feeds)?;
            let scores = match scores.first() {
                Some(scores) => scores.as_f32("emissions")?,
                None => return Err(Error::input("the network has no output")),
            };
            for (lane, pieces) in rows.iter().enumerate() {
                for piece in pieces {
                    let own = all[piece.text][piece.from * tags..piece.to * tags].chunks_mut(tags);
                    for (offset, own) in own.enumerate() {
                        let row = (piece.at + offset) * BATCH + lane;
                        own.copy_from_slice(&scores[row * tags..][..tags]);
                    }
                }
            }
        }
        Ok(all)
    }
}

/// The best tags for `emissions` `[length, tags]`.
pub fn best_tags(transitions: &Transitions, emissions: &[f32]) -> Result<Vec<u8>> {
    let width = transitions.tags;
    let table = transitions.table();
    let refused = |what: String| Error::input(format!("no best tags: {what}"));
    let crf = Crf::new(width, &table).ok_or_else(|| refused(format!("{width} tags")))?;
    let length = emissions.len() / width.max(1);
    let mut tags = vec![0; length];
    let mut scores = vec![0.0; crf::viterbi_scores(width)];
    let mut pointers = vec![0; crf::viterbi_pointers(width, length)];
    let scratch = Scratch {
        scores: &mut scores,
        pointers: &mut pointers,
    };
    crf::viterbi(&crf, emissions, None, scratch, &mut tags)
        .map_err(|error| refused(format!("{error:?}")))?;
    Ok(tags)
}

/// Texts to measure on, and the words that are known from training.
pub struct Valid {
    /// The texts.
    pub texts: Vec<Text>,
    /// Words of the training texts.
    pub known: Known,
    /// Labels, in tag order.
    pub labels: Labels,
}

impl Valid {
    /// The figures of the best tags for the texts' `scores`.
    pub fn measure(&self, scores: &[Vec<f32>], transitions: &Transitions) -> Result<Figures> {
        let mut counts = Counts::default();
        for (text, scores) in self.texts.iter().zip(scores) {
            let tags = best_tags(transitions, scores)?;
            let is_new = |span: &Span<'_>| {
                let word: String = text.characters[span.start..span.end].iter().collect();
                !self.known.has(&word)
            };
            counts.add(&self.labels, [&text.tags, &tags], is_new);
        }
        Ok(counts.figures(&self.labels))
    }
}
