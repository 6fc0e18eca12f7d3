"""Score sentence pairs with a checkpoint of xformer in PyTorch: no conversion, load_file and load_state_dict.

    npx xformer tokenize --model runs/zh-en-1 --side source --ids < data/zh-en/test.zh > source.ids
    npx xformer tokenize --model runs/zh-en-1 --side target --ids < data/zh-en/test.en > target.ids
    python examples/pytorch/score.py runs/zh-en-1/best.safetensors source.ids target.ids

Prints the natural-log probability of each target with its END, as `xformer score` does. Needs torch, safetensors.
"""

import json
import math
import sys

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

UNK, BOS, EOS = range(3)


class Positions(nn.Module):
    """Learned positional embeddings; sinusoids (Vaswani et al. 2017, section 3.5) have no parameters."""

    def __init__(self, config):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(config["maxLength"] + 1, config["dModel"]))


# What nn.Transformer knows; checkpoints name the other choices of docs/variants.md only where they are not the paper's.
KNOWN = {"norm": ("post", "pre"), "activation": ("relu", "gelu"), "positions": ("sinusoidal", "learned")}
VARIANTS = ("normalisation", "shareLayers", "scores", "kvHeads", "shareProjections", "outputProjection")


def refuse_variants(config):
    for key in (*KNOWN, *VARIANTS):
        if key in config and config[key] not in KNOWN.get(key, ()):
            raise SystemExit(f"{key} is {config[key]}, which nn.Transformer does not know: see docs/variants.md.")


class Transformer(nn.Module):
    """The model of a checkpoint; parameters have the names and shapes that the file has."""

    def __init__(self, config):
        super().__init__()
        refuse_variants(config)
        self.config = config
        d, norm_first = config["dModel"], config["norm"] == "pre"
        layer = dict(d_model=d, nhead=config["nHeads"], dim_feedforward=config["dFF"], dropout=0.0,
                     activation=config["activation"], norm_first=norm_first, batch_first=True)
        # Post-norm as in the paper: no normalisation after the last layer. Pre-norm has one.
        final = (lambda: nn.LayerNorm(d)) if norm_first else (lambda: None)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(**layer), config["nEncoderLayers"],
                                             norm=final(), enable_nested_tensor=False)
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(**layer), config["nDecoderLayers"],
                                             norm=final())
        if config["tie"] != "all":
            self.source_embedding = nn.Embedding(config["sourceVocabSize"], d)
        self.target_embedding = nn.Embedding(config["targetVocabSize"], d)
        self.output_projection = nn.Linear(d, config["targetVocabSize"])
        if config["tie"] != "none":
            # One parameter, one tensor in the file: the projection keeps its bias only.
            del self.output_projection.weight
        if config["positions"] == "learned":
            self.source_positions, self.target_positions = Positions(config), Positions(config)

    def embed(self, side, ids):
        config = self.config
        tied = side == "source" and config["tie"] == "all"
        embedding = self.target_embedding if tied else getattr(self, f"{side}_embedding")
        x = embedding(ids) * math.sqrt(config["dModel"])
        if config["positions"] == "learned":
            return x + getattr(self, f"{side}_positions").weight[: ids.shape[1]]
        position = torch.arange(ids.shape[1], dtype=torch.float64).unsqueeze(1)
        even = torch.arange(0, config["dModel"], 2, dtype=torch.float64)
        angle = position / 10000 ** (even / config["dModel"])
        return x + torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1).to(x.dtype)

    def forward(self, source, target):
        """Logits [1, Tt, V] of every token after those of `target`, which begins with BEGIN."""
        memory = self.encoder(self.embed("source", source))
        mask = nn.Transformer.generate_square_subsequent_mask(target.shape[1], dtype=torch.get_default_dtype())
        hidden = self.decoder(self.embed("target", target), memory, tgt_mask=mask)
        tied = self.config["tie"] != "none"
        weight = self.target_embedding.weight if tied else self.output_projection.weight
        return nn.functional.linear(hidden, weight, self.output_projection.bias)


def main(checkpoint, source_file, target_file):
    with safe_open(checkpoint, framework="pt") as file:
        config = json.loads(file.metadata()["model"])
    model = Transformer(config)
    model.load_state_dict(load_file(checkpoint))
    model.eval()
    with open(source_file) as sources, open(target_file) as targets, torch.no_grad():
        for source_line, target_line in zip(sources, targets, strict=True):
            source = [int(token) for token in source_line.split()] + [EOS]
            target = [int(token) for token in target_line.split()]
            logits = model(torch.tensor([source]), torch.tensor([[BOS, *target]]))
            log_probabilities = logits[0].log_softmax(-1)
            labels = torch.tensor([*target, EOS])
            print(f"{log_probabilities.gather(1, labels.unsqueeze(1)).sum().item():.7g}")


if __name__ == "__main__":
    main(*sys.argv[1:])
