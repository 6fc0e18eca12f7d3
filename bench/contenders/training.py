"""Eager PyTorch training the model that `training.mjs` trains, on the same sentences: nn.Transformer with dropout 0.1
in the same places, label smoothing 0.1, clipping and fused Adam. Whatever PyTorch offers for free is used: no masks where
nothing is padded, causality as a hint, gradients set to none, masks and tensors of the batches made beforehand."""

import math

import torch
from serve import serve, sinusoids
from torch import nn

BOS, EOS = 1, 2
PAD = -100  # what CrossEntropyLoss passes over


class Model(nn.Module):
    """nn.Transformer with embeddings, sinusoids and an output projection, as our model has them."""

    def __init__(self, d, heads, ffn, layers, vocabulary, length):
        super().__init__()
        self.scale = math.sqrt(d)
        self.source = nn.Embedding(vocabulary, d)
        self.target = nn.Embedding(vocabulary, d)
        self.transformer = nn.Transformer(d, heads, layers, layers, ffn, dropout=0.1, batch_first=True)
        # nn.Transformer ends both stacks with a layer norm that neither the paper nor our model has.
        self.transformer.encoder.norm = self.transformer.decoder.norm = None
        self.dropout = nn.Dropout(0.1)
        self.out = nn.Linear(d, vocabulary)
        self.register_buffer("positions", sinusoids(length, d))
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(length))

    def embed(self, table, ids):
        return self.dropout(table(ids) * self.scale + self.positions[: ids.shape[1]])

    def forward(self, source, target, source_padding):
        length = target.shape[1]
        # The target's padding comes last, where causality hides it from every token that counts.
        hidden = self.transformer(
            self.embed(self.source, source), self.embed(self.target, target),
            tgt_mask=self.mask[:length, :length], tgt_is_causal=True,
            src_key_padding_mask=source_padding, memory_key_padding_mask=source_padding,
        )
        return self.out(hidden)


def padded(sentences):
    return nn.utils.rnn.pad_sequence([torch.tensor(s) for s in sentences], batch_first=True, padding_value=PAD)


def tensors(batch):
    """The inputs, ids with 0 where there is padding and a mask where there is any, and the labels."""
    source = padded([[*source, EOS] for source, _ in batch])
    target = padded([[BOS, *target] for _, target in batch])
    labels = padded([[*target, EOS] for _, target in batch])
    padding = source == PAD
    mask = torch.zeros(source.shape).masked_fill(padding, float("-inf")) if padding.any() else None
    return (source.clamp(min=0), target.clamp(min=0), mask), labels


def prepare(work):
    size = work["size"]
    batches = [tensors(batch) for batch in work["batches"]]
    model = Model(size["dModel"], size["nHeads"], size["dFF"], size["layers"], size["vocabulary"], size["length"])
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, betas=(0.9, 0.98), eps=1e-9, fused=True)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1, ignore_index=PAD)
    steps = 0

    def step():
        nonlocal steps
        inputs, labels = batches[steps % len(batches)]
        steps += 1
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(*inputs).flatten(0, 1), labels.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step


serve(prepare)
