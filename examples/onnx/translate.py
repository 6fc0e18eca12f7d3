"""Translate lines of standard input greedily with onnxruntime: what `xformer export onnx` wrote, and no xformer.

    npx xformer export onnx --model runs/zh-en-1 --output exported-onnx
    python examples/onnx/translate.py exported-onnx < data/zh-en/test.zh

With --ids the lines are ids as `xformer tokenize --ids` prints them. Needs onnxruntime, tokenizers and numpy.
"""

import json
import os
import sys

import numpy as np
from onnxruntime import InferenceSession
from tokenizers import Tokenizer


def main(directory, *flags):
    path = lambda *names: os.path.join(directory, *names)
    encoder = InferenceSession(path("onnx", "encoder_model.onnx"))
    decoder = InferenceSession(path("onnx", "decoder_model_merged.onnx"))
    source = Tokenizer.from_file(path("tokenizer.json"))
    target = Tokenizer.from_file(path("target" if os.path.exists(path("target")) else "", "tokenizer.json"))
    with open(path("generation_config.json")) as file:
        settings = json.load(file)
    begin, end, limit = (settings[name] for name in ("decoder_start_token_id", "eos_token_id", "max_length"))
    cache = [given for given in decoder.get_inputs() if given.name.startswith("past_key_values")]
    for line in sys.stdin:
        ids = [*map(int, line.split()), end] if "--ids" in flags else source.encode(line.rstrip("\n")).ids
        ids = np.array([ids])  # int64 [1, S]
        mask = np.ones_like(ids)
        (memory,) = encoder.run(None, {"input_ids": ids, "attention_mask": mask})
        feeds = {"encoder_attention_mask": mask, "encoder_hidden_states": memory}
        # Nothing is in the cache at first; its shape is [batch, heads, tokens, width of a head].
        feeds |= {past.name: np.zeros((1, past.shape[1], 0, past.shape[3]), np.float32) for past in cache}
        tokens = [begin]
        while len(tokens) < limit and (len(tokens) == 1 or tokens[-1] != end):
            feeds |= {"input_ids": np.array([tokens[-1:]]), "use_cache_branch": np.array([len(tokens) > 1])}
            logits, *present = decoder.run(None, feeds)
            feeds |= {past.name: new for past, new in zip(cache, present, strict=True)}  # they have one order
            tokens.append(int(logits[0, -1].argmax()))
        print(target.decode([token for token in tokens[1:] if token != end], skip_special_tokens=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
