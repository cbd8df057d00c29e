"""What ONNX Runtime makes of a model: the other side of tests/tests/mlperf.

    python tests/mlperf/reference.py MODEL.onnx FOLDER LOW HIGH

writes into FOLDER, numbers as raw little-endian f32, sample by sample:

    inputs.bin        512 seeded structured inputs between LOW and HIGH
    output.bin        the model's output on them, graph optimisations off
and, unless the model takes integers, which it then has quantised itself,
    calibration.npz   64 other inputs
    cut.onnx          the model up to its logits (the operand of the last Softmax, else the output)
    logits.bin        the output of cut.onnx, graph optimisations off
    quantised.bin     the same of quantize_static(cut.onnx, calibration): per channel, min-max; of
                      its two forms (QDQ, QOperator) the one nearer to logits.bin
"""

import logging
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime as ort
from int8_snr import Reader, agreement, cut_at_logits, inputs, snr
from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

CALIBRATION, TEST = (1, 64), (2, 512)  # seed, samples


def run(path, samples, optimise=True):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    if not optimise:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: sample[None]})[0] for sample in samples])


def quantised(cut, name, calibration, test, expected, folder):
    """The better output of ONNX Runtime's own int8."""
    found = []
    for form, kind in ((QuantFormat.QDQ, QuantType.QInt8), (QuantFormat.QOperator, QuantType.QUInt8)):
        target = folder / f"{form}.onnx"
        quantize_static(
            cut, target, Reader(name, calibration), quant_format=form, per_channel=True,
            activation_type=kind, weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )  # fmt: skip
        found.append(run(target, test))
    return max(found, key=lambda x: (snr(expected, x), agreement(expected, x)))


def main():
    model, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    span = (float(sys.argv[3]), float(sys.argv[4]))
    logging.disable(logging.WARNING)

    def write(name, array):
        array.astype("<f4").tofile(folder / name)

    argument = onnx.load(model).graph.input[0]
    shape = [dim.dim_value or 1 for dim in argument.type.tensor_type.shape.dim][1:]
    test = inputs(*TEST, shape, span)
    if argument.type.tensor_type.elem_type == onnx.TensorProto.INT8:
        test = np.rint(test).astype(np.int8)
        write("inputs.bin", test)
        write("output.bin", run(model, test, optimise=False))
        return
    write("inputs.bin", test)
    write("output.bin", run(model, test, optimise=False))
    calibration = inputs(*CALIBRATION, shape, span)
    cut = folder / "cut.onnx"
    name, _ = cut_at_logits(model, cut)
    np.savez(folder / "calibration.npz", **{name: calibration[:, None]})
    expected = run(cut, test, optimise=False)
    write("logits.bin", expected)
    write("quantised.bin", quantised(cut, name, calibration, test, expected, folder))


if __name__ == "__main__":
    main()
