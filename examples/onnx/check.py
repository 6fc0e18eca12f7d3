"""Hold exported ONNX graphs to the checker of ONNX, and to the log-probabilities that xformer computes.

    M=runs/zh-en-1 T=data/zh-en/test
    npx xformer export onnx --model $M --output exported-onnx
    npx xformer tokenize --model $M --side source --ids < $T.zh > source.ids
    npx xformer tokenize --model $M --side target --ids < $T.en > target.ids
    npx xformer score --model $M --test $T --per-token > scores.txt
    python examples/onnx/check.py exported-onnx source.ids target.ids scores.txt

Each batch is padded; it is computed at once, and again in two calls with the cache between them. Needs onnx and onnxruntime.
"""

import json
import os
import sys

import numpy as np
import onnx
from onnxruntime import InferenceSession

BATCH = 25


def read_ids(file):
    with open(file) as lines:
        return [[int(token) for token in line.split()] for line in lines]


def padded(rows, filler):
    longest = max(map(len, rows))
    return np.array([row + [filler] * (longest - len(row)) for row in rows])


def main(directory, source_file, target_file, score_file):
    paths = [os.path.join(directory, "onnx", f"{name}.onnx") for name in ("encoder_model", "decoder_model_merged")]
    for path in paths:
        onnx.checker.check_model(onnx.load(path), full_check=True)
    encoder, decoder = map(InferenceSession, paths)
    with open(os.path.join(directory, "generation_config.json")) as file:
        settings = json.load(file)
    begin, end = settings["decoder_start_token_id"], settings["eos_token_id"]
    cache = [given for given in decoder.get_inputs() if given.name.startswith("past_key_values")]
    sources, targets = read_ids(source_file), read_ids(target_file)
    with open(score_file) as lines:
        scores = [[float(score) for score in line.split("\t")[2].split()] for line in lines]
    worst = {"one call": 0.0, "two calls": 0.0}
    for start in range(0, len(sources), BATCH):
        batch = slice(start, start + BATCH)
        ids = padded([[*row, end] for row in sources[batch]], begin)
        mask = padded([[1] * (len(row) + 1) for row in sources[batch]], 0)
        read = padded([[begin, *row] for row in targets[batch]], begin)
        (memory,) = encoder.run(None, {"input_ids": ids, "attention_mask": mask})
        feeds = {"encoder_attention_mask": mask, "encoder_hidden_states": memory, "use_cache_branch": np.array([False])}
        # A cache that is to be passed over may have any length.
        feeds |= {past.name: np.ones((len(ids), past.shape[1], 1, past.shape[3]), np.float32) for past in cache}
        logits = decoder.run(None, {**feeds, "input_ids": read})[0]
        half = read.shape[1] // 2
        first, *present = decoder.run(None, {**feeds, "input_ids": read[:, :half]})
        feeds |= {past.name: new for past, new in zip(cache, present, strict=True)}
        feeds |= {"input_ids": read[:, half:], "use_cache_branch": np.array([True])}
        second = np.concatenate([first, decoder.run(None, feeds)[0]], axis=1)
        for name, rows in (("one call", logits), ("two calls", second)):
            log_probabilities = rows - np.log(np.exp(rows.astype(np.float64)).sum(-1, keepdims=True))
            for found, target, expected in zip(log_probabilities, targets[batch], scores[batch], strict=True):
                labels = [*target, end]
                differences = np.abs(found[np.arange(len(labels)), labels] - expected)
                worst[name] = max(worst[name], differences.max())
    print(f"{len(sources)} pairs: log-probabilities differ by", ", ".join(f"{d:.1e} in {n}" for n, d in worst.items()))
    sys.exit(bool(max(worst.values()) > 1e-4))


if __name__ == "__main__":
    main(*sys.argv[1:])
