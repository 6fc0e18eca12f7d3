"""Hold an exported model in transformers to what xformer computes with it: log-probabilities, greedy and beam search.

    M=runs/zh-en-1 T=data/zh-en/test
    npx xformer export huggingface --model $M --output exported
    npx xformer tokenize --model $M --side source --ids < $T.zh > source.ids
    npx xformer tokenize --model $M --side target --ids < $T.en > target.ids
    npx xformer score --model $M --test $T --per-token > scores.txt
    npx xformer translate --model $M --input $T.zh --json > greedy.jsonl
    npx xformer translate --model $M --input $T.zh --json --beam 4 --length-penalty 0 > beam.jsonl
    python examples/huggingface/check.py exported source.ids target.ids scores.txt greedy.jsonl beam.jsonl

The length penalties of the two are not the same formula; without one beams are. Needs torch and transformers.
"""

import json
import os
import sys

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

BATCH = 50


def read_ids(file):
    with open(file) as lines:
        return [[int(token) for token in line.split()] for line in lines]


def padded(rows, filler):
    longest = max(map(len, rows))
    ids = torch.tensor([row + [filler] * (longest - len(row)) for row in rows])
    return ids, torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])


@torch.no_grad()
def main(directory, source_file, target_file, score_file, greedy_file, beam_file):
    model = AutoModelForSeq2SeqLM.from_pretrained(directory).eval()
    source_tokenizer = AutoTokenizer.from_pretrained(directory)
    target = os.path.join(directory, "target")
    target_tokenizer = AutoTokenizer.from_pretrained(target if os.path.exists(target) else directory)
    config, generation = model.config, model.generation_config
    begin, end = config.decoder_start_token_id, generation.eos_token_id
    # Where both sides share a table the source's ids come after the target's.
    offset = source_tokenizer.eos_token_id - end
    sources = [[token + offset for token in row] + [source_tokenizer.eos_token_id] for row in read_ids(source_file)]
    targets = read_ids(target_file)
    with open(score_file) as lines:
        scores = [[float(score) for score in line.split("\t")[2].split()] for line in lines]
    searches = {}
    for name, file in (("greedy", greedy_file), ("beam", beam_file)):
        with open(file) as lines:
            searches[name] = [json.loads(line) for line in lines]

    worst, same, texts = 0.0, {name: 0 for name in searches}, 0
    for start in range(0, len(sources), BATCH):
        batch = slice(start, start + BATCH)
        ids, mask = padded(sources[batch], config.pad_token_id)
        labels, _ = padded([row + [end] for row in targets[batch]], end)
        read, _ = padded([[begin, *row] for row in targets[batch]], begin)
        logits = model(input_ids=ids, attention_mask=mask, decoder_input_ids=read).logits
        found = logits.log_softmax(-1).gather(2, labels.unsqueeze(2)).squeeze(2)
        for row, expected in zip(found.tolist(), scores[batch], strict=True):
            worst = max(worst, *(abs(a - b) for a, b in zip(row, expected)))
        for name, beams in (("greedy", 1), ("beam", 4)):
            outputs = model.generate(input_ids=ids, attention_mask=mask, num_beams=beams, length_penalty=0.0)
            for row, expected in zip(outputs.tolist(), searches[name][batch], strict=True):
                row = row[1:]
                row = row[: row.index(end)] if end in row else row
                same[name] += target_tokenizer.convert_ids_to_tokens(row) == expected["tokens"]
                if name == "greedy":
                    texts += target_tokenizer.decode(row) == expected["translation"]
    lines = [search["source"] for search in searches["greedy"]]
    cut = sum(source_tokenizer(line).input_ids == ids for line, ids in zip(lines, sources, strict=True))
    print(f"{type(model).__name__}, {len(sources)} sentences: log-probabilities differ by {worst:.1e} at most")
    print(f"the same outputs: greedy {same['greedy']}, beam {same['beam']}; as text {texts}; the same source ids {cut}")
    sys.exit(worst > 1e-4)


if __name__ == "__main__":
    main(*sys.argv[1:])
