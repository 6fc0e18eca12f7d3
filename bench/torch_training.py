"""One contender of the training benchmark: eager PyTorch. Reads its sizes as JSON from the first argument; then, for
every line on standard input, does one training step and prints the milliseconds it took. With "batches", a file of
JSON, it takes those in turn, padded to the longest of each; else random sentences of one length."""

import json
import math
import resource
import sys
import time

import torch
from torch import nn

config = json.loads(sys.argv[1])
torch.set_num_threads(config["threads"])
torch.manual_seed(1)


class Model(nn.Module):
    """nn.Transformer with embeddings, sinusoids and an output projection, as our model has them."""

    def __init__(self, d, heads, ffn, layers, vocabulary, length):
        super().__init__()
        self.scale = math.sqrt(d)
        self.source = nn.Embedding(vocabulary, d)
        self.target = nn.Embedding(vocabulary, d)
        self.transformer = nn.Transformer(d, heads, layers, layers, ffn, dropout=0.1, batch_first=True)
        self.dropout = nn.Dropout(0.1)
        self.out = nn.Linear(d, vocabulary)
        position = torch.arange(length).unsqueeze(1)
        angle = position / 10000 ** (torch.arange(0, d, 2) / d)
        self.register_buffer("positions", torch.stack([angle.sin(), angle.cos()], 2).flatten(1))
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(length))

    def embed(self, table, ids):
        return self.dropout(table(ids) * self.scale + self.positions[: ids.shape[1]])

    def forward(self, source, target, source_padding, target_padding):
        length = target.shape[1]
        hidden = self.transformer(
            self.embed(self.source, source), self.embed(self.target, target),
            tgt_mask=self.mask[:length, :length], tgt_is_causal=True,
            src_key_padding_mask=source_padding, memory_key_padding_mask=source_padding,
            tgt_key_padding_mask=target_padding,
        )
        return self.out(hidden)


model = Model(config["dModel"], config["nHeads"], config["dFF"], config["layers"], config["vocabulary"], config["length"])
model.train()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, betas=(0.9, 0.98), eps=1e-9, fused=True)
PAD = -100  # what CrossEntropyLoss passes over
criterion = nn.CrossEntropyLoss(label_smoothing=0.1, ignore_index=PAD)


def padded(sentences):
    return nn.utils.rnn.pad_sequence([torch.tensor(s) for s in sentences], batch_first=True, padding_value=PAD)


def prepare(source, target, labels):
    """Ids with 0 where there is padding, the labels, and float masks (None where no sentence is padded)."""

    def mask(ids):
        padding = ids == PAD
        return torch.zeros(ids.shape).masked_fill(padding, float("-inf")) if padding.any() else None

    return (source.clamp(min=0), target.clamp(min=0), mask(source), mask(target)), labels


if "batches" in config:
    with open(config["batches"]) as file:
        batches = [prepare(*(padded(part) for part in batch)) for batch in json.load(file)]
else:
    shape = (config["sentences"], config["length"])
    batches = [prepare(*(torch.randint(3, config["vocabulary"], shape) for _ in range(3)))]
steps = 0


def step():
    global steps
    inputs, labels = batches[steps % len(batches)]
    steps += 1
    optimizer.zero_grad(set_to_none=True)
    loss = criterion(model(*inputs).flatten(0, 1), labels.flatten())
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()


for _ in range(max(3, len(batches))):
    step()
steps = 0
print("ready", torch.__version__, flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    step()
    milliseconds = 1000 * (time.perf_counter() - start)
    print(milliseconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, flush=True)
