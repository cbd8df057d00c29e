#!/usr/bin/env python3
"""Training speed: `qibu train poem` against the same model in PyTorch, in the same run.

    cargo build --release
    pip install torch onnxruntime          # in a virtual environment
    python3 benches/train_speed.py [--batch 64] [--steps 100] [--threads 2] [--json]

Both train the same recipe (the seed's widths, flattened posterior, free bits, Adam, float32) on
the same synthetic couplets: 3,400 characters with Zipf's frequencies, so no corpus is needed. The
two take turns, `--rounds` times each; a rate is the median of its rounds, so that a busy machine
slows both. Exit status 1 if the ratio is below `--least`.
"""

import argparse
import json
import math
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHARACTERS = 3400
COUPLETS = 20000
FORM = 10
WIDTH = 64
LATENT = 64
FREE_BITS = 0.25


def couplets(seed):
    """Couplets of characters whose frequency falls like 1/rank; each character occurs."""
    generator = random.Random(seed)
    weights = [1 / (rank + 1) for rank in range(CHARACTERS)]
    ids = generator.choices(range(CHARACTERS), weights, k=COUPLETS * FORM)
    for character in range(CHARACTERS):
        ids[character * 7] = character
    return [ids[start : start + FORM] for start in range(0, len(ids), FORM)]


def write_corpus(rows, path):
    with open(path, "w", encoding="utf-8") as file:
        for row in rows:
            line = "".join(chr(0x4E00 + character) for character in row)
            file.write(f"{line[:5]}，{line[5:]}。\n")


def run_qibu(arguments, corpus, folder):
    """Examples per second of `steps` steps, as the command itself reports them."""
    command = [
        arguments.qibu, "train", "poem", "--corpus", str(corpus), "--preset", "best",
        "--set", "min_count=1", "--set", f"free_bits={FREE_BITS}", "--set", f"width={WIDTH}",
        "--set", f"embedding={WIDTH}", "--set", f"latent={LATENT}", "--set", "head=0",
        "--set", "encoder_width=0", "--set", "encoder_layers=2", "--set", "decoder_layers=1",
        "--set", "bn_gamma=0", "--set", "posterior=flatten", "--set", "kernel=3",
        "--batch", str(arguments.batch), "--max-steps", str(arguments.steps),
        "--threads", str(arguments.threads), "--out", str(folder), "--json",
    ]  # fmt: skip
    environment = dict(os.environ)
    environment.setdefault("VIRTUAL_ENV", sys.prefix)
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"qibu train failed:\n{result.stderr}")
    metrics = json.loads(result.stdout)
    assert metrics["characters"] == CHARACTERS, metrics["characters"]
    return metrics["examples_per_second"]


def build_torch(torch):
    nn = torch.nn

    class Gated(nn.Module):
        def __init__(self):
            super().__init__()
            # Both gates in one convolution: the faster way in PyTorch too.
            self.conv = nn.Conv1d(WIDTH, 2 * WIDTH, 3, padding=1)

        def forward(self, x):
            a, b = self.conv(x).chunk(2, 1)
            return a * torch.sigmoid(b) + x

    class Poem(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(CHARACTERS, WIDTH)
            self.encoder = nn.Sequential(Gated(), Gated())
            self.posterior = nn.Linear(FORM * WIDTH, 2 * LATENT)
            self.expand = nn.Linear(LATENT, FORM * WIDTH)
            self.decoder = Gated()
            self.vocabulary = nn.Linear(WIDTH, CHARACTERS)

        def forward(self, ids):
            x = self.encoder(self.embedding(ids).transpose(1, 2))
            mean, logvar = self.posterior(x.flatten(1)).chunk(2, 1)
            z = mean + torch.randn_like(mean) * torch.exp(0.5 * logvar)
            x = self.decoder(self.expand(z).view(-1, WIDTH, FORM))
            logits = self.vocabulary(x.transpose(1, 2))
            loss = nn.functional.cross_entropy(
                logits.reshape(-1, CHARACTERS), ids.reshape(-1), reduction="sum"
            ) / len(ids)
            each = 0.5 * (mean * mean + logvar.exp() - logvar - 1)
            return loss + each.mean(0).clamp(min=FREE_BITS).sum()

    return Poem()


def run_torch(torch, arguments, rows):
    """Examples per second of `steps` steps, batches drawn as in training."""
    torch.manual_seed(1)
    model = build_torch(torch)
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    data = torch.tensor(rows)
    order = torch.randperm(len(data))
    started = time.perf_counter()
    for step in range(arguments.steps):
        start = step * arguments.batch % (len(data) - arguments.batch)
        ids = data[order[start : start + arguments.batch]]
        optimiser.zero_grad(set_to_none=True)
        loss = model(ids)
        loss.backward()
        optimiser.step()
        if not math.isfinite(loss.item()):
            sys.exit("PyTorch's loss is not finite")
    return arguments.steps * arguments.batch / (time.perf_counter() - started)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--qibu", default=str(ROOT / "target/release/qibu"))
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--least", type=float, default=1.5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    try:
        import torch
    except ImportError:
        sys.exit("PyTorch is needed: pip install torch")
    torch.set_num_threads(arguments.threads)
    rows = couplets(1)
    rates = {"qibu": [], "pytorch": []}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_corpus(rows, folder / "corpus.txt")
        for turn in range(arguments.rounds):
            rates["qibu"].append(run_qibu(arguments, folder / "corpus.txt", folder / str(turn)))
            rates["pytorch"].append(run_torch(torch, arguments, rows))
    ours, theirs = (statistics.median(rates[name]) for name in ("qibu", "pytorch"))
    report = {
        "batch": arguments.batch,
        "threads": arguments.threads,
        "steps": arguments.steps,
        "characters": CHARACTERS,
        "qibu_examples_per_second": round(ours),
        "pytorch_examples_per_second": round(theirs),
        "ratio": round(ours / theirs, 2),
        "rounds": {name: [round(rate) for rate in values] for name, values in rates.items()},
        "pytorch": torch.__version__,
    }
    if arguments.json:
        print(json.dumps(report))
    else:
        print(f"qibu {ours:.0f}/s, PyTorch {theirs:.0f}/s, ratio {ours / theirs:.2f}")
    sys.exit(0 if ours >= arguments.least * theirs else 1)


if __name__ == "__main__":
    main()
