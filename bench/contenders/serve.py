"""The part of a contender's process that is the same for all: one JSON line in, one JSON line out. `serve.mjs` says the
same in JavaScript."""

import json
import sys
import time

import torch


def serve(prepare):
    """Says "loaded"; takes the work, prepares and warms up, and answers with what the last warm-up made; then does a
    step for every line, and answers with the milliseconds it took. Ends with its input."""

    def answer(value):
        print(json.dumps(value), flush=True)

    answer("loaded")
    work = json.loads(sys.stdin.readline())
    torch.set_num_threads(work["threads"])
    torch.manual_seed(1)
    step = prepare(work)
    made = None
    for _ in range(work["warmUps"]):
        made = step()
    answer(made)
    for _ in sys.stdin:
        start = time.perf_counter()
        step()
        answer(1000 * (time.perf_counter() - start))


def sinusoids(length, d):
    """Positional encodings [length, d] (Vaswani et al. 2017, section 3.5), sines and cosines side by side."""
    angle = torch.arange(length).unsqueeze(1) / 10000 ** (torch.arange(0, d, 2) / d)
    return torch.stack([angle.sin(), angle.cos()], 2).flatten(1)
