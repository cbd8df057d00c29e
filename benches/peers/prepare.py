#!/usr/bin/env python3
"""A model in the peers' own formats, from its ONNX file and calibration samples.

    python benches/peers/prepare.py MODEL.onnx CALIBRATION.safetensors FOLDER [FIRST.onnx]

writes into FOLDER what can be made and prints one JSON object: what was made, and why the rest
was not.

    ort-s8.onnx, ort-u8.onnx      quantize_static of ONNX Runtime: QDQ, per channel, min-max,
                                  activations int8 or uint8
    float.tflite, int8.tflite     the same layers for TensorFlow Lite; int8 per channel

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


def main():
    source, calibration, folder, *first = (pathlib.Path(argument) for argument in sys.argv[1:])
    logging.disable(logging.WARNING)
    made, refused = {}, {}

    def attempt(name, make):
        try:
            make(folder / name)
            made[name] = str(folder / name)
        except ImportError as error:
            refused[name] = f"missing: {error}"
        except Exception as error:  # noqa: BLE001: whatever a peer refuses belongs in the report
            refused[name] = f"{type(error).__name__}: {error}".splitlines()[0][:200]

    found = samples(calibration)
    inputs = feeds(simplified(first[0] if first else source, folder), found)
    attempt("ort-s8.onnx", lambda path: quantised_by_ort(folder, inputs, "QInt8", path.name))
    attempt("ort-u8.onnx", lambda path: quantised_by_ort(folder, inputs, "QUInt8", path.name))

    model = simplified(source, folder)
    inputs = feeds(model, found)

    def lite(path, spans):
        from layers import Converter
        from tflite import Writer

        path.write_bytes(Writer(Converter(model), spans).write())

    attempt("float.tflite", lambda path: lite(path, None))
    attempt("int8.tflite", lambda path: lite(path, ranges(model, inputs, folder)))
    print(json.dumps({"made": made, "refused": refused}))


if __name__ == "__main__":
    main()
