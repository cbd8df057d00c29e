//! A whole poem model of a few kilobytes, written record by record: an autoencoder that loses
//! nothing, because every character has its own direction.
//!
//! Latent: 10 positions × 12 characters; the mean is 8 where the character is, else 0; every
//! log-variance is −20. Logits are 8 times the latent.

use qibu::format::{
    ALIGNMENT, DType, FunctionRecord, Header, Layout, Opcode, Place, StepRecord, TensorRecord, crc,
};

/// Characters of the model.
pub const VOCABULARY: &str = "白日依山尽黄河入海流天地";
const POSITIONS: u32 = 10;
const V: u32 = 12;
const K: u32 = 4;
/// Height of the one direction of a character.
pub const HEIGHT: f32 = 8.0;
/// Every log-variance.
pub const LOG_VARIANCE: f32 = -20.0;

/// The file.
pub fn file() -> Vec<u8> {
    file_for("poem")
}

/// The file with another task and without the functions of poems, where `task` is not `poem`.
pub fn file_for(task: &str) -> Vec<u8> {
    let names = if task == "poem" {
        ["generate", "encode", "score"]
    } else {
        ["main", "e", "s"]
    };
    let mut text = format!("task\t{task}\nvocab\t{VOCABULARY}\ntemperature_milli\t700\n");
    let names = names.map(|name| {
        let offset = text.len() as u32;
        text += name;
        (offset, name.len() as u32)
    });

    let latent = POSITIONS * V;
    let identity: Vec<f32> = (0..V * V)
        .map(|i| if i % (V + 1) == 0 { HEIGHT } else { 0.0 })
        .collect();
    let flat = vec![LOG_VARIANCE; (V * V) as usize];
    let bias = vec![0f32; V as usize];
    let weights: Vec<u8> = [identity, flat, bias]
        .concat()
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();

    let (after, table) = (latent * 4, V * V * 4);
    let tensors = [
        tensor(DType::F32, Place::Weights, 0, &[V, V]),
        tensor(DType::F32, Place::Weights, table, &[V, V]),
        tensor(DType::F32, Place::Weights, 2 * table, &[V]),
        // The latent, and the same bytes as rows.
        tensor(DType::F32, Place::Arena, 0, &[1, latent]),
        tensor(DType::F32, Place::Arena, 0, &[1, POSITIONS, V]),
        tensor(DType::I32, Place::Arena, after, &[1, POSITIONS, K]),
        tensor(
            DType::F32,
            Place::Arena,
            after + POSITIONS * K * 4,
            &[1, POSITIONS, K],
        ),
        // Encoder: ids behind both outputs.
        tensor(DType::I32, Place::Arena, 2 * after, &[1, POSITIONS]),
        tensor(DType::F32, Place::Arena, after, &[1, POSITIONS, V]),
        // Logits.
        tensor(DType::F32, Place::Arena, after, &[1, POSITIONS, V]),
    ];

    let mut parameters: Vec<u32> = Vec::new();
    let mut step = |opcode: Opcode, inputs: &[u32], outputs: &[u32], attributes: &[u32]| {
        let operands = parameters.len() as u32;
        parameters.extend([inputs, outputs, attributes].concat());
        StepRecord {
            opcode: opcode as u8,
            inputs: inputs.len() as u8,
            outputs: outputs.len() as u8,
            attributes: attributes.len() as u8,
            operands,
        }
    };
    let open = [f32::NEG_INFINITY.to_bits(), f32::INFINITY.to_bits()];
    let steps = [
        step(Opcode::TopKDense, &[4, 0, 2], &[5, 6], &[]),
        step(Opcode::Gather, &[0, 7], &[4], &[V, V]),
        step(Opcode::Gather, &[1, 7], &[8], &[V, V]),
        step(Opcode::Dense, &[4, 0, 2], &[9], &open),
    ];
    let mut function = |index: usize, first: u32, count: u32, inputs: &[u32], outputs: &[u32]| {
        let operands = parameters.len() as u32;
        parameters.extend([inputs, outputs].concat());
        FunctionRecord {
            name_offset: names[index].0,
            name_length: names[index].1,
            first_step: first,
            steps: count,
            operands,
            inputs: inputs.len() as u32,
            outputs: outputs.len() as u32,
            arena: 2 * after + 48,
        }
    };
    let functions = [
        function(0, 0, 1, &[3], &[5, 6]),
        function(1, 1, 2, &[7], &[4, 8]),
        function(2, 3, 1, &[3], &[9]),
    ];

    let sections: [(usize, Vec<u8>); 6] = [
        (
            functions.len(),
            functions.iter().flat_map(FunctionRecord::emit).collect(),
        ),
        (
            tensors.len(),
            tensors.iter().flat_map(TensorRecord::emit).collect(),
        ),
        (
            steps.len(),
            steps.iter().flat_map(StepRecord::emit).collect(),
        ),
        (
            parameters.len(),
            parameters
                .iter()
                .flat_map(|word| word.to_le_bytes())
                .collect(),
        ),
        (text.len(), text.into_bytes()),
        (weights.len(), weights.clone()),
    ];
    assemble(&sections, &weights)
}

fn assemble(sections: &[(usize, Vec<u8>); 6], weights: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; Header::LENGTH];
    let mut weights_start = 0;
    for (_, section) in sections {
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        weights_start = bytes.len();
        bytes.extend(section);
    }
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
    let mut header = Header {
        version: qibu::format::VERSION,
        file_length: bytes.len() as u32,
        weights_crc: crc::crc32(weights),
        counts: [0, 1, 2, 3, 4, 5].map(|index: usize| sections[index].0 as u32),
        ..Header::default()
    };
    bytes[..Header::LENGTH].copy_from_slice(&header.emit());
    header.structure_crc = crc::crc32(&bytes[Header::CHECKED_FROM..weights_start]);
    bytes[..Header::LENGTH].copy_from_slice(&header.emit());
    bytes
}

fn tensor(dtype: DType, place: Place, offset: u32, shape: &[u32]) -> TensorRecord {
    let mut dims = [0; 6];
    dims[..shape.len()].copy_from_slice(shape);
    TensorRecord {
        dtype,
        layout: Layout::Plain,
        place,
        rank: shape.len() as u8,
        offset,
        scale: 1.0,
        zero_point: 0,
        dims,
        name_offset: 0,
        name_length: 0,
    }
}
