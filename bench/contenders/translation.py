"""Greedy translation in PyTorch, with the weights that `translation.mjs` decodes with: a reference as one would write it
for speed. Everything runs in inference mode; the encoder is nn.TransformerEncoder with its fast path; the decoder keeps
keys and values of every layer in tensors that are made beforehand and filled in place, those of the encoder's output
being computed once. Sentences of one length go through it together, with nothing to pad or mask; sentences of several go
in batches of like length, padded to the longest. Ids come in and go out as lists of numbers, and END is not looked for,
as the weights rule it out."""

import json
import math

import torch
from serve import serve, sinusoids
from torch import nn
from torch.nn.functional import layer_norm, linear, relu, scaled_dot_product_attention

BOS, EOS = 1, 2


def read_safetensors(file):
    """Tensors of 32-bit floats by name: a length, a header of JSON, and the data."""
    with open(file, "rb") as stream:
        content = bytearray(stream.read())
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header.pop("__metadata__", None)
    return {
        name: torch.frombuffer(
            content, dtype=torch.float32, count=math.prod(tensor["shape"]), offset=start + tensor["data_offsets"][0]
        ).view(tensor["shape"])
        for name, tensor in header.items()
    }


def part(weights, prefix):
    """The weights whose names begin with the prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in weights.items() if name.startswith(prefix)}


class DecoderLayer:
    """A layer that takes one token of every sentence at a time."""

    def __init__(self, weights, heads):
        self.w = weights
        self.heads = heads
        d = weights["norm1.weight"].shape[0]
        self.query = weights["multihead_attn.in_proj_weight"][:d], weights["multihead_attn.in_proj_bias"][:d]
        self.memory = weights["multihead_attn.in_proj_weight"][d:], weights["multihead_attn.in_proj_bias"][d:]

    def split(self, x, parts):
        """[B, T, parts * D] to parts of [B, H, T, D / H]."""
        b, t, _ = x.shape
        return x.view(b, t, parts, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)

    def start(self, memory, mask, limit):
        """Computes the keys and values of the encoder's output [B, S, D], and makes room for those to come; the mask
        [B, 1, 1, S] is true for what is no padding, None where there is none."""
        self.mask = mask
        keys, values = self.split(linear(memory, *self.memory), 2)
        self.cross = keys.contiguous(), values.contiguous()
        b, _, d = memory.shape
        self.keys, self.values = memory.new_empty(2, b, self.heads, limit, d // self.heads).unbind(0)

    def add_and_norm(self, x, y, name):
        return layer_norm(x + y, x.shape[-1:], self.w[name + ".weight"], self.w[name + ".bias"])

    def step(self, x, position):
        """[B, 1, D] to [B, 1, D]."""
        w, shape = self.w, x.shape
        q, k, v = self.split(linear(x, w["self_attn.in_proj_weight"], w["self_attn.in_proj_bias"]), 3)
        self.keys[:, :, position] = k[:, :, 0]
        self.values[:, :, position] = v[:, :, 0]
        end = position + 1
        heads = scaled_dot_product_attention(q, self.keys[:, :, :end], self.values[:, :, :end])
        heads = heads.transpose(1, 2).reshape(shape)
        x = self.add_and_norm(x, linear(heads, w["self_attn.out_proj.weight"], w["self_attn.out_proj.bias"]), "norm1")
        (q,) = self.split(linear(x, *self.query), 1)
        heads = scaled_dot_product_attention(q, *self.cross, attn_mask=self.mask).transpose(1, 2).reshape(shape)
        heads = linear(heads, w["multihead_attn.out_proj.weight"], w["multihead_attn.out_proj.bias"])
        x = self.add_and_norm(x, heads, "norm2")
        inner = relu(linear(x, w["linear1.weight"], w["linear1.bias"]))
        return self.add_and_norm(x, linear(inner, w["linear2.weight"], w["linear2.bias"]), "norm3")


def prepare(work):
    size = work["size"]
    d, heads, layers = size["dModel"], size["nHeads"], size["layers"]
    weights = read_safetensors(work["weights"])
    layer = nn.TransformerEncoderLayer(d, heads, size["dFF"], batch_first=True)
    encoder = nn.TransformerEncoder(layer, layers)
    encoder.load_state_dict(part(weights, "encoder."))
    encoder.eval()
    decoder = [DecoderLayer(part(weights, f"decoder.layers.{i}."), heads) for i in range(layers)]
    # The scale is part of the table, and the sums are not made again for every token.
    source_table = weights["source_embedding.weight"] * math.sqrt(d)
    target_table = weights["target_embedding.weight"] * math.sqrt(d)
    output = weights["output_projection.weight"], weights["output_projection.bias"]
    sources = [[*source, EOS] for source in work["sources"]]
    limits = work["limits"]  # tokens of each translation
    positions = sinusoids(max(*limits, *map(len, sources)), d)
    longest_first = sorted(range(len(sources)), key=lambda i: (-len(sources[i]), -limits[i]))
    count = work["batchSentences"]
    batches = [longest_first[i : i + count] for i in range(0, len(sources), count)]

    def translate(sources, limit):
        longest = len(sources[0])
        padded = any(len(source) < longest for source in sources)
        source = torch.tensor([source + [EOS] * (longest - len(source)) for source in sources])
        lengths = torch.tensor([len(source) for source in sources])
        padding = torch.arange(longest) >= lengths.unsqueeze(1) if padded else None
        x = source_table[source] + positions[:longest]
        memory = encoder(x, src_key_padding_mask=padding)
        if memory.shape[1] < longest:  # the fast path leaves out columns that are padding in every row
            padding = padding[:, : memory.shape[1]]
        for layer in decoder:
            layer.start(memory, None if padding is None else ~padding[:, None, None, :], limit)
        translations = torch.empty(len(sources), limit, dtype=torch.long)
        newest = torch.full((len(sources),), BOS)
        for position in range(limit):
            x = (target_table[newest] + positions[position]).unsqueeze(1)
            for layer in decoder:
                x = layer.step(x, position)
            newest = linear(x[:, 0], *output).argmax(-1)
            translations[:, position] = newest
        return translations.tolist()

    @torch.inference_mode()
    def step():
        made = [None] * len(sources)
        for batch in batches:
            found = translate([sources[i] for i in batch], max(limits[i] for i in batch))
            for i, ids in zip(batch, found):
                made[i] = ids[: limits[i]]
        return made

    return step


serve(prepare)
