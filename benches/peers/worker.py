"""TensorFlow Lite, timed from inside its process.

Reads one JSON object a line and answers with one:

    {"load": "MODEL.tflite", "samples": "CALIBRATION.safetensors"}   →  {"model": 0}
    {"turn": 0, "runs": 1000}                                        →  {"seconds": 0.0123}

The interpreter runs on one thread with its default delegate (XNNPACK); its inputs are set once, to
the first sample. A turn calls Invoke through the binding itself, without the Python wrapper around
it, in processor time. The first line says versions and what a call costs: Invoke of a model that has nothing to do.
"""

import importlib.metadata
import itertools
import json
import pathlib
import sys
import time

import numpy as np
from ai_edge_litert import interpreter
from prepare import samples


def load(path, feeds):
    model = interpreter.Interpreter(model_path=str(path), num_threads=1)
    model.allocate_tensors()
    for argument in model.get_input_details():
        value = feeds[argument["name"]][0].reshape(argument["shape"])
        if argument["dtype"] == np.int8:
            scale, zero = argument["quantization"]
            value = np.clip(np.rint(value / scale) + zero, -128, 127)
        model.set_tensor(argument["index"], value.astype(argument["dtype"]))
    model.invoke()
    return model


def turn(model, runs):
    invoke = model._interpreter.Invoke
    start = time.process_time()
    for _ in itertools.repeat(None, runs):
        invoke()
    return time.process_time() - start


def call_cost(folder):
    """Microseconds of Invoke itself: of a graph of no layers."""
    from tflite import nothing

    path = folder / "nothing.tflite"
    path.write_bytes(nothing())
    model = interpreter.Interpreter(model_path=str(path), num_threads=1)
    model.allocate_tensors()
    return min(turn(model, 2000) for _ in range(5)) / 2000 * 1e6


def main():
    models = []
    hello = {"version": importlib.metadata.version("ai-edge-litert")}
    hello["call_microseconds"] = call_cost(pathlib.Path(sys.argv[1]))
    print(json.dumps(hello), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "load" in request:
                feeds = samples(pathlib.Path(request["samples"]))
                models.append(load(request["load"], feeds))
                answer = {"model": len(models) - 1}
            else:
                answer = {"seconds": turn(models[request["turn"]], request["runs"])}
        except Exception as error:  # noqa: BLE001: the report shows whatever it is
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
