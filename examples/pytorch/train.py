"""Train a run of xformer with PyTorch: on several processes, machines or GPUs, and bring it back.

    npx xformer train --config examples/zh-en.yaml --out runs/big --prepare
    torchrun --nproc-per-node 2 examples/pytorch/train.py runs/big
    npx xformer train --resume runs/big

The first command settles every setting, makes the first weights, and leaves the encoded corpus in the run; the second
takes the steps, the same ones on the same batches as xformer would; the third measures the model, or goes on. Any run
that `xformer train` was stopped in can go this way, with its Adam moments and its step, as often as one likes.

What is the same: the model, the batches and their order, teacher forcing, label smoothing, the places of dropout,
accumulation, clipping, Adam, the schedule, the moving average, checkpoints, metrics.jsonl. What is not: the random
numbers of dropout. Needs torch, safetensors, numpy.
"""

import argparse
import json
import math
import os
import time
from pathlib import Path

import numpy
import torch
import torch.distributed as dist
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from score import Transformer

IGNORED = -100
NAMES = {  # what vocabularies call their special tokens: src/text/pipeline/specialNames.ts
    "unk": ["<unk>", "[UNK]", "<|unk|>"],
    "bos": ["<s>", "[BOS]", "<bos>", "<|startoftext|>", "<|begin_of_text|>", "[CLS]"],
    "eos": ["</s>", "[EOS]", "<eos>", "<|endoftext|>", "<|end_of_text|>", "[SEP]"],
}


# ---------------------------------------------------------------------------------------------------------------------
# The corpus and its batches: what src/data/encodedCorpusFile.ts and src/data/epochPlan.ts say, in Python.


class Corpus:
    """Pairs of ids as xformer has encoded them: tokens, lengths of both sides, and a footer in JSON at the end."""

    def __init__(self, path):
        data = numpy.memmap(path, dtype=numpy.uint8, mode="r")
        magic = b"xformer pairs 3 LE\n"
        if bytes(data[: len(magic)]) != magic:
            raise SystemExit(f"{path}: this is not an encoded corpus. Make it with `xformer train --prepare`.")
        json_end = len(data) - 36  # a SHA-256 and the length of the footer
        json_begin = json_end - int.from_bytes(bytes(data[json_end : json_end + 4]), "little")
        self.footer = footer = json.loads(bytes(data[json_begin:json_end]))
        ids, lengths = (f"<u{footer[key]}" for key in ("tokenBytes", "lengthBytes"))
        pairs, size = footer["pairs"], footer["lengthBytes"]
        both = data[json_begin - 2 * pairs * size : json_begin].view(lengths).astype(numpy.int64)
        self.source_lengths, self.target_lengths = both[:pairs], both[pairs:]
        self.offsets = numpy.concatenate([[0], (self.source_lengths + self.target_lengths).cumsum()])
        begin = len(magic)
        self.tokens = data[begin : begin + int(self.offsets[-1]) * footer["tokenBytes"]].view(ids)

    def pair(self, index):
        begin, middle = self.offsets[index], self.offsets[index] + self.source_lengths[index]
        return self.tokens[begin:middle].tolist(), self.tokens[middle : self.offsets[index + 1]].tolist()


class Random:
    """The generator of src/random.ts: sfc32, its state filled from keys."""

    def __init__(self, *keys):
        self.a, self.b, self.c, self.counter = 0x9E3779B9, 0x243F6A88, 0xB7E15162, 1
        for key in keys:
            self.a ^= mix32(key & 0xFFFFFFFF)
            self.b ^= mix32(key >> 32)
            for _ in range(12):
                self.next32()

    def next32(self):
        a, b, c, mask = self.a, self.b, self.c, 0xFFFFFFFF
        total = (a + b + self.counter) & mask
        self.counter = (self.counter + 1) & mask
        self.a = b ^ (b >> 9)
        self.b = (c + (c << 3)) & mask
        self.c = ((c << 21 | c >> 11) + total) & mask
        return total

    def below(self, bound):
        return self.next32() * bound >> 32

    def shuffle(self, items):
        for i in range(len(items) - 1, 0, -1):
            j = self.below(i + 1)
            items[i], items[j] = items[j], items[i]
        return items


def mix32(x):
    """Close numbers end far apart: the finaliser of MurmurHash3."""
    x = (x ^ x >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    x = (x ^ x >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return x ^ x >> 16


def plan_epoch(corpus, config, weights, epoch):
    """The batches of an epoch, each a list of pairs by number."""
    random, pairs = Random(config["seed"], epoch), corpus.footer["pairs"]
    order = random.shuffle(pairs_taken(corpus, weights, config["seed"], epoch) if weights else list(range(pairs)))
    if config["batching"] == "shuffled":
        return cut(corpus, config, order)
    pools = cut(corpus, config, order, 100)
    by_length = [sorted(pool, key=lambda i: (corpus.target_lengths[i], corpus.source_lengths[i])) for pool in pools]
    return random.shuffle(cut(corpus, config, [pair for pool in by_length for pair in pool]))


def cut(corpus, config, order, times=1):
    """Closes a batch when it has its sentences, or when the next pair would take a side over its tokens."""
    most_tokens = times * (config.get("batchTokens") or math.inf)
    most_sentences = times * (config.get("batchSentences") or math.inf)
    batches, source, target = [], 0, 0
    for pair in order:
        source += int(corpus.source_lengths[pair]) + 1
        target += int(corpus.target_lengths[pair]) + 1
        if not batches or max(source, target) > most_tokens or len(batches[-1]) == most_sentences:
            batches.append([])
            source, target = int(corpus.source_lengths[pair]) + 1, int(corpus.target_lengths[pair]) + 1
        batches[-1].append(pair)
    return batches


def pairs_taken(corpus, weights, seed, epoch):
    """The pairs that an epoch takes of corpora with weights, which stand one behind the other in the file."""
    parts = corpus.footer["statistics"].get("parts", [{"pairs": corpus.footer["pairs"]}])
    taken, first = [], 0
    for i, (part, weight) in enumerate(zip(parts, weights, strict=True)):
        pairs = part["pairs"]
        ring = Random(seed, i, 0x72696E67).shuffle(list(range(pairs)))
        places = range(math.floor(epoch * weight * pairs), math.floor((epoch + 1) * weight * pairs))
        taken += [first + ring[place % pairs] for place in places]
        first += pairs
    return taken


class UnknownReplacement:
    """Now and then a rare source token and its translation are read as <unk>: src/training/unknownReplacement.ts."""

    COMMON, HASHES, ENOUGH, MOST_PAIRS = 50, 16, 8, 200_000

    def __init__(self, corpus, model, probability, seed, unknown):
        self.probability, self.seed, self.unknown = probability, seed, unknown
        sizes = [model["sourceVocabSize"], model["targetVocabSize"]]
        self.signatures = [numpy.full((size, self.HASHES), 0x7FFFFFFF, numpy.int32) for size in sizes]
        step = max(1, math.ceil(corpus.footer["pairs"] / self.MOST_PAIRS))
        for index in range(0, corpus.footer["pairs"], step):
            hashes = [mix32(index + k * 0x9E3779B1 & 0xFFFFFFFF) for k in range(self.HASHES)]
            signed = numpy.array(hashes, numpy.uint32).view(numpy.int32)
            for signature, ids in zip(self.signatures, corpus.pair(index)):
                for token in set(ids):
                    numpy.minimum(signature[token], signed, out=signature[token])

    def apply(self, source, target, epoch, index):
        random = Random(self.seed, epoch, index, 0x756E6B)
        if random.next32() / 2**32 >= self.probability:
            return source, target
        rare, others = (list(dict.fromkeys(t for t in side if t >= self.COMMON)) for side in (source, target))
        if not rare or not others:
            return source, target
        token = rare[random.below(len(rare))]
        translation = next((to for to in others if self.belongs(token, to, rare, others)), None)
        swap = lambda side, old, new: [new if t == old else t for t in side]
        return swap(source, token, self.unknown[0]), swap(target, translation, self.unknown[1])

    def belongs(self, token, to, sources, targets):
        """Whether a target token goes with a source token, and neither goes as well with another of the pair."""
        own = self.agreement(token, to)
        return (own >= self.ENOUGH and all(self.agreement(s, to) < own for s in sources if s != token)
                and all(self.agreement(token, t) < own for t in targets if t != to))

    def agreement(self, source, target):
        a, b = self.signatures[0][source], self.signatures[1][target]
        return int(((a == b) & (a != 0x7FFFFFFF)).sum())


# ---------------------------------------------------------------------------------------------------------------------
# The model and its loss.


class Objective(Transformer):
    """Teacher forcing over padded batches: the summed label-smoothed cross-entropy, with dropout where xformer has it."""

    def __init__(self, config, smoothing):
        super().__init__(config)
        self.smoothing = smoothing
        residual = config["dropout"]
        attention = residual if config["attentionDropout"] is None else config["attentionDropout"]
        self.embedding_dropout = nn.Dropout(residual)
        for layer in [*self.encoder.layers, *self.decoder.layers]:
            layer.dropout.p = config["activationDropout"]
            for name, module in layer.named_children():
                if isinstance(module, nn.MultiheadAttention):
                    module.dropout = attention
                elif name in ("dropout1", "dropout2", "dropout3"):
                    module.p = residual

    def forward(self, source, padding, target, labels):
        """Ids [B, Ts] with `padding` true past their ends, [B, Tt] from BEGIN on, and labels, IGNORED past their ends."""
        causal = torch.ones(target.shape[1], target.shape[1], dtype=torch.bool, device=target.device).triu(1)
        memory = self.encoder(self.embedding_dropout(self.embed("source", source)), src_key_padding_mask=padding)
        hidden = self.decoder(self.embedding_dropout(self.embed("target", target)), memory, tgt_mask=causal,
                              tgt_is_causal=True, memory_key_padding_mask=padding)
        tied = self.config["tie"] != "none"
        weight = self.target_embedding.weight if tied else self.output_projection.weight
        logits = nn.functional.linear(hidden, weight, self.output_projection.bias)
        return nn.functional.cross_entropy(logits.flatten(0, 1).float(), labels.flatten(), reduction="sum",
                                           ignore_index=IGNORED, label_smoothing=self.smoothing)


def lay_out(pairs, special, device):
    """Pads the pairs of a batch. A process without a pair gets one that counts for nothing, as all have to join in."""
    empty = not pairs
    sources = [[*source, special["eos"][0]] for source, _ in pairs] or [[special["eos"][0]]]
    targets = [target for _, target in pairs] or [[]]
    pad = lambda rows, value: torch.tensor([row + [value] * (max(map(len, rows)) - len(row)) for row in rows])
    source = pad(sources, special["eos"][0])
    padding = torch.arange(source.shape[1]) >= torch.tensor([[len(row)] for row in sources])
    target = pad([[special["bos"][1], *row] for row in targets], special["eos"][1])
    labels = pad([[*row, special["eos"][1]] for row in targets], IGNORED)
    if empty:
        labels.fill_(IGNORED)
    return [tensor.to(device) for tensor in (source, padding, target, labels)]


def share(weights, rank, world):
    """The sentences of a process: the batch cut into runs of about as many tokens (cutShards of src/training/feed.ts)."""
    total, seen, mine = sum(weights), 0, []
    for i, weight in enumerate(weights):
        if min(world - 1, int(world * (seen + weight / 2) / total)) == rank:
            mine.append(i)
        seen += weight
    return mine


# ---------------------------------------------------------------------------------------------------------------------
# A run: its state, which is kept in last.safetensors, and its steps.


def learning_rate(step, config, d_model, total):
    """Warm-up, and what follows: src/training/schedule.ts."""
    warmup, least = config["warmupSteps"], config["minLearningRate"]
    peak = config["learningRate"] or (d_model * warmup) ** -0.5
    if step < warmup:
        return peak * step / warmup
    done = min(1, (step - warmup) / max(1, total - warmup))
    if config["schedule"] == "inverse-sqrt":
        return peak * math.sqrt(warmup / step)
    if config["schedule"] == "constant":
        return peak
    share_left = 1 - done if config["schedule"] == "linear" else (1 + math.cos(math.pi * done)) / 2
    return least + (peak - least) * share_left


def special_ids(metadata):
    """The ids of the unknown token, BEGIN and END: [source, target] each."""
    ids = {}
    for kind, names in NAMES.items():
        sides = []
        for side in ("source", "target"):
            added = json.loads(metadata[f"{side}_tokenizer"])["added_tokens"]
            found = {token["content"]: token["id"] for token in added}
            known = [found[name] for name in names if name in found]
            if not known:
                raise SystemExit(f"The vocabulary of the {side} has no token called {', '.join(names)}: train it with "
                                 "xformer itself.")
            sides.append(known[0])
        ids[kind] = sides
    return ids


def is_frozen(name, patterns):
    """Whether a parameter stays as it is (src/training/freeze.ts)."""
    from fnmatch import fnmatchcase

    parts = {"encoder": ["encoder.*"], "decoder": ["decoder.*"],
             "embeddings": ["source_embedding.*", "target_embedding.*", "source_positions.*", "target_positions.*"]}
    return any(fnmatchcase(name, p) for which in patterns for p in parts.get(which, [which.replace("[", "[[]")]))


class Run:
    def __init__(self, directory, options, rank, world, device):
        self.directory, self.options, self.rank, self.world, self.device = directory, options, rank, world, device
        self.last = directory / "last.safetensors"
        with safe_open(self.last, framework="pt") as file:
            self.metadata = file.metadata()
        self.metadata = {key: value for key, value in self.metadata.items() if not key.startswith("xformer.")}
        self.state, sizes = json.loads(self.metadata["training"]), json.loads(self.metadata["model"])
        self.config = config = self.state["config"]
        self.refuse_what_only_xformer_does()
        self.special, self.d_model = special_ids(self.metadata), sizes["dModel"]
        self.corpus = Corpus(directory / "train.pairs")
        self.model = Objective(sizes, config["labelSmoothing"])
        self.load(load_file(self.last))
        unknown = (self.state.get("tokenizer") or {}).get("unkReplace") or 0
        self.unknown = (UnknownReplacement(self.corpus, sizes, unknown, config["seed"], self.special["unk"])
                        if unknown else None)
        train = json.loads((directory / "config.json").read_text())["data"]["train"]
        weights = [1] if isinstance(train, str) else [entry.get("weight", 1) if isinstance(entry, dict) else 1
                                                      for entry in train]
        self.weights = None if all(weight == 1 for weight in weights) else weights
        self.plans = {}
        self.epoch_steps = math.ceil(len(self.plan(0)) / config["accumulate"])
        ends = [config["maxSteps"], config["maxEpochs"] and config["maxEpochs"] * self.epoch_steps]
        self.total = min(end for end in ends if end is not None)

    def refuse_what_only_xformer_does(self):
        tokenizer = self.state.get("tokenizer") or {}
        sides = [tokenizer, *(tokenizer.get(side) or {} for side in ("source", "target"))]
        if any(side.get("bpeDropout") for side in sides):
            raise SystemExit(f"{self.last}: bpe_dropout cuts words anew with every epoch, which only xformer does. "
                             "Prepare the run without it.")
        if self.config["schedule"] == "plateau" or self.config["patience"] is not None:
            raise SystemExit(f"{self.last}: plateau and patience wait for validations, which only xformer makes. "
                             "Choose another schedule, and no patience.")

    def load(self, tensors):
        names = [name for name, _ in self.model.named_parameters()]
        self.model.load_state_dict({name: tensors[name] for name in names})
        self.model.to(self.device)
        self.parameters = dict(self.model.named_parameters())
        for name, parameter in self.parameters.items():
            parameter.requires_grad = not is_frozen(name, self.config.get("freeze") or [])
        config, learned = self.config, {n: p for n, p in self.parameters.items() if p.requires_grad}
        groups = [  # weight decay is for what multiplies: it spares biases and norms
            {"params": [p for p in learned.values() if p.dim() > 1], "weight_decay": config["weightDecay"]},
            {"params": [p for p in learned.values() if p.dim() == 1], "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=0.0, betas=(config["beta1"], config["beta2"]),
                                           eps=config["epsilon"])
        updates = (self.state.get("origin") or {}).get("updates", 0) + self.state["step"] - self.state["skipped"]
        for name, parameter in learned.items():
            moments = {key: tensors[f"adam.{key}.{name}"].to(self.device) for key in ("exp_avg", "exp_avg_sq")}
            self.optimizer.state[parameter] = {"step": torch.tensor(float(updates)), **moments}
        self.frozen_moments = {key: value for key, value in tensors.items()
                               if key.startswith("adam.") and key.split(".", 2)[2] not in learned}
        self.average = {n: tensors[f"ema.{n}"].to(self.device) for n in names} if config["ema"] else None

    def plan(self, epoch):
        if epoch not in self.plans:
            self.plans = {epoch: plan_epoch(self.corpus, self.config, self.weights, epoch)}
        return self.plans[epoch]

    def done(self):
        step, epoch = self.state["step"], self.state["epoch"]
        most_steps, most_epochs = self.config["maxSteps"] or math.inf, self.config["maxEpochs"] or math.inf
        return step >= min(most_steps, self.options.steps or math.inf) or epoch >= most_epochs

    def pair(self, index):
        source, target = self.corpus.pair(index)
        return self.unknown.apply(source, target, self.state["epoch"], index) if self.unknown else (source, target)

    def take_step(self, model, scaler):
        """One step: the gradients of its batches on all processes, their mean over all tokens, clipping, Adam."""
        state, config, corpus = self.state, self.config, self.corpus
        step, plan = state["step"] + 1, self.plan(state["epoch"])
        batches = plan[state["batch"] : state["batch"] + config["accumulate"]]
        tokens = {side: sum(int(lengths[i]) + 1 for batch in batches for i in batch)
                  for side, lengths in (("source", corpus.source_lengths), ("target", corpus.target_lengths))}
        torch.manual_seed((config["seed"] * 1_000_003 + step) * self.world + self.rank)  # of dropout
        loss = torch.zeros((), dtype=torch.float64, device=self.device)
        self.optimizer.zero_grad(set_to_none=False)
        for number, batch in enumerate(batches):
            weights = [int(corpus.source_lengths[i] + corpus.target_lengths[i]) + 2 for i in batch]
            mine = [self.pair(batch[i]) for i in share(weights, self.rank, self.world)]
            model.require_backward_grad_sync = number == len(batches) - 1  # the processes meet once a step
            with torch.autocast(self.device.type, self.options.dtype, enabled=self.options.dtype is not None):
                part = model(*lay_out(mine, self.special, self.device))
            # DistributedDataParallel takes the mean over the processes; wanted is the sum over all tokens' losses.
            scaler.scale(part * (self.world / tokens["target"])).backward()
            loss += part.detach()
        if self.world > 1:
            dist.all_reduce(loss)
        scaler.unscale_(self.optimizer)
        learned = [p for p in self.parameters.values() if p.requires_grad]
        norm = nn.utils.clip_grad_norm_(learned, config["clipNorm"] or math.inf).item()
        rate = learning_rate(step, config, self.d_model, self.total)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        learnable = math.isfinite(norm) and math.isfinite(loss.item())
        if learnable:
            scaler.step(self.optimizer)
        scaler.update()
        end = state["batch"] + len(batches)
        position = {"epoch": state["epoch"] + 1, "batch": 0} if end == len(plan) else {"batch": end}
        state.update(step=step, **position)
        self.count(learnable, loss.item(), tokens)
        return rate, norm, sum(tokens.values())

    def count(self, learnable, loss, tokens):
        """A step whose gradients were not finite has changed nothing."""
        state, window = self.state, self.state["window"]
        if not learnable:
            state["skipped"] += 1
            state["skippedInARow"] += 1
            if state["skippedInARow"] > self.config["maxSkips"]:
                raise SystemExit(f"step {state['step']}: the loss or gradient is not a finite number. The last good "
                                 "checkpoint is kept. Begin again with a lower --lr or a longer --warmup.")
            return
        state["skippedInARow"] = 0
        state["window"] = {"loss": window["loss"] + loss, "sourceTokens": window["sourceTokens"] + tokens["source"],
                           "targetTokens": window["targetTokens"] + tokens["target"]}
        if self.average is not None:
            updates = (state.get("origin") or {}).get("updates", 0) + state["step"] - state["skipped"]
            part = 1 - min(self.config["ema"], (1 + updates) / (10 + updates))
            for name, averaged in self.average.items():
                averaged.lerp_(self.parameters[name].detach(), part)

    def log(self, rate, norm, seconds, tokens_per_second):
        state, window = self.state, self.state["window"]
        record = {"step": state["step"], "epoch": state["epoch"] - (state["batch"] == 0),
                  "loss": window["loss"] / window["targetTokens"], "lr": rate, "gradNorm": norm,
                  "sourceTokens": window["sourceTokens"], "targetTokens": window["targetTokens"],
                  "skipped": state["skipped"], "tokensPerSecond": round(tokens_per_second),
                  "elapsedSeconds": round(seconds, 2)}
        state["window"] = {"loss": 0, "sourceTokens": 0, "targetTokens": 0}
        if self.rank == 0:
            with open(self.directory / "metrics.jsonl", "a") as file:
                file.write(json.dumps(record) + "\n")
            print(f"step {record['step']}/{self.total}  loss {record['loss']:.3f}  lr {rate:.1e}  "
                  f"{tokens_per_second / 1000:.1f}k tokens/s", flush=True)

    def is_save_due(self):
        state, config = self.state, self.config
        every = self.options.save_every or config["saveEvery"] or config["validateEvery"]
        if every is not None:
            return state["step"] % every == 0
        return state["batch"] == 0 and state["epoch"] % config["validateEveryEpochs"] == 0

    def save(self):
        """Replaces last.safetensors, and keeps the last few checkpoints where the run is to."""
        config, state, kept = self.config, self.state, self.state["kept"]
        count = max(config["keepLast"], config["average"] if config["averageOf"] == "last" else 0)
        kept["last"] = [state["step"], *(step for step in kept["last"] if step != state["step"])][:count]
        if self.rank != 0:
            return
        weights = {name: parameter.detach().cpu().contiguous() for name, parameter in self.parameters.items()}
        best_known = weights if self.average is None else {n: t.cpu() for n, t in self.average.items()}
        metadata = {**self.metadata, "training": json.dumps(state, separators=(",", ":"))}
        moments = {f"adam.{key}.{name}": self.optimizer.state[parameter][key].cpu() for name, parameter
                   in self.parameters.items() if parameter.requires_grad for key in ("exp_avg", "exp_avg_sq")}
        average = {} if self.average is None else {f"ema.{name}": t for name, t in best_known.items()}
        replace(self.last, {**weights, **moments, **self.frozen_moments, **average}, metadata)
        checkpoints = self.directory / "checkpoints"
        if count > 1:
            checkpoints.mkdir(exist_ok=True)
            replace(checkpoints / f"step-{state['step']:06d}.safetensors", best_known, metadata)
            for file in checkpoints.glob("step-*.safetensors"):
                if int(file.stem[5:]) not in {*kept["last"], *kept["best"]}:
                    file.unlink()


def replace(path, tensors, metadata):
    """Writes beside and renames: whatever happens meanwhile, the file under the name is whole."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    save_file(tensors, beside, metadata)
    with open(beside, "rb") as file:
        os.fsync(file.fileno())
    os.replace(beside, path)


def rewind_metrics(path, step):
    """Drops lines past the step that a run goes on from; returns the seconds it had taken by then."""
    records = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    kept = [record for record in records if record["step"] <= step]
    path.write_text("".join(json.dumps(record) + "\n" for record in kept))
    return max((record.get("elapsedSeconds", 0) for record in kept), default=0)


def main():
    parser = argparse.ArgumentParser(description="Train a run of xformer with PyTorch.")
    parser.add_argument("run", type=Path, help="a run directory that `xformer train --prepare` has made ready")
    parser.add_argument("--steps", type=int, help="stop at this step; by default at the end of the run")
    parser.add_argument("--save-every", type=int, help="steps between two saves; by default as the run says")
    parser.add_argument("--precision", choices=["float32", "bfloat16", "float16"], default="float32")
    parser.add_argument("--compile", action="store_true", help="compile the model with torch.compile")
    options = parser.parse_args()
    for name in ("last.safetensors", "train.pairs"):
        if not (options.run / name).is_file():
            raise SystemExit(f"{options.run}: there is no {name}. Make the run ready with `xformer train --prepare`.")
    options.dtype = None if options.precision == "float32" else getattr(torch, options.precision)

    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    cuda = torch.cuda.is_available()
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if cuda else torch.device("cpu")
    if cuda:
        torch.cuda.set_device(device)
    if world > 1:
        dist.init_process_group("nccl" if cuda else "gloo")

    run = Run(options.run, options, rank, world, device)
    elapsed = rewind_metrics(options.run / "metrics.jsonl", run.state["step"]) if rank == 0 else 0
    model = torch.compile(run.model, dynamic=True) if options.compile else run.model
    if world > 1:
        model = DistributedDataParallel(model, device_ids=[device.index] if cuda else None)
    scaler = torch.amp.GradScaler(device.type, init_scale=2.0**10, enabled=options.dtype is torch.float16)
    model.train()

    began, tokens, seconds = time.perf_counter() - elapsed, 0, 0.0
    while not run.done():
        stepped = time.perf_counter()
        rate, norm, taken = run.take_step(model, scaler)
        now = time.perf_counter()
        tokens, seconds = tokens + taken, seconds + now - stepped  # saving is not training
        if run.state["step"] % run.config["logEvery"] == 0 and run.state["window"]["targetTokens"] > 0:
            run.log(rate, norm, now - began, tokens / seconds)
            tokens, seconds = 0, 0.0
        if run.is_save_due() or run.done():
            run.save()
    if world > 1:
        dist.barrier()
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
