//! The loss against enumeration of every path, its gradient against finite differences.

use super::super::rows;
use super::*;
use crate::engine::{Data, Options, Session};
use crate::onnx::DataType;
use crate::train::autodiff::gradients;
use crate::train::random::Random;
use crate::train::testing::engine_or_skip;
use prost::Message;

const NAMES: [&str; 4] = ["emissions", "start", "transitions", "end"];

struct Setting {
    row: usize,
    batch: usize,
    tags: usize,
    mask: Option<Transitions>,
    texts: Vec<Encoded>,
    rows: Vec<Row>,
}

impl Setting {
    fn new(
        random: &mut Random,
        [row, batch, tags]: [usize; 3],
        masked: bool,
        lengths: &[usize],
    ) -> Self {
        let mask = masked.then(Transitions::segmentation);
        let texts: Vec<Encoded> = lengths
            .iter()
            .map(|&length| {
                let mut text = Encoded {
                    ids: vec![2; length],
                    pairs: vec![0; length - 1],
                    tags: Vec::new(),
                };
                // Single-character words are a legal segmentation; else any tags do.
                let tag = |_| {
                    if masked {
                        3
                    } else {
                        random.below(tags as u32) as u8
                    }
                };
                text.tags = (0..length).map(tag).collect();
                text
            })
            .collect();
        let lengths = texts.iter().map(|text| text.ids.len()).enumerate();
        let rows = rows::lay(lengths, row, 1);
        assert!(rows.len() <= batch);
        Self {
            row,
            batch,
            tags,
            mask,
            texts,
            rows,
        }
    }

    fn shapes(&self) -> [Vec<usize>; 4] {
        let tags = self.tags;
        [
            vec![self.row * self.batch, tags],
            vec![tags],
            vec![tags, tags],
            vec![tags],
        ]
    }

    fn session(&self, float: DataType, options: &Options) -> Session {
        let mut graph = Graph::of(float);
        let shapes = self.shapes();
        let at = |graph: &mut Graph, index: usize| graph.input(NAMES[index], &shapes[index]);
        let values = [0, 1, 2, 3].map(|index| at(&mut graph, index));
        let inputs = Inputs::new(&mut graph, [self.row, self.batch, self.tags]);
        let [emissions, scores @ ..] = values;
        let loss = inputs.loss(&mut graph, emissions, scores, self.mask.as_ref());
        let slopes = gradients(&mut graph, loss, &values).unwrap();
        graph.output(loss, "loss");
        for (slope, name) in slopes.into_iter().zip(["d0", "d1", "d2", "d3"]) {
            graph.output(slope, name);
        }
        Session::load(&graph.to_model("test").encode_to_vec(), options).unwrap()
    }

    fn feeds(&self) -> Vec<(&'static str, Tensor)> {
        feeds(&self.rows, &self.texts, [self.row, self.batch, self.tags])
    }

    /// Loss and slopes in doubles.
    fn run(&self, session: &mut Session, point: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let widened = self.feeds().into_iter().map(|(name, tensor)| {
            let data = tensor.as_f32(name).unwrap().iter().map(|&x| x.into());
            (name, Tensor::f64(&tensor.shape, data.collect()))
        });
        let shapes = self.shapes();
        let mut all: Vec<(&str, Tensor)> = widened.collect();
        for ((name, shape), data) in NAMES.iter().zip(&shapes).zip(point) {
            all.push((name, Tensor::f64(shape, data.clone())));
        }
        let outputs = session.values(&all).unwrap();
        let doubles = outputs.into_iter().map(|tensor| match tensor.data {
            Data::F64(data) => data,
            _ => panic!("doubles in, doubles out"),
        });
        doubles.collect()
    }

    fn point(&self, random: &mut Random) -> Vec<Vec<f64>> {
        let shapes = self.shapes();
        let draw = |shape: &Vec<usize>| {
            let count = shape.iter().product();
            (0..count)
                .map(|_| f64::from(random.symmetric(2.0)))
                .collect()
        };
        shapes.iter().map(draw).collect()
    }

    /// The loss by listing every sequence of tags of every piece.
    fn enumerated(&self, point: &[Vec<f64>]) -> f64 {
        let tags = self.tags;
        let forbid = |values: &[f64], mask: Option<&Vec<f32>>| -> Vec<f64> {
            let low = |at: usize| mask.map_or(0.0, |mask| f64::from(mask[at]));
            values
                .iter()
                .enumerate()
                .map(|(at, value)| value + low(at))
                .collect()
        };
        let mask = self.mask.as_ref();
        let start = forbid(&point[1], mask.map(|mask| &mask.start));
        let transitions = forbid(&point[2], mask.map(|mask| &mask.transitions));
        let end = forbid(&point[3], mask.map(|mask| &mask.end));
        let (mut loss, mut characters) = (0.0, 0);
        for (lane, pieces) in self.rows.iter().enumerate() {
            for piece in pieces {
                let length = piece.to - piece.from;
                characters += length;
                let score = |path: &[usize]| -> f64 {
                    let emission = |at: usize| {
                        point[0][((piece.at + at) * self.batch + lane) * tags + path[at]]
                    };
                    let mut sum: f64 = (0..length).map(emission).sum();
                    sum += path
                        .windows(2)
                        .map(|two| transitions[two[0] * tags + two[1]])
                        .sum::<f64>();
                    sum += if piece.starts { start[path[0]] } else { 0.0 };
                    sum + if piece.ends {
                        end[path[length - 1]]
                    } else {
                        0.0
                    }
                };
                let paths = (0..tags.pow(length as u32)).map(|number| -> Vec<usize> {
                    (0..length as u32)
                        .map(|at| number / tags.pow(at) % tags)
                        .collect()
                });
                let partition: f64 = paths.map(|path| libm::exp(score(&path))).sum();
                let right: Vec<usize> = self.texts[piece.text].tags[piece.from..piece.to]
                    .iter()
                    .map(|&tag| tag.into())
                    .collect();
                loss += libm::log(partition) - score(&right);
            }
        }
        loss * f64::from(1.0 / characters as f32)
    }
}

#[test]
fn equals_enumeration_and_its_gradient_finite_differences() {
    if !engine_or_skip() {
        return;
    }
    let mut random = Random::new(3, 7);
    let cases: [([usize; 3], bool, &[usize]); 6] = [
        ([8, 1, 2], false, &[5]),
        // Pieces of a long text, several texts in a row, rows that are empty.
        ([8, 4, 3], false, &[1, 2, 20, 3]),
        ([4, 9, 4], false, &[1, 1, 4, 9, 2]),
        ([8, 3, 4], true, &[3, 2, 6, 1]),
        ([4, 8, 4], true, &[9, 1, 5]),
        ([2, 6, 5], false, &[1, 2, 3]),
    ];
    for (sizes, masked, lengths) in cases {
        let setting = Setting::new(&mut random, sizes, masked, lengths);
        let mut session = setting.session(DataType::Double, &Options::default());
        let mut point = setting.point(&mut random);
        let exact = setting.run(&mut session, &point);
        let expected = setting.enumerated(&point);
        assert!(
            (exact[0][0] - expected).abs() < 1e-9,
            "{} and {expected}",
            exact[0][0]
        );
        for input in 0..point.len() {
            for element in 0..point[input].len() {
                const STEP: f64 = 1e-5;
                let centre = point[input][element];
                point[input][element] = centre + STEP;
                let above = setting.enumerated(&point);
                point[input][element] = centre - STEP;
                let below = setting.enumerated(&point);
                point[input][element] = centre;
                let measured = (above - below) / (2.0 * STEP);
                let computed = exact[1 + input][element];
                assert!(
                    (measured - computed).abs() < 1e-7,
                    "{} {element}: {computed}, finite difference {measured}",
                    NAMES[input]
                );
            }
        }
    }
}

/// As trained: rows of 128, floats, two threads, scores up to 30 nats, against forward-backward in
/// doubles over each text by itself.
#[test]
fn holds_at_full_batch_shape() {
    if !engine_or_skip() {
        return;
    }
    let mut random = Random::new(6, 7);
    let lengths: Vec<usize> = (0..60)
        .map(|_| 1 + random.below(70) as usize)
        .chain([400])
        .collect();
    let setting = Setting::new(&mut random, [128, 40, 4], true, &lengths);
    let options = Options {
        threads: 2,
        optimise: true,
        ..Options::default()
    };
    let mut session = setting.session(DataType::Float, &options);
    let mut doubles = setting.session(DataType::Double, &Options::default());
    let mut point = setting.point(&mut random);
    point[0].iter_mut().for_each(|value| *value *= 15.0);
    let shapes = setting.shapes();
    let mut feeds = setting.feeds();
    for ((name, shape), data) in NAMES.iter().zip(&shapes).zip(&point) {
        let data = data.iter().map(|&value| value as f32).collect();
        feeds.push((name, Tensor::f32(shape, data)));
    }
    let exact = setting.run(&mut doubles, &point);
    for _ in 0..5 {
        let outputs = session.values(&feeds).unwrap();
        for (got, want) in outputs.iter().zip(&exact) {
            let got = got.as_f32("slope").unwrap();
            let largest = want
                .iter()
                .fold(1e-9f64, |most, value| most.max(value.abs()));
            for (got, want) in got.iter().zip(want) {
                assert!(
                    (f64::from(*got) - want).abs() < 1e-4 * largest,
                    "{got} and {want}"
                );
            }
        }
    }
    // The emissions' gradient is the difference of two distributions: nought in sum for each text,
    // and nought between texts.
    let slopes = &exact[1];
    for (lane, pieces) in setting.rows.iter().enumerate() {
        for position in 0..setting.row {
            let inside = pieces
                .iter()
                .any(|piece| (piece.at..piece.at + piece.to - piece.from).contains(&position));
            let own = &slopes[(position * setting.batch + lane) * 4..][..4];
            assert!(own.iter().sum::<f64>().abs() < 1e-9);
            assert!(inside || own.iter().all(|&slope| slope == 0.0));
        }
    }
}
