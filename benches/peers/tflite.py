"""Layers of `layers` as a .tflite file, in floats or in int8.

    int8   activations per tensor, asymmetric, from ranges of the values; weights symmetric, one
           scale per output channel; bias int32; inputs and outputs int8, nothing converted inside,
           or floats, converted by the first and the last operators
"""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

# Operators whose output has the numbers of their input: one scale for both.
MOVES = {"RESHAPE", "TRANSPOSE", "SLICE", "PAD", "AVERAGE_POOL_2D", "GATHER", "CONCATENATION", "TOPK_V2"}
# Versions of operators that know int8 (and, for FULLY_CONNECTED, scales per channel).
VERSIONS = {
    "CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 12, "ADD": 2, "MUL": 2, "LOGISTIC": 2,
    "SOFTMAX": 2, "AVERAGE_POOL_2D": 2, "RELU": 2, "PAD": 2, "TRANSPOSE": 2, "SLICE": 2, "GATHER": 2,
    "CONCATENATION": 2, "TOPK_V2": 2, "RESHAPE": 1, "QUANTIZE": 1, "DEQUANTIZE": 2,
}  # fmt: skip
OPTIONS = {
    "CONV_2D": "Conv2DOptions", "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions", "ADD": "AddOptions", "MUL": "MulOptions",
    "SOFTMAX": "SoftmaxOptions", "AVERAGE_POOL_2D": "Pool2DOptions", "PAD": "PadOptions",
    "TRANSPOSE": "TransposeOptions", "SLICE": "SliceOptions", "GATHER": "GatherOptions",
    "CONCATENATION": "ConcatenationOptions", "TOPK_V2": "TopKV2Options", "RESHAPE": "ReshapeOptions",
}  # fmt: skip


def scale_of(low, high):
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    scale = max((high - low) / 255, 1e-8)
    return scale, int(np.clip(np.rint(-128 - low / scale), -128, 127))


def unified(layers, ranges):
    """Ranges by ONNX value, equal over what only moves numbers; fixed ones stay what they are."""
    parent = {}

    def root(name):
        while parent.get(name, name) != name:
            name = parent[name]
        return name

    for operator, inputs, outputs, _ in layers:
        if operator in MOVES:
            moved = [t.source for t in [*inputs, outputs[0]] if t.kind in ("float", "table") and t.source]
            for name in moved[1:]:
                parent[root(name)] = root(moved[0])
    joined = {}
    for name, (low, high) in ranges.items():
        least, most = joined.get(root(name), (low, high))
        joined[root(name)] = (min(least, low), max(most, high))
    return lambda name: joined[root(name)]


class Writer:
    """One file; `ranges` gives int8, None floats; `between_floats` converts at both ends."""

    def __init__(self, converted, ranges=None, between_floats=False):
        self.converted = converted
        self.between_floats = between_floats
        self.range_of = ranges and unified(converted.layers, ranges)
        self.fixed = set()
        if ranges:
            for operator, _, outputs, _ in converted.layers:
                if operator in ("LOGISTIC", "SOFTMAX"):
                    self.fixed.add(outputs[0].source)
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes, self.codes = [], {}
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.indices = {}
        self.scales = {}

    def write(self):
        self.graph.inputs = [self.end(t, "QUANTIZE") for t in self.converted.inputs]
        for layer in self.converted.layers:
            self.operator(*layer)
        self.graph.outputs = [self.end(t, "DEQUANTIZE") for t in self.converted.outputs]
        self.model.subgraphs = [self.graph]
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def end(self, tensor, operator):
        """An input or output, with the operator that converts it where it is to be floats."""
        inner = self.tensor(tensor)
        if not self.between_floats or tensor.kind != "float":
            return inner
        record = schema.TensorT()
        # An input goes by its name; outputs by their order.
        record.name = self.graph.tensors[inner].name
        self.graph.tensors[inner].name = record.name + b":int8"
        record.shape, record.type = self.graph.tensors[inner].shape, schema.TensorType.FLOAT32
        outer = len(self.graph.tensors)
        self.graph.tensors.append(record)
        step = schema.OperatorT()
        step.opcodeIndex = self.code(operator)
        step.inputs, step.outputs = ([outer], [inner]) if operator == "QUANTIZE" else ([inner], [outer])
        self.graph.operators.append(step)
        return outer

    def code(self, operator):
        if operator not in self.codes:
            code = schema.OperatorCodeT()
            number = getattr(schema.BuiltinOperator, operator)
            code.builtinCode, code.deprecatedBuiltinCode = number, min(number, 127)
            code.version = VERSIONS[operator] if self.range_of else 1
            self.codes[operator] = len(self.model.operatorCodes)
            self.model.operatorCodes.append(code)
        return self.codes[operator]

    def operator(self, operator, inputs, outputs, options):
        record = schema.OperatorT()
        record.opcodeIndex = self.code(operator)
        record.inputs = [self.tensor(t, operator) for t in inputs]
        record.outputs = [self.tensor(t) for t in outputs]
        if operator in OPTIONS:
            kind = OPTIONS[operator]
            record.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
            record.builtinOptions = getattr(schema, kind + "T")()
            for name, value in options.items():
                if name == "Padding":
                    value = getattr(schema.Padding, value)
                elif name == "FusedActivationFunction":
                    value = getattr(schema.ActivationFunctionType, value)
                setattr(record.builtinOptions, name[0].lower() + name[1:], value)
        self.graph.operators.append(record)

    def tensor(self, tensor, operator=""):
        if tensor.number in self.indices:
            return self.indices[tensor.number]
        record = schema.TensorT()
        record.name = (tensor.source or f"constant{len(self.indices)}").encode()
        record.shape = [int(dim) for dim in tensor.shape]
        data, kind = tensor.data, schema.TensorType.FLOAT32
        if tensor.kind == "index":
            kind = schema.TensorType.INT32
        elif self.range_of:
            kind, data, record.quantization = self.quantised(tensor, operator)
        record.type = kind
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            record.buffer = len(self.model.buffers)
            self.model.buffers.append(buffer)
        self.indices[tensor.number] = len(self.graph.tensors)
        self.graph.tensors.append(record)
        return self.indices[tensor.number]

    def activation_scale(self, tensor):
        if tensor.source in self.fixed:
            return 1 / 256, -128
        return scale_of(*self.range_of(tensor.source))

    def quantised(self, tensor, operator):
        record = schema.QuantizationParametersT()
        if tensor.kind in ("float", "table"):
            scale, zero = self.activation_scale(tensor)
            record.scale, record.zeroPoint = [scale], [zero]
            data = tensor.data
            if data is not None:
                data = np.clip(np.rint(data / scale) + zero, -128, 127).astype(np.int8)
            return schema.TensorType.INT8, data, record
        if tensor.kind == "weights":
            axis = 3 if operator == "DEPTHWISE_CONV_2D" else 0
            others = tuple(i for i in range(tensor.data.ndim) if i != axis)
            scale = np.maximum(np.abs(tensor.data).max(axis=others), 1e-8) / 127
            shape = [-1 if i == axis else 1 for i in range(tensor.data.ndim)]
            data = np.clip(np.rint(tensor.data / scale.reshape(shape)), -127, 127).astype(np.int8)
            record.scale, record.zeroPoint = scale.tolist(), [0] * len(scale)
            record.quantizedDimension = axis
            self.scales[tensor.number] = scale
            return schema.TensorType.INT8, data, record
        x, weights = tensor.of
        scale = self.activation_scale(x)[0] * self.scales[weights.number]
        record.scale, record.zeroPoint = scale.tolist(), [0] * len(scale)
        data = np.rint(tensor.data / scale).astype(np.int64).clip(-(2**31), 2**31 - 1).astype(np.int32)
        return schema.TensorType.INT32, data, record


def nothing():
    """A file whose output is its input."""
    model, graph, tensor = schema.ModelT(), schema.SubGraphT(), schema.TensorT()
    tensor.name, tensor.shape, tensor.type = b"x", [1], schema.TensorType.FLOAT32
    graph.tensors, graph.inputs, graph.outputs, graph.operators = [tensor], [0], [0], []
    model.version, model.buffers, model.operatorCodes = 3, [schema.BufferT()], []
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
