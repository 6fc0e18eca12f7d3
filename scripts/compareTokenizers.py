"""Compares the ids of tokenizers with those of the Python libraries that made them, on many lines of several scripts.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install tokenizers==0.23.2 sentencepiece==0.2.2 protobuf
    npm run build
    /tmp/venv/bin/python scripts/compareTokenizers.py --lines 10000 TEXT...

Half of the lines are taken from the texts, half are made of fragments that meet each other's special cases (see
tests/fixtures/tokenizers/kinds/make_kinds.py). Tokenizers of every kind are learned from both. SentencePiece models are
compared as they are and, for Python's `tokenizers`, as the tokenizer.json that they become. Lines with the text of a
special token are counted apart: no text becomes a special token here.
"""

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import sentencepiece
from tokenizers import Tokenizer

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests/fixtures/tokenizers/kinds"))
from make_kinds import CORPUS, ids_of, lines, make, write  # noqa: E402

SPECIAL = ["<s>", "</s>", "<unk>", "[UNK]", "[CLS]"]
PROGRAM = ["node", str(ROOT / "bin/xformer.js"), "tokenizer"]


def read(files):
    texts = [line for file in files for line in Path(file).read_text(encoding="utf-8").split("\n")]
    return [text.replace("\r", " ").replace("\t", " ") for text in texts if text]


def ours(file, texts):
    """The ids that our program gives, a line each."""
    encoded = "".join(f"{text}\n" for text in texts).encode()
    result = subprocess.run([*PROGRAM, "encode", "--tokenizer", str(file)], input=encoded, stdout=subprocess.PIPE, check=True)
    return [[int(id) for id in line.split()] for line in result.stdout.decode().split("\n")[:-1]]


def exported(file):
    """The tokenizer.json that our program makes of a SentencePiece model, as Python's `tokenizers` reads it."""
    output = file.with_suffix(".exported.json")
    subprocess.run([*PROGRAM, "export", "--tokenizer", str(file), "--output", str(output)], check=True)
    return Tokenizer.from_file(str(output))


def special_texts(tokenizer):
    if isinstance(tokenizer, bytes):
        model = sentencepiece.SentencePieceProcessor(model_proto=tokenizer)
        return [model.id_to_piece(id) for id in range(len(model)) if model.is_control(id) or model.is_unknown(id) or model.is_byte(id)]
    return [token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special]


def report(name, texts, expected, got, special):
    has_special = [any(token in text for token in special) for text in texts]
    differ = [i for i in range(len(texts)) if expected[i] != got[i]]
    apart = [i for i in differ if has_special[i]]
    plain = [i for i in differ if not has_special[i]]
    print(f"{name:28} {len(texts) - len(differ):6} of {len(texts)} equal, {len(plain)} differ, {len(apart)} more with special tokens in the text", flush=True)
    for i in plain[:3]:
        print(f"    {texts[i]!r}\n      expected {expected[i]}\n      got      {got[i]}")
    return len(plain)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("texts", nargs="+", help="files of text, one sentence a line")
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--vocab-size", type=int, default=4000)
    arguments = parser.parse_args()
    rng = random.Random(3)
    real = read(arguments.texts)
    texts = lines(arguments.lines // 2, seed=11)[: arguments.lines // 2]
    texts += rng.sample(real, min(len(real), arguments.lines - len(texts)))
    corpus = CORPUS * 20 + rng.sample(real, min(len(real), 10_000)) + lines(500, seed=12)
    # What is learned from has no special tokens in it: trainers of `tokenizers` would learn them a second time.
    corpus = [text.replace("\0", " ") for text in corpus if not any(token in text for token in SPECIAL)]
    tokenizers = make(corpus, arguments.vocab_size, {"normalization_rule_name": "nmt_nfkc"})
    wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write(folder, tokenizers)
        for name, tokenizer in tokenizers.items():
            is_model = isinstance(tokenizer, bytes)
            file = folder / f"{name}.{'model' if is_model else 'json'}"
            expected, special = ids_of(tokenizer, texts), special_texts(tokenizer)
            got = ours(file, texts)
            wrong += report(name, texts, expected, got, special if not is_model else [])
            if is_model:
                report("  as read by tokenizers", texts, got, ids_of(exported(file), texts), special)
    return 1 if wrong > 0 else 0


if __name__ == "__main__":
    sys.exit(main())
