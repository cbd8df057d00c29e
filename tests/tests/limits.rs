//! Files that a hostile hand writes, both checksums right: `load` refuses each at its first fault.

use qibu::format::{DType, FunctionRecord, Layout, Opcode, Place};
use qibu::{Fault, InputError, Limits, LoadError, Model};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::builder::{Builder, FREE, I8_RANGE, scale_word};
use std::time::{Duration, Instant};

fn load(builder: &Builder) -> Result<(), LoadError> {
    Model::load(&builder.finish()).map(|_| ())
}

/// `main`: x f32 `[4]` → Quantise → q int8 `[4]`.
fn quantise() -> Builder {
    let mut builder = Builder::default();
    let x = builder.activation(DType::F32, &[4]);
    let q = builder.activation(DType::I8, &[4]);
    builder.step(Opcode::Quantise, &[x], &[q], &[]);
    builder.function("main", &[x], &[q]);
    builder
}

#[test]
fn the_honest_file_loads() {
    assert_eq!(load(&quantise()), Ok(()));
}

#[test]
fn a_later_version_says_so_whatever_its_reserved_word_holds() {
    let mut file = quantise().finish();
    file[8] = 2;
    file[44] = 1;
    assert_eq!(Model::load(&file).map(|_| ()), Err(LoadError::Version(2)));
    file[8] = 1;
    assert_eq!(Model::load(&file).map(|_| ()), Err(LoadError::Header));
}

#[test]
fn each_step_belongs_to_one_function() {
    // Twice the same steps: a thousand such records would check them a thousand times.
    let mut shared = quantise();
    shared.functions.push(shared.functions[0]);
    assert_eq!(load(&shared), Err(LoadError::Function(1, Fault::Range)));
    let mut orphan = quantise();
    orphan.step(Opcode::Quantise, &[0], &[1], &[]);
    assert_eq!(load(&orphan), Err(LoadError::Step(1, Fault::Range)));
}

#[test]
fn functions_inputs_and_outputs_are_limited() {
    let mut many = quantise();
    let empty = FunctionRecord::default();
    many.functions
        .extend([empty; 255].map(|record| FunctionRecord {
            first_step: 1,
            ..record
        }));
    assert_eq!(load(&many), Ok(()));
    many.functions.push(many.functions[1]);
    assert_eq!(load(&many), Err(LoadError::Function(256, Fault::Work)));
    for inputs in [true, false] {
        let mut wide = quantise();
        let function = &mut wide.functions[0];
        *(if inputs {
            &mut function.inputs
        } else {
            &mut function.outputs
        }) = 257;
        function.operands = wide.parameters.len() as u32;
        wide.parameters.extend([1; 514]);
        assert_eq!(load(&wide), Err(LoadError::Function(0, Fault::Work)));
    }
}

/// Every record points at the same scale words, so that the file's bytes are checked many times.
#[test]
fn scale_tensors_are_no_longer_than_their_section() {
    let mut builder = quantise();
    let words = vec![scale_word(0.5); 1 << 16];
    builder.words(DType::Scale, &words);
    assert_eq!(load(&builder), Ok(()));
    let again = builder.tensors[2];
    builder.tensors.extend(vec![again; 1 << 14]);
    let start = Instant::now();
    assert_eq!(load(&builder), Err(LoadError::Tensor(3, Fault::Work)));
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
}

/// A bias that 4096 steps share is read by each of them: loading may cost what running may.
#[test]
fn biases_are_read_within_the_limit() {
    let mut builder = Builder::default();
    let x = builder.activation(DType::I8, &[1]);
    let n = 1 << 12;
    let y = builder.activation(DType::I8, &[n]);
    let w = builder.weights(DType::I8, &[n, 1], &vec![1i8; n as usize]);
    let bias = builder.words(DType::I32, &vec![0; n as usize]);
    let scales = builder.words(DType::Scale, &vec![scale_word(0.5); n as usize]);
    for _ in 0..64 {
        builder.step(Opcode::Dense, &[x, w, bias, scales], &[y], &I8_RANGE);
    }
    builder.function("main", &[x], &[y]);
    let file = builder.finish();
    let within = |macs| Model::load_within(&file, Limits { macs }).map(|_| ());
    assert_eq!(within(128 << 12), Ok(()));
    // The second step's work is counted before the third step's bias is read; the first one's bias is
    // read before its work is counted.
    assert_eq!(within(3 << 12), Err(LoadError::Function(0, Fault::Work)));
    assert_eq!(within((1 << 12) - 1), Err(LoadError::Step(0, Fault::Work)));
}

#[test]
fn every_element_written_is_work() {
    let limits = Limits { macs: 1000 };
    for opcode in [Opcode::Quantise, Opcode::Copy, Opcode::Dequantise] {
        let mut builder = Builder::default();
        let (from, to, attributes): (_, _, &[u32]) = match opcode {
            Opcode::Quantise => (DType::F32, DType::I8, &[]),
            Opcode::Dequantise => (DType::I8, DType::F32, &[]),
            _ => (
                DType::I8,
                DType::I8,
                &[0, 1, 1, 1, 1, 1, 1001, 0, 0, 0, 0, 0, 1],
            ),
        };
        let x = builder.activation(from, &[1001]);
        let y = builder.activation(to, &[1001]);
        builder.step(opcode, &[x], &[y], attributes);
        builder.function("main", &[x], &[y]);
        let file = builder.finish();
        let loaded = Model::load_within(&file, limits).map(|_| ());
        assert_eq!(
            loaded,
            Err(LoadError::Function(0, Fault::Work)),
            "{opcode:?}"
        );
    }
    // 4 × 64 multiply-accumulates, but up to 64 candidates pass for each.
    let mut builder = Builder::default();
    let x = builder.activation(DType::F32, &[4, 1]);
    let (ids, scores) = (
        builder.activation(DType::I32, &[4, 64]),
        builder.activation(DType::F32, &[4, 64]),
    );
    let w = builder.weights(DType::F32, &[64, 1], &[1.0f32; 64]);
    let bias = builder.weights(DType::F32, &[64], &[0.0f32; 64]);
    builder.step(Opcode::TopKDense, &[x, w, bias], &[ids, scores], &[]);
    builder.function("main", &[x], &[ids, scores]);
    let file = builder.finish();
    let loaded = Model::load_within(&file, limits).map(|_| ());
    assert_eq!(loaded, Err(LoadError::Function(0, Fault::Work)));
}

/// A score passes the candidates of two lists: 6 × 10 multiply-accumulates, 2 × 6 × 10 × 2 candidates, and
/// the ids of 70 lists.
#[test]
fn candidates_of_two_lists_are_work() {
    let mut builder = Builder::default();
    let x = builder.activation(DType::F32, &[6, 1]);
    let outputs = [DType::I32, DType::F32].map(|dtype| builder.activation(dtype, &[70, 2]));
    let w = builder.weights(DType::F32, &[10, 1], &[1.0f32; 10]);
    let bias = builder.weights(DType::F32, &[10], &[0.0f32; 10]);
    let groups = builder.weights(DType::I16, &[10], &[30i16; 10]);
    builder.step(Opcode::TopKGroups, &[x, w, bias, groups], &outputs, &[3]);
    builder.function("main", &[x], &outputs);
    let file = builder.finish();
    let within = |macs| Model::load_within(&file, Limits { macs }).map(|_| ());
    let work = 60 + 240 + 140;
    assert_eq!(within(work), Ok(()));
    assert_eq!(within(work - 1), Err(LoadError::Function(0, Fault::Work)));
}

/// Functions are work by what they cost: a sine of a huge number takes as long as many sums.
#[test]
fn functions_are_work_by_their_cost() {
    use qibu::Function1::{Mish, Neg, Sin};
    for (function, cost) in [(Neg, 1), (Mish, 16), (Sin, 64)] {
        let mut builder = Builder::default();
        let x = builder.activation(DType::F32, &[10]);
        let y = builder.activation(DType::F32, &[10]);
        builder.step(Opcode::Unary, &[x], &[y], &[function as u32, 0, 0]);
        builder.function("main", &[x], &[y]);
        let file = builder.finish();
        let within = |macs| Model::load_within(&file, Limits { macs }).map(|_| ());
        let work = 10 * (cost + 1);
        assert_eq!(within(work), Ok(()), "{function:?}");
        let fault = Err(LoadError::Function(0, Fault::Work));
        assert_eq!(within(work - 1), fault, "{function:?}");
    }
}

/// Positions are int32: no lane is longer than they count.
#[test]
fn lanes_are_no_longer_than_positions_count() {
    let long = 1u32 << 31;
    let mut builder = Builder::default();
    let x = builder.activation(DType::I8, &[long]);
    let y = builder.activation(DType::I32, &[1]);
    builder.step(Opcode::ArgMax, &[x], &[y], &[long, 1, 0]);
    builder.function("main", &[x], &[y]);
    let loaded = Model::load_within(&builder.finish(), Limits { macs: u64::MAX }).map(|_| ());
    assert_eq!(loaded, Err(LoadError::Step(0, Fault::Shape)));
}

/// What an element costs in its own loop is work, too.
#[test]
fn powers_of_integers_and_remainders_of_floats_are_work() {
    use qibu::Function2::{Add, Fmod, Mod, Pow};
    for (function, dtype, turns) in [
        (Add, DType::I32, 1),
        (Pow, DType::I32, 64),
        (Mod, DType::F32, 64),
        (Fmod, DType::F32, 64),
        (Pow, DType::F32, 16),
    ] {
        let mut builder = Builder::default();
        let x = builder.activation(dtype, &[10]);
        let y = builder.activation(dtype, &[10]);
        builder.step(Opcode::Binary, &[x, x], &[y], &[function as u32]);
        builder.function("main", &[x], &[y]);
        let file = builder.finish();
        let within = |macs| Model::load_within(&file, Limits { macs }).map(|_| ());
        let work = 10 * (turns + 1);
        assert_eq!(within(work), Ok(()), "{function:?}");
        let fault = Err(LoadError::Function(0, Fault::Work));
        assert_eq!(within(work - 1), fault, "{function:?}");
    }
}

/// Where `usize` has 32 bits the end of such a tensor overflows; so it does everywhere.
#[test]
fn a_tensor_ends_below_four_gibibytes() {
    let mut builder = quantise();
    builder.tensor(DType::I8, Place::Arena, &[0xFFFF_FFFF], 0);
    assert_eq!(load(&builder), Ok(()));
    builder.tensor(DType::I8, Place::Arena, &[0xFFFF_FFFF], 1);
    assert_eq!(load(&builder), Err(LoadError::Tensor(3, Fault::Offset)));
}

#[test]
fn operand_words_outside_the_parameters_are_a_range_fault() {
    let mut builder = quantise();
    builder.steps[0].operands = 1 << 20;
    assert_eq!(load(&builder), Err(LoadError::Step(0, Fault::Range)));
    builder.steps[0].opcode = 99;
    assert_eq!(load(&builder), Err(LoadError::Step(0, Fault::Code)));
}

/// A bound outside the output's type would wrap on store.
#[test]
fn clamp_bounds_are_ordered_and_fit_the_output() {
    let add = |dtype, low: u32, high: u32| {
        let mut builder = Builder::default();
        let x = builder.activation(dtype, &[4]);
        let y = builder.activation(dtype, &[4]);
        builder.step(
            Opcode::Add,
            &[x, x],
            &[y],
            &[scale_word(0.5), scale_word(0.5), low, high],
        );
        builder.function("main", &[x], &[y]);
        load(&builder)
    };
    let fault = Err(LoadError::Step(0, Fault::Attribute));
    assert_eq!(add(DType::I8, I8_RANGE[0], I8_RANGE[1]), Ok(()));
    assert_eq!(add(DType::I8, 5, 5), Ok(()));
    assert_eq!(add(DType::I8, 5, 4), fault);
    assert_eq!(add(DType::I8, 0, 128), fault);
    assert_eq!(add(DType::I8, -129i32 as u32, 127), fault);
    assert_eq!(add(DType::I16, 0, 128), Ok(()));
    assert_eq!(add(DType::F32, FREE[0], FREE[1]), Ok(()));
    assert_eq!(add(DType::F32, FREE[1], FREE[0]), fault);
    assert_eq!(add(DType::F32, FREE[0], f32::NAN.to_bits()), fault);
}

/// The longest walk of the data-flow check: every step reads what only the caller wrote.
#[test]
fn the_most_steps_load_in_seconds() {
    let mut builder = Builder::default();
    let x = builder.activation(DType::F32, &[1]);
    let y = builder.activation(DType::F32, &[1]);
    for _ in 0..4096 {
        builder.step(Opcode::Gate, &[x, x, x], &[y], &[0; 2]);
    }
    builder.function("main", &[x], &[y]);
    let start = Instant::now();
    assert_eq!(load(&builder), Ok(()));
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
    builder.step(Opcode::Gate, &[x, x, x], &[y], &[0; 2]);
    assert_eq!(load(&builder), Err(LoadError::Step(4096, Fault::Work)));
}

/// Ids are the caller's under any shape, and no longer once a step has written over them.
#[test]
fn ids_are_known_by_their_bytes() {
    let run = |overwritten: bool| {
        let mut b = Builder::default();
        let x = b.activation(DType::I32, &[2]);
        let seen = b.view(x, &[1, 2]);
        let table = b.weights(DType::F32, &[3, 1], &[1.0f32, 2.0, 3.0]);
        let y = b.activation(DType::F32, &[1, 2, 1]);
        if overwritten {
            let negated = b.replacing(x, 1.0, 0);
            let negate = qibu::Function1::Neg as u32;
            b.step(Opcode::Unary, &[x], &[negated], &[negate, 0, 0]);
        }
        b.step(Opcode::Gather, &[table, seen], &[y], &[3, 1]);
        b.function("main", &[x], &[y]);
        let file = b.finish();
        let model = Model::load(&file).expect("it loads");
        let mut arena = AlignedBytes::zeros(64);
        let function = model.function("main").expect("it is there");
        let mut run = function.bind(&mut arena).expect("it fits");
        run.set_i32(0, &[1, 99]).expect("two ids");
        run.execute()
            .map(|()| run.output_f32(0).expect("an output").to_vec())
    };
    assert_eq!(run(false), Err(InputError::Id { position: 1 }));
    // −1 is the last row, −99 clamps to the first.
    assert_eq!(run(true), Ok(vec![3.0, 1.0]));
}

/// `main`: x int8 `[images, 1, 1, 1]` → Conv 2×2, each channel alone, with scratch.
fn depthwise(images: u32, dilation: u32) -> Builder {
    let mut builder = Builder::default();
    let dims = [images, 1, 1, 1];
    let x = builder.quantised(DType::I8, &dims, 1.0, 0);
    let w = builder.weights(DType::I8, &[1, 2, 2, 1], &[1i8; 4]);
    let (bias, scales) = (builder.bias(1, 0), builder.scales(1, 0.01));
    let y = builder.quantised(DType::I8, &dims, 1.0, 0);
    let mut attributes = vec![2, 2, 1, 1, dilation, dilation, 0, 0];
    attributes.extend(I8_RANGE);
    attributes.push(1);
    let scratch = qibu::kernels::conv::depthwise::scratch(&attributes, &dims, &dims);
    let scratch = builder.activation(DType::I8, &[scratch.expect("a length") as u32]);
    let operands = [x, w, bias, scales];
    builder.step(Opcode::Conv, &operands, &[y, scratch], &attributes);
    builder.function("main", &[x], &[y]);
    builder
}

/// A plane is as large as dilations say, and is written anew for every image.
#[test]
fn planes_of_depthwise_layers_are_work() {
    let limits = Limits { macs: 1 << 20 };
    let within = |builder: Builder| Model::load_within(&builder.finish(), limits).map(|_| ());
    assert_eq!(within(depthwise(1000, 1)), Ok(()));
    assert_eq!(within(depthwise(1, 100)), Ok(()));
    let much = Err(LoadError::Function(0, Fault::Work));
    assert_eq!(within(depthwise(1000, 100)), much);
    assert_eq!(within(depthwise(1, 4095)), much);
}

#[test]
fn scratch_is_long_enough_and_nothing_reads_it() {
    let fault = |builder: &Builder, fault| {
        assert_eq!(load(builder), Err(LoadError::Step(0, fault)));
    };
    let honest = depthwise(2, 3);
    assert_eq!(load(&honest), Ok(()));
    let scratch = honest.tensors.len() - 1;
    let mut short = honest.clone();
    short.tensors[scratch].dims[0] -= 1;
    fault(&short, Fault::Shape);
    let mut askew = honest.clone();
    askew.tensors[scratch].offset += 8;
    askew.functions[0].arena += 8;
    fault(&askew, Fault::Offset);
    let mut read = honest;
    let last = read.parameters.len() - 1;
    read.parameters[last] = scratch as u32;
    assert_eq!(load(&read), Err(LoadError::Function(0, Fault::Unwritten)));
}

/// `main`: x int8 `[1, 21, 21, channels]` → Conv 3×3 with padding, its weights in tiles of sixteen rows.
fn tiles(channels: u32, stride: u32) -> (Builder, u32) {
    let mut builder = Builder::default();
    let (x_dims, side) = ([1, 21, 21, channels], 20 / stride + 1);
    let y_dims = [1, side, side, 1];
    let x = builder.quantised(DType::I8, &x_dims, 1.0, 3);
    let length = Layout::Tile16
        .bytes(1, 9 * channels, DType::I8)
        .expect("a length");
    let w = builder.weights(DType::I8, &[1, 3, 3, channels], &vec![1i8; length]);
    builder.tensors[w as usize].layout = Layout::Tile16;
    let (bias, scales) = (builder.bias(1, 0), builder.scales(1, 0.01));
    let y = builder.quantised(DType::I8, &y_dims, 1.0, 0);
    let mut attributes = vec![3, 3, stride, stride, 1, 1, 1, 1];
    attributes.extend(I8_RANGE);
    attributes.push(1);
    let shape = qibu::kernels::conv::shape(&attributes, &x_dims, &y_dims).expect("a shape");
    let needed = shape.scratch(Layout::Tile16, 1).expect("a length") as u32;
    let scratch = builder.activation(DType::I8, &[needed]);
    let operands = [x, w, bias, scales];
    builder.step(Opcode::Conv, &operands, &[y, scratch], &attributes);
    builder.function("main", &[x], &[y]);
    (builder, needed)
}

/// The image with its padding has room, and so have columns of runs that are no whole quads.
#[test]
fn scratch_of_tiles_has_room_for_a_whole_step() {
    for (channels, stride, whole) in [
        (4, 1, 23 * 23 * 4 + 64),
        (4, 2, 23 * 23 * 4 + 64),
        (3, 1, (23 * 23 * 3 + 64) + (96 * 28 + 64)),
        (1, 2, (23 * 23 + 64) + (96 * 12 + 64)),
    ] {
        let (honest, needed) = tiles(channels, stride);
        assert!(
            (whole..whole + 32).contains(&needed),
            "{needed}, not {whole}"
        );
        assert_eq!(load(&honest), Ok(()));
        let mut short = honest;
        let scratch = short.tensors.len() - 1;
        short.tensors[scratch].dims[0] -= 1;
        assert_eq!(load(&short), Err(LoadError::Step(0, Fault::Shape)));
    }
}

/// Images of 2³² bytes and more, and several of few positions, ask for no more than blocks do: a chip of
/// 32 bits accepts the same files as a desktop.
#[test]
fn scratch_for_whole_steps_is_the_same_on_every_target() {
    let scratch = |window: [u32; 8], x: [u32; 4], y: [u32; 4]| {
        let attributes = [&window[..], &I8_RANGE[..], &[1]].concat();
        let shape = qibu::kernels::conv::shape(&attributes, &x, &y).expect("a shape");
        shape.scratch(Layout::Tile16, 1).expect("a length")
    };
    let block = |columns: usize, k: usize| columns * (2 * k.next_multiple_of(4) + 4);
    let room = 64;
    // (8192 · 8 + 2)² pixels, and 4194304 · 16 + 1 of 64 channels.
    let large = scratch([2, 2, 8, 8, 1, 1, 0, 0], [1; 4], [1, 8193, 8193, 1]);
    assert!(large < block(8, 4) + room, "{large}");
    let long = scratch(
        [1, 1, 1, 16, 1, 1, 0, 0],
        [1, 1, 1, 64],
        [1, 1, 4_194_305, 1],
    );
    assert!(long < block(8, 64) + 64 + room, "{long}");
    // A stride of two, so that an output is not the pixel there.
    let images = |side: u32| {
        let window = [1, 1, 2, 2, 1, 1, 0, 0];
        scratch(window, [2, 1, 1, 400], [2, 1, side, 1])
    };
    let few = images(7);
    assert!(few < block(8, 400) + 400 + room, "{few}");
    assert!(images(8) >= 15 * 400, "{}", images(8));
}
