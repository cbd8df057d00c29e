#!/usr/bin/env python3
"""A model in the peers' own formats, from its ONNX file and calibration samples.

    python benches/peers/prepare.py MODEL.onnx CALIBRATION.safetensors FOLDER [FIRST.onnx]

writes into FOLDER what can be made and prints one JSON object: what was made, with its
signal-to-noise ratio against the float model in decibels, and why the rest was not. What computes
something else (below 60 dB for floats, 6 dB for int8) is no peer's figure: it counts as refused.

    plain.onnx                    the graph as it is, numbers unpacked: rten's parser wants them so
    ort-s8.onnx, ort-u8.onnx      quantize_static of ONNX Runtime: QDQ, per channel, min-max,
                                  activations int8 or uint8
    float.tflite, int8.tflite     the same layers for TensorFlow Lite; int8 per channel, between floats
    int8-ends.tflite              the same that takes and gives int8

FIRST.onnx is the same graph with channels first all through, for ONNX Runtime; its samples are the
same numbers in another order.
"""

import json
import logging
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime as ort

BASIC = "basic.onnx"
FLOAT, INT8 = 60.0, 6.0  # decibels, at least


def samples(path):
    """Tensors of a safetensors file, sample by sample as feeds."""
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    kinds = {"F32": np.float32, "I32": np.int32, "I64": np.int64}
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            tensors[name] = np.frombuffer(raw[begin:end], kinds[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def feeds(model, tensors):
    """Each sample with the shapes and types that the model declares."""
    kinds = {onnx.TensorProto.FLOAT: np.float32, onnx.TensorProto.INT32: np.int32, onnx.TensorProto.INT64: np.int64}
    arguments = []
    for value in model.graph.input:
        shape = [dim.dim_value or 1 for dim in value.type.tensor_type.shape.dim]
        arguments.append((value.name, shape, kinds[value.type.tensor_type.elem_type]))
    count = min(len(tensors[name]) for name, _, _ in arguments)
    return [
        {name: tensors[name][index].reshape(shape).astype(kind) for name, shape, kind in arguments}
        for index in range(min(count, 64))
    ]


def session(path, **options):
    chosen = ort.SessionOptions()
    chosen.intra_op_num_threads = 1
    for name, value in options.items():
        setattr(chosen, name, value)
    return ort.InferenceSession(str(path), chosen, providers=["CPUExecutionProvider"])


def simplified(source, folder):
    """BatchNormalization folded, weights that come quantised as floats."""
    model = onnx.load(source)
    level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    session(source, graph_optimization_level=level, optimized_model_filepath=str(folder / BASIC))
    model = onnx.load(folder / BASIC)
    graph = model.graph
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    kept = []
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in constants:
            values, scale = constants[node.input[0]].astype(np.float32), constants[node.input[1]]
            axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
            shape = [-1 if i == axis and scale.ndim else 1 for i in range(values.ndim)]
            zero = constants[node.input[2]].astype(np.float32) if len(node.input) > 2 else np.zeros_like(scale)
            values = (values - zero.reshape(shape)) * scale.reshape(shape)
            graph.initializer.append(onnx.numpy_helper.from_array(values.astype(np.float32), node.output[0]))
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)
    onnx.save(model, folder / BASIC)
    return model


def quantised_by_ort(folder, samples, kind, name):
    from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType
    from onnxruntime.quantization import quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.rest = iter(samples)

        def get_next(self):
            return next(self.rest, None)

    quantize_static(
        folder / BASIC, folder / name, Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
        activation_type=getattr(QuantType, kind), weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
    )  # fmt: skip


def ranges(model, samples, folder):
    """Least and largest number of each float value of the graph."""
    watched = onnx.shape_inference.infer_shapes(model)
    floats = [v for v in watched.graph.value_info if v.type.tensor_type.elem_type == onnx.TensorProto.FLOAT]
    known = {output.name for output in watched.graph.output}
    watched.graph.output.extend(value for value in floats if value.name not in known)
    path = folder / "watched.onnx"
    onnx.save(watched, path)
    runner = session(path)
    names = [output.name for output in runner.get_outputs() if output.type == "tensor(float)"]
    found = {}
    for feed in samples:
        values = dict(zip(names, runner.run(names, feed)))
        values |= {name: value for name, value in feed.items() if value.dtype == np.float32}
        for name, value in values.items():
            low, high = found.get(name, (0.0, 0.0))
            found[name] = (min(low, float(value.min())), max(high, float(value.max())))
    path.unlink()
    return found


def by_ort(path, samples, names):
    runner = session(path)
    return [dict(zip(names, runner.run(names, feed))) for feed in samples]


def by_lite(path, samples, names):
    """What the file gives, as floats; its outputs come in the graph's order."""
    from ai_edge_litert import interpreter

    model = interpreter.Interpreter(model_path=str(path), num_threads=1)
    model.allocate_tensors()
    rows = []
    for feed in samples:
        for argument in model.get_input_details():
            value = feed[argument["name"]]
            if argument["dtype"] == np.int8:
                scale, zero = argument["quantization"]
                value = np.clip(np.rint(value / scale) + zero, -128, 127)
            model.set_tensor(argument["index"], value.astype(argument["dtype"]))
        model.invoke()
        row = {}
        for name, argument in zip(names, model.get_output_details()):
            value = model.get_tensor(argument["index"])
            scale, zero = argument["quantization"]
            row[name] = (value.astype(np.float32) - zero) * (scale or 1.0)
        rows.append(row)
    return rows


def snr(expected, found):
    """In decibels, over all float outputs."""
    signal = noise = 0.0
    for want, got in zip(expected, found):
        for name, value in want.items():
            if value.dtype == np.float32:
                signal += float(np.square(value, dtype=np.float64).sum())
                noise += float(np.square(value - got[name], dtype=np.float64).sum())
    return 10 * float(np.log10(max(signal, 1e-30) / max(noise, 1e-30)))


def main():
    source, calibration, folder, *first = (pathlib.Path(argument) for argument in sys.argv[1:])
    logging.disable(logging.WARNING)
    made, refused = {}, {}

    def attempt(name, make, run, least):
        path = folder / name
        try:
            make(path)
            names = [value.name for value in model.graph.output]
            ratio = snr(by_ort(folder / BASIC, inputs[:8], names), run(path, inputs[:8], names))
            if ratio < least:
                raise ValueError(f"computes something else: {ratio:.1f} dB")
            made[name] = {"path": str(path), "snr_db": round(ratio, 1)}
        except ImportError as error:
            refused[name] = f"missing: {error}"
        except Exception as error:  # noqa: BLE001: whatever a peer refuses belongs in the report
            refused[name] = f"{type(error).__name__}: {error}".splitlines()[0][:200]

    found = samples(calibration)
    model = simplified(first[0] if first else source, folder)
    inputs = feeds(model, found)

    def plain(path):
        onnx.save(onnx.load(first[0] if first else source), path)

    attempt("plain.onnx", plain, by_ort, FLOAT)
    for name, kind in (("ort-s8.onnx", "QInt8"), ("ort-u8.onnx", "QUInt8")):
        attempt(name, lambda path: quantised_by_ort(folder, inputs, kind, path.name), by_ort, INT8)
    model = simplified(source, folder)
    inputs = feeds(model, found)

    def lite(path, spans, between_floats=False):
        from layers import Converter
        from tflite import Writer

        path.write_bytes(Writer(Converter(model), spans, between_floats).write())

    attempt("float.tflite", lambda path: lite(path, None), by_lite, FLOAT)
    for name, between_floats in (("int8.tflite", True), ("int8-ends.tflite", False)):
        spans = lambda: ranges(model, inputs, folder)  # noqa: E731: an error is the attempt's
        attempt(name, lambda path: lite(path, spans(), between_floats), by_lite, INT8)
    print(json.dumps({"made": made, "refused": refused}))


if __name__ == "__main__":
    main()
