//! Pace 6: the flat file. Every byte goes through `qibu::format`.

use crate::error::{Error, Result};
use crate::graph;
use crate::plan::Planned;
use crate::program::{Content, Step, Tensor, TensorId};
use qibu::format::{
    ALIGNMENT, FunctionRecord, Header, Layout, MAX_RANK, Metadata, Place, Section, StepRecord,
    TensorRecord, VERSION, crc, header,
};

/// The file's bytes.
///
/// # Errors
/// A section of 2³² bytes or more; metadata with a line break.
pub fn write(planned: &Planned) -> Result<Vec<u8>> {
    let file = sections(planned, 0)?;
    // What weights do not change: their own offsets are as long wherever they lie.
    let start = file.weights_start();
    let file = match start % LINE {
        0 => file,
        _ => sections(planned, start)?,
    };
    file.assemble(planned.program.noise_calibrated)
}

/// Bytes of a cache line: where tiles of sixteen rows start in the file, since vectors that cross lines
/// take two reads. Files are sound without it.
const LINE: usize = 64;

/// All sections, if the weights start at `start`.
fn sections(planned: &Planned, start: usize) -> Result<Sections> {
    let program = &planned.program;
    let mut file = Sections::new(&program.metadata)?;
    file.start = start;
    for (id, tensor) in program.tensors.iter().enumerate() {
        let mut functions = program.functions.iter();
        let named = program.tables.contains(&id)
            || functions.any(|f| f.inputs.contains(&id) || f.outputs.contains(&id));
        file.tensor(tensor, planned.offsets[id], named)?;
    }
    for (function, plan) in program.functions.iter().zip(&planned.functions) {
        let (name_offset, name_length) = file.name(&function.name)?;
        let record = FunctionRecord {
            name_offset,
            name_length,
            first_step: narrow(file.steps.len() / StepRecord::LENGTH)?,
            steps: narrow(function.steps.len())?,
            operands: narrow(file.parameters.len())?,
            inputs: narrow(function.inputs.len())?,
            outputs: narrow(function.outputs.len())?,
            arena: narrow(plan.peak)?,
        };
        file.operands(&function.inputs)?;
        file.operands(&function.outputs)?;
        file.functions.extend(record.emit());
        for step in &function.steps {
            file.step(step)?;
        }
    }
    Ok(file)
}

/// The sections under construction.
#[derive(Default)]
struct Sections {
    functions: Vec<u8>,
    tensors: Vec<u8>,
    steps: Vec<u8>,
    parameters: Vec<u32>,
    text: String,
    weights: Vec<u8>,
    /// Where the weights start in the file.
    start: usize,
}

impl Sections {
    fn new(metadata: &graph::Metadata) -> Result<Self> {
        let mut text = String::new();
        for (key, value) in entries(metadata) {
            if !Metadata::fits(&key, &value) {
                return Err(Error::input(format!("metadata `{key}` holds a line break"))
                    .hint("metadata values are single lines"));
            }
            text.push_str(&format!("{key}\t{value}\n"));
        }
        Ok(Self {
            text,
            ..Self::default()
        })
    }

    /// Offset and length of a name; one that stands in the text already serves again.
    fn name(&mut self, name: &str) -> Result<(u32, u32)> {
        // A name right behind the metadata must not read as another line of it.
        if !Metadata::fits(name, "") {
            return Err(Error::input(format!(
                "the name {name:?} holds a line break or a tabulator"
            ))
            .hint("rename the input, output or function in the ONNX file"));
        }
        let offset = self.text.find(name).unwrap_or_else(|| {
            self.text.push_str(name);
            self.text.len() - name.len()
        });
        Ok((narrow(offset)?, narrow(name.len())?))
    }

    fn tensor(&mut self, tensor: &Tensor, arena_offset: usize, named: bool) -> Result<()> {
        let (place, offset) = match &tensor.content {
            Content::Arena | Content::View(_) => (Place::Arena, arena_offset),
            Content::Weights(bytes) => {
                let alignment = match tensor.layout {
                    Layout::Tile16 => LINE,
                    _ => ALIGNMENT,
                };
                let place = (self.start + self.weights.len()).next_multiple_of(alignment);
                self.weights.resize(place - self.start, 0);
                self.weights.extend(bytes);
                (Place::Weights, self.weights.len() - bytes.len())
            }
            Content::Parameters(words) => {
                self.parameters.extend(words);
                (Place::Parameters, 4 * (self.parameters.len() - words.len()))
            }
        };
        let mut dims = [0; MAX_RANK];
        for (slot, &dim) in dims.iter_mut().zip(&tensor.shape) {
            *slot = narrow(dim)?;
        }
        let (name_offset, name_length) = if named {
            self.name(&tensor.name)?
        } else {
            (0, 0)
        };
        let record = TensorRecord {
            dtype: tensor.dtype,
            layout: tensor.layout,
            place,
            rank: tensor.shape.len() as u8,
            offset: narrow(offset)?,
            scale: tensor.scale,
            zero_point: tensor.zero_point,
            dims,
            name_offset,
            name_length,
        };
        self.tensors.extend(record.emit());
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        let record = StepRecord {
            opcode: step.opcode as u8,
            inputs: step.inputs.len() as u8,
            outputs: step.outputs.len() as u8,
            attributes: step.attributes.len() as u8,
            operands: narrow(self.parameters.len())?,
        };
        self.operands(&step.inputs)?;
        self.operands(&step.outputs)?;
        self.parameters.extend(&step.attributes);
        self.steps.extend(record.emit());
        Ok(())
    }

    fn operands(&mut self, ids: &[TensorId]) -> Result<()> {
        for &id in ids {
            self.parameters.push(narrow(id)?);
        }
        Ok(())
    }

    /// Where the weights start, behind everything else.
    fn weights_start(&self) -> usize {
        let others = [
            self.functions.len(),
            self.tensors.len(),
            self.steps.len(),
            size_of_val(&self.parameters[..]),
            self.text.len(),
        ];
        let padded = others.map(|length| length.next_multiple_of(ALIGNMENT));
        Header::LENGTH + padded.iter().sum::<usize>()
    }

    fn assemble(self, noise_calibrated: bool) -> Result<Vec<u8>> {
        let mut header = Header {
            version: VERSION,
            flags: if noise_calibrated {
                header::FLAG_NOISE_CALIBRATED
            } else {
                0
            },
            weights_crc: crc::crc32(&self.weights),
            counts: [
                narrow(self.functions.len() / FunctionRecord::LENGTH)?,
                narrow(self.tensors.len() / TensorRecord::LENGTH)?,
                narrow(self.steps.len() / StepRecord::LENGTH)?,
                narrow(self.parameters.len())?,
                narrow(self.text.len())?,
                narrow(self.weights.len())?,
            ],
            ..Header::default()
        };
        let parameters: &[u8] = bytemuck::cast_slice(&self.parameters);
        let mut bytes = vec![0; Header::LENGTH];
        for section in [
            &self.functions,
            &self.tensors,
            &self.steps,
            parameters,
            self.text.as_bytes(),
            &self.weights,
        ] {
            bytes.extend(section);
            bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        }
        header.file_length = narrow(bytes.len())?;
        bytes[..Header::LENGTH].copy_from_slice(&header.emit());
        let (weights, _) = header.range(Section::Weights).unwrap_or((bytes.len(), 0));
        header.structure_crc = crc::crc32(&bytes[Header::CHECKED_FROM..weights]);
        bytes[..Header::LENGTH].copy_from_slice(&header.emit());
        Ok(bytes)
    }
}

/// Metadata lines in order of their keys.
fn entries(metadata: &graph::Metadata) -> Vec<(String, String)> {
    let mut entries = Vec::new();
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            entries.push((key.to_owned(), value));
        }
    };
    put("author", metadata.author.clone());
    put("form", metadata.form.clone());
    put("formats", metadata.formats.clone());
    put("labels", Some(metadata.labels.join(" ")));
    put("licence", metadata.licence.clone());
    put("name", Some(metadata.name.clone()));
    let source: String = metadata
        .source_sha256
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    put("source", Some(source));
    put("task", metadata.task.clone());
    put(
        "temperature_milli",
        metadata
            .temperature
            .map(|t| ((t * 1000.0 + 0.5) as u32).to_string()),
    );
    put("themes", Some(metadata.themes.join(" ")));
    put("vocab", Some(metadata.vocab.iter().collect()));
    entries
}

fn narrow(length: usize) -> Result<u32> {
    u32::try_from(length).map_err(|_| {
        Error::input(format!("{length} does not fit the file's 32-bit fields"))
            .hint("files hold at most 4 GiB; store fewer or narrower weights")
    })
}
