"""Measures our int8 files against ONNX Runtime's own `quantize_static` on the MLPerf Tiny models.

    python tests/mlperf/int8_snr.py FOLDER [MODEL …] [--qibu PATH] [--run PATH] [--samples N]
                                    [--seed N] [--options "--calibration-method minmax"]

For each model, cut at its logits (the operand of the last Softmax, else the output):

    calibration, test = seeded structured inputs, held apart
    float = ONNX Runtime on test
    theirs = ONNX Runtime on quantize_static(model, calibration): QDQ and QOperator, the better one
    ours = run_f32(qibu compile --calibrate calibration) on test

and prints signal-to-noise ratio and top-1 agreement with float of both, and the share of test
inputs in each class. Needs `pip install onnxruntime onnx numpy`; exits 1 where a line is missed.
"""

import argparse
import logging
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime as ort
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

# Range of each model's inputs: log-mel energies, MFCC, pixels. Within [0, 1] all such inputs are of
# one class for `vww`: they pass as pictures of mean zero.
RANGES = {
    "ad01_fp32": (-60.0, 20.0),
    "kws_ref_model_float32": (-30.0, 30.0),
    "pretrainedResnet": (0.0, 255.0),
    "vww_96_float": (-2.0, 2.0),
}
TEST = 512
MARGIN = 1.0  # dB


def smooth(random, shape):
    """A sum of low-frequency cosines along every axis but the last, another for each channel."""
    axes = [np.linspace(0.0, 1.0, n) for n in shape]
    grid = np.meshgrid(*axes, indexing="ij")
    field = np.zeros(shape)
    for _ in range(int(random.integers(2, 7))):
        turns = sum(random.uniform(-4.0, 4.0) * axis for axis in grid[:-1] or grid)
        phases = random.uniform(0.0, 2 * np.pi, shape[-1] if len(shape) > 1 else 1)
        field += random.normal() * np.cos(2 * np.pi * turns + phases)
    return field


def blobs(random, shape):
    """Bright and dark spots."""
    grid = np.meshgrid(*[np.linspace(0.0, 1.0, n) for n in shape], indexing="ij")
    field = np.zeros(shape)
    for _ in range(int(random.integers(1, 6))):
        width = random.uniform(0.05, 0.3)
        distance = sum((axis - random.uniform()) ** 2 for axis in grid)
        field += random.normal() * np.exp(-distance / (2 * width**2))
    return field


def inputs(seed, count, shape, span):
    """`count` inputs of `shape` within `span`: waves, spots and noise in changing shares."""
    random = np.random.default_rng(seed)
    low, high = span
    middle, half = (low + high) / 2, (high - low) / 2
    result = np.empty((count, *shape), np.float32)
    for sample in range(count):
        field = random.uniform() * smooth(random, shape[-3:])
        field = field + random.uniform(0, 2) * blobs(random, shape[-3:])
        field = field + random.uniform() ** 2 * random.normal(size=shape[-3:])
        field *= random.uniform(0.2, 1.0) / (np.abs(field).max() + 1e-9)
        field += random.uniform(-0.5, 0.5)
        result[sample] = np.clip(middle + half * field, low, high)
    return result


def cut_at_logits(path, to):
    """The model up to the operand of its last Softmax; returns input name and shape."""
    model = onnx.load(path)
    graph = model.graph
    output = graph.output[0].name
    last = [node for node in graph.node if output in node.output][0]
    if last.op_type == "Softmax":
        graph.output[0].name = last.input[0]
        graph.node.remove(last)
    onnx.save(model, to)
    argument = graph.input[0]
    shape = [dim.dim_value or 1 for dim in argument.type.tensor_type.shape.dim]
    return argument.name, shape


class Reader(CalibrationDataReader):
    def __init__(self, name, samples):
        self.feeds = iter([{name: sample[None]} for sample in samples])

    def get_next(self):
        return next(self.feeds, None)


def run_onnx(path, name, samples):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {name: x[None]})[0] for x in samples])


def run_ours(command, path, samples, width):
    raw = subprocess.run([command, path], input=samples.tobytes(), stdout=subprocess.PIPE, check=True)
    return np.frombuffer(raw.stdout, "<f4").reshape(len(samples), width)


def snr(expected, found):
    error = np.sum((expected.astype(np.float64) - found) ** 2)
    return 10 * np.log10(np.sum(expected.astype(np.float64) ** 2) / max(error, 1e-30))


def agreement(expected, found):
    return 100 * np.mean(expected.argmax(-1) == found.argmax(-1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("models", nargs="*", default=list(RANGES))
    parser.add_argument("--qibu", default="target/release/qibu")
    parser.add_argument("--run", default="target/release/examples/run_f32")
    parser.add_argument("--samples", type=int, default=64, help="calibration samples")
    parser.add_argument("--options", default="", help="further options of `qibu compile`")
    parser.add_argument("--seed", type=int, default=1, help="of all inputs")
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    work = pathlib.Path(tempfile.mkdtemp())
    missed = []
    print("model                  | theirs dB, top-1 | ours dB, top-1 |  compile | classes above 5 %")
    for model in args.models or list(RANGES):
        cut = work / f"{model}.onnx"
        name, shape = cut_at_logits(args.folder / f"{model}.onnx", cut)
        calibration = inputs(2 * args.seed, args.samples, shape[1:], RANGES[model])
        test = inputs(2 * args.seed + 1, TEST, shape[1:], RANGES[model])
        expected = run_onnx(cut, name, test)
        best = None
        for form in (QuantFormat.QDQ, QuantFormat.QOperator):
            target = work / f"{model}.{form}.onnx"
            quantize_static(
                cut, target, Reader(name, calibration), quant_format=form, per_channel=True,
                activation_type=QuantType.QInt8 if form == QuantFormat.QDQ else QuantType.QUInt8,
                weight_type=QuantType.QInt8, calibrate_method=CalibrationMethod.MinMax,
            )
            found = run_onnx(target, name, test)
            mark = (snr(expected, found), agreement(expected, found))
            best = max(best or mark, mark)
        np.savez(work / f"{model}.npz", **{name: calibration.reshape(-1, *shape)})
        file, start = work / f"{model}.qibu", time.time()
        done = subprocess.run(
            [args.qibu, "compile", cut, "--calibrate", work / f"{model}.npz", "-o", file,
             *args.options.split()], capture_output=True, text=True,
        )
        took = time.time() - start
        if done.returncode:
            print(f"{model:22} | {best[0]:9.2f}, {best[1]:5.1f} | {done.stderr.strip()}")
            missed.append(model)
            continue
        ours = run_ours(args.run, file, test, expected[0].size).reshape(expected.shape)
        mark = (snr(expected, ours), agreement(expected, ours))
        shares = np.bincount(expected.argmax(-1).ravel()) / TEST
        classes = ", ".join(f"{i}: {100 * s:.0f} %" for i, s in enumerate(shares) if s > 0.05)
        print(f"{model:22} | {best[0]:9.2f}, {best[1]:5.1f} | {mark[0]:7.2f}, {mark[1]:5.1f} |"
              f" {took:6.1f} s | {classes}", flush=True)
        if mark[0] < best[0] + MARGIN or mark[1] < best[1] or np.sum(shares > 0.05) < 2:
            missed.append(model)
    if missed:
        sys.exit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
