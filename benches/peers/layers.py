"""From an ONNX graph to layers as TensorFlow Lite has them.

    ONNX value            →  a tensor stored with channels last; `axes` names the ONNX axis of each
                             stored dimension, None for a dimension of 1 that ONNX does not have
    Transpose             →  nothing: the axes get other names
    Reshape               →  RESHAPE where the stored shape changes, nothing elsewhere
    Conv, also in 1-D     →  CONV_2D or DEPTHWISE_CONV_2D, PAD before it where SAME does not fit
    Relu behind a layer   →  that layer's fused activation

A layer is a tuple (operator, inputs, outputs, options); a tensor is a `Tensor`. What has no
counterpart raises `Unsupported` with the reason, which the report shows.
"""

import dataclasses
import itertools

import numpy as np
import onnx
from onnx import numpy_helper


NUMBERS = itertools.count()


class Unsupported(Exception):
    """TensorFlow Lite has nothing for this node, or this converter does not know it."""


@dataclasses.dataclass(eq=False)
class Tensor:
    """A stored tensor: `source` is the ONNX value whose numbers it holds."""

    source: str
    shape: tuple
    axes: tuple
    data: np.ndarray | None = None
    kind: str = "float"  # float, index; or weights, bias: constants of one layer
    of: tuple = ()  # of a bias: the input and the weights whose scales it has
    number: int = dataclasses.field(default_factory=NUMBERS.__next__)  # a view keeps it


def same_padding(size, kernel, stride):
    """What SAME pads: before and behind."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class Converter:
    """Layers of one graph."""

    def __init__(self, model):
        graph = onnx.shape_inference.infer_shapes(model).graph
        values = list(graph.value_info) + list(graph.input) + list(graph.output)
        dims = lambda value: tuple(d.dim_value or 1 for d in value.type.tensor_type.shape.dim)
        self.shapes = {value.name: dims(value) for value in values}
        self.constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
        self.users = {}
        for node in graph.node:
            for name in node.input:
                self.users.setdefault(name, []).append(node)
        self.results = {output.name for output in graph.output}
        self.tensors, self.layers, self.done = {}, [], set()
        self.inputs = [self.argument(value) for value in graph.input]
        for node in graph.node:
            if id(node) not in self.done:
                self.node(node)
        self.outputs = [self.result(value.name) for value in graph.output]

    def argument(self, value):
        shape = self.shapes[value.name]
        real = value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
        tensor = Tensor(value.name, shape, tuple(range(len(shape))), kind="float" if real else "index")
        self.tensors[value.name] = tensor
        return tensor

    def result(self, name):
        return self.stored(name, tuple(range(len(self.shapes[name]))))

    def emit(self, operator, inputs, source, shape, axes, options=None, kind="float"):
        output = Tensor(source, tuple(int(d) for d in shape), tuple(axes), kind=kind)
        self.layers.append((operator, inputs, [output], options or {}))
        return output

    def stored(self, name, axes):
        """The value with its dimensions stored as `axes`; a move only where the order differs."""
        tensor = self.tensors[name]
        dims = self.shapes[name]
        shape = tuple(1 if axis is None else dims[axis] for axis in axes)
        order = lambda names: [axis for axis in names if axis is not None and dims[axis] > 1]
        if order(tensor.axes) != order(axes):
            wanted = [axis for axis in axes if axis in tensor.axes]
            wanted += [axis for axis in tensor.axes if axis not in wanted]
            permutation = [tensor.axes.index(axis) for axis in wanted]
            moved = [tensor.shape[index] for index in permutation]
            option = Tensor("", (len(moved),), (), np.array(permutation, np.int32), "index")
            tensor = self.emit("TRANSPOSE", [tensor, option], name, moved, wanted, kind=tensor.kind)
        if tensor.shape != shape:
            option = Tensor("", (len(shape),), (), np.array(shape, np.int32), "index")
            options = {"NewShape": list(shape)}
            tensor = self.emit("RESHAPE", [tensor, option], name, shape, axes, options, tensor.kind)
        return dataclasses.replace(tensor, axes=tuple(axes)) if tensor.axes != tuple(axes) else tensor

    def activation(self, name):
        """The value behind a Relu that alone reads `name`, and the fused activation's name."""
        users = self.users.get(name, [])
        if len(users) == 1 and users[0].op_type == "Relu" and name not in self.results:
            self.done.add(id(users[0]))
            return users[0].output[0], "RELU"
        return name, "NONE"

    def node(self, node):
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        method = getattr(self, "on_" + node.op_type.lower(), None)
        if method is None:
            raise Unsupported(f"no counterpart of {node.op_type}")
        method(node, attributes)

    def channels_last(self, name):
        """[N, C, L] as [N, 1, L, C]; [N, C, H, W] as [N, H, W, C]."""
        return self.stored(name, (0, None, 2, 1) if len(self.shapes[name]) == 3 else (0, 2, 3, 1))

    def on_conv(self, node, a):
        x = self.channels_last(node.input[0])
        weights = self.constants[node.input[1]]
        flat = weights.ndim == 3
        weights = weights[:, :, None] if flat else weights
        pair = lambda values, fill: tuple(values) if not flat else (fill, values[0])
        kernel = weights.shape[2:]
        stride = pair(a.get("strides", [1, 1]), 1)
        dilation = pair(a.get("dilations", [1, 1]), 1)
        pads = list(a.get("pads", [0] * (2 if flat else 4)))
        pads = [0, pads[0], 0, pads[1]] if flat else pads
        spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
        same = [same_padding(x.shape[1 + i], spans[i], stride[i]) for i in (0, 1)]
        padding = "SAME" if [(pads[i], pads[i + 2]) for i in (0, 1)] == same else "VALID"
        if padding == "VALID" and any(pads):
            amounts = np.array([[0, 0], [pads[0], pads[2]], [pads[1], pads[3]], [0, 0]], np.int32)
            shape = [dim + int(sum(amount)) for dim, amount in zip(x.shape, amounts)]
            option = Tensor("", (4, 2), (), amounts, "index")
            x = self.emit("PAD", [x, option], node.input[0], shape, x.axes)
        source, activation = self.activation(node.output[0])
        options = {
            "Padding": padding, "StrideH": stride[0], "StrideW": stride[1],
            "DilationHFactor": dilation[0], "DilationWFactor": dilation[1],
            "FusedActivationFunction": activation,
        }  # fmt: skip
        if a.get("group", 1) == 1:
            operator, constant = "CONV_2D", weights.transpose(0, 2, 3, 1)
        elif weights.shape[1] == 1 and a["group"] == x.shape[3]:
            operator, constant = "DEPTHWISE_CONV_2D", weights.transpose(1, 2, 3, 0)
            options["DepthMultiplier"] = weights.shape[0] // a["group"]
        else:
            raise Unsupported("Conv of several groups")
        bias = self.constants[node.input[2]] if len(node.input) > 2 else np.zeros(len(weights))
        height, width = self.shapes[node.output[0]][2:] if not flat else (1, self.shapes[node.output[0]][2])
        shape = (1, height, width, len(weights))
        self.layer(operator, x, constant, bias, source, shape, (0, None, 2, 1) if flat else (0, 2, 3, 1), options)

    def layer(self, operator, x, weights, bias, source, shape, axes, options):
        """A layer of weights and bias."""
        weights = Tensor("", weights.shape, (), np.ascontiguousarray(weights, np.float32), "weights")
        bias = Tensor("", bias.shape, (), bias.astype(np.float32), "bias", (x, weights))
        self.tensors[source] = self.emit(operator, [x, weights, bias], source, shape, axes, options)

    def on_gemm(self, node, a):
        x = self.stored(node.input[0], (0, 1))
        weights = self.constants[node.input[1]]
        weights = weights if a.get("transB", 0) else weights.T
        source, activation = self.activation(node.output[0])
        bias = self.constants[node.input[2]]
        options = {"FusedActivationFunction": activation, "KeepNumDims": False}
        shape = self.shapes[node.output[0]]
        self.layer("FULLY_CONNECTED", x, weights, bias, source, shape, (0, 1), options)

    def on_relu(self, node, _a):
        x = self.tensors[node.input[0]]
        name = node.output[0]
        self.tensors[name] = self.emit("RELU", [x], name, x.shape, x.axes)

    def on_sigmoid(self, node, _a):
        x = self.tensors[node.input[0]]
        name = node.output[0]
        self.tensors[name] = self.emit("LOGISTIC", [x], name, x.shape, x.axes)

    def both(self, operator, node):
        x = self.tensors[node.input[0]]
        y = self.stored(node.input[1], x.axes)
        source, activation = self.activation(node.output[0])
        options = {"FusedActivationFunction": activation}
        self.tensors[source] = self.emit(operator, [x, y], source, x.shape, x.axes, options)

    def on_add(self, node, _a):
        self.both("ADD", node)

    def on_mul(self, node, _a):
        self.both("MUL", node)

    def on_averagepool(self, node, a):
        x = self.channels_last(node.input[0])
        options = {
            "Padding": "VALID", "FusedActivationFunction": "NONE",
            "FilterHeight": a["kernel_shape"][0], "FilterWidth": a["kernel_shape"][1],
            "StrideH": a["strides"][0], "StrideW": a["strides"][1],
        }  # fmt: skip
        dims = self.shapes[node.output[0]]
        shape = (dims[0], dims[2], dims[3], dims[1])
        name = node.output[0]
        self.tensors[name] = self.emit("AVERAGE_POOL_2D", [x], name, shape, x.axes, options)

    def on_softmax(self, node, _a):
        x = self.stored(node.input[0], (0, 1))
        name = node.output[0]
        self.tensors[name] = self.emit("SOFTMAX", [x], name, x.shape, x.axes, {"Beta": 1.0})

    def on_transpose(self, node, a):
        x = self.tensors[node.input[0]]
        axes = [None if axis is None else list(a["perm"]).index(axis) for axis in x.axes]
        self.tensors[node.output[0]] = dataclasses.replace(x, axes=tuple(axes))

    def on_reshape(self, node, _a):
        x = self.result(node.input[0])
        shape = self.shapes[node.output[0]]
        option = Tensor("", (len(shape),), (), np.array(shape, np.int32), "index")
        name = node.output[0]
        axes = range(len(shape))
        if x.shape != shape:
            x = self.emit("RESHAPE", [x, option], name, shape, axes, {"NewShape": list(shape)})
        self.tensors[name] = dataclasses.replace(x, axes=tuple(axes))

    def on_gather(self, node, a):
        if a.get("axis", 0) != 0:
            raise Unsupported("Gather along another axis than the first")
        table = self.constants[node.input[0]].astype(np.float32)
        table = Tensor(node.output[0], table.shape, (), table, "table")
        ids = self.result(node.input[1])
        shape = self.shapes[node.output[0]]
        name = node.output[0]
        options = {"Axis": 0, "BatchDims": 0}
        self.tensors[name] = self.emit("GATHER", [table, ids], name, shape, range(len(shape)), options)

    def on_slice(self, node, _a):
        starts, ends, axes = (self.constants[name] for name in node.input[1:4])
        x = self.tensors[node.input[0]]
        begin, size = [0] * len(x.shape), list(x.shape)
        for start, end, axis in zip(starts, ends, axes):
            at = x.axes.index(int(axis) % len(self.shapes[node.input[0]]))
            stop = min(int(end) + (x.shape[at] if end < 0 else 0), x.shape[at])
            begin[at], size[at] = int(start), stop - int(start)
        options = [Tensor("", (len(part),), (), np.array(part, np.int32), "index") for part in (begin, size)]
        name = node.output[0]
        self.tensors[name] = self.emit("SLICE", [x, *options], name, size, x.axes)

    def on_concat(self, node, a):
        first = self.tensors[node.input[0]]
        inputs = [first] + [self.stored(name, first.axes) for name in node.input[1:]]
        at = first.axes.index(a["axis"] % len(self.shapes[node.input[0]]))
        shape = list(first.shape)
        shape[at] = sum(tensor.shape[at] for tensor in inputs)
        options = {"Axis": at, "FusedActivationFunction": "NONE"}
        name = node.output[0]
        self.tensors[name] = self.emit("CONCATENATION", inputs, name, shape, first.axes, options)

    def on_topk(self, node, a):
        x = self.result(node.input[0])
        if a.get("axis", -1) % len(x.shape) != len(x.shape) - 1:
            raise Unsupported("TopK along another axis than the last")
        count = int(self.constants[node.input[1]][0])
        shape = (*x.shape[:-1], count)
        scores = Tensor(node.output[0], shape, x.axes)
        ids = Tensor(node.output[1], shape, x.axes, kind="index")
        option = Tensor("", (), (), np.array(count, np.int32), "index")
        self.layers.append(("TOPK_V2", [x, option], [scores, ids], {}))
        for tensor in (scores, ids):
            self.tensors[tensor.source] = tensor
            self.shapes[tensor.source] = shape
