"""tokenizers/: small vocabularies as GGUF files without tensors, for tokenizer_reference.py to be asked with.

- `words.gguf` is a byte-level BPE whose merges go across everything: letters, digits, spaces, line breaks, punctuation. So
  wherever two rules cut a text differently, the ids differ. Some of its tokens no merge makes, which a rule that takes
  whole words for tokens finds all the same.
- `overlap.gguf` has special tokens that overlap in a text.
- `pieces.gguf`, `symbols.gguf` are SentencePiece's vocabularies of ../tokenizer/fixtures, llama1 and baichuan2;
  `shuffled.gguf` is the first with its tokens in another order, with scores of which many are equal, and with tokens for
  runs of spaces.
"""

import json
import struct
from pathlib import Path

from block_types import generator
from gguf import GGUFValueType, GGUFWriter, TokenType
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

HERE = Path(__file__).parent
SENTENCEPIECE = HERE.parent / "tokenizer/fixtures"
TEXTS = [
    json.loads(line)
    for path in [HERE.parent / "tokenizer/corpus.txt", HERE / "corpus.txt"]
    for line in path.read_text(encoding="utf-8").splitlines()
]
WORDS = 1000
# Tokens after the words, with their types. Those that look like words can only be found whole.
WHOLE = ["ĠParis", "ĠAnswer", "Ġcity", "Ġthat", "river", "1867", "Mississippi", "Ãīcole", "ĊĊĊĊ", "ĠĠĠĠĠĠĠ"]
SPECIAL = {
    "<unk>": TokenType.UNKNOWN,
    "<s>": TokenType.CONTROL,
    "</s>": TokenType.CONTROL,
    "<pad>": TokenType.CONTROL,
    "<|im_start|>": TokenType.CONTROL,
    "<|im_end|>": TokenType.CONTROL,
    "<reserved_0>": TokenType.USER_DEFINED,
    "<reserved_1>": TokenType.UNUSED,
    # llama.cpp takes it for a control token, whatever its type says.
    "<|endoftext|>": TokenType.NORMAL,
}
OVERLAP = {"<s>": TokenType.CONTROL, "</s>": TokenType.CONTROL, "s>te": TokenType.USER_DEFINED, "te": TokenType.CONTROL}
STRING, ARRAY, ID, FLAG = GGUFValueType.STRING, GGUFValueType.ARRAY, GGUFValueType.UINT32, GGUFValueType.BOOL


def write(path, keys):
    writer = GGUFWriter(path, "llama")
    for key, (kind, value) in keys.items():
        writer.add_key_value(f"tokenizer.ggml.{key}", value, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def byte_level(path, size, special, whole=()):
    """A byte-level vocabulary; texts are not cut before they are learned from, and special tokens are not in them.

    Nothing says whether a text begins with a token of its own: the rule does.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=8,
        show_progress=False,
    )
    lessons = [text for text in TEXTS if not any(token in text for token in SPECIAL)]
    tokenizer.train_from_iterator(lessons * 3, trainer)
    read = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(read["vocab"], key=read["vocab"].get)
    assert len(tokens) == size and not set(whole) & set(tokens), set(whole) & set(tokens)
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in read["merges"]]
    types = [TokenType.NORMAL] * (size + len(whole)) + list(special.values())
    tokens += [*whole, *special]
    keys = {
        "model": (STRING, "gpt2"),
        "pre": (STRING, "default"),
        "tokens": (ARRAY, tokens),
        "token_type": (ARRAY, [int(kind) for kind in types]),
        "merges": (ARRAY, merges),
        "bos_token_id": (ID, tokens.index("<s>")),
        "eos_token_id": (ID, tokens.index("</s>")),
    }
    write(path, keys)


def fields(data):
    """The fields of a message of protobuf: number and value."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = varint()
        if tag & 7 == 0:
            yield tag >> 3, varint()
            continue
        size = {1: 8, 5: 4}.get(tag & 7) or varint()
        yield tag >> 3, data[at : at + size]
        at += size


def sentencepiece(name):
    """Pieces, scores and types of a model. A type's number is the same in both formats."""
    for number, value in fields((SENTENCEPIECE / f"{name}.model").read_bytes()):
        if number == 1:
            piece = dict(fields(value))
            yield piece[1].decode(), struct.unpack("<f", piece.get(2, bytes(4)))[0], piece.get(3, 1)


def pieces(path, read, **keys):
    tokens, scores, types = (list(column) for column in zip(*read, strict=True))
    basic = {
        "model": (STRING, "llama"),
        "pre": (STRING, "default"),
        "tokens": (ARRAY, tokens),
        "scores": (ARRAY, scores),
        "token_type": (ARRAY, types),
        "bos_token_id": (ID, tokens.index("<s>")),
        "eos_token_id": (ID, tokens.index("</s>")),
        "unknown_token_id": (ID, tokens.index("<unk>")),
        "add_space_prefix": (FLAG, True),
        "add_bos_token": (FLAG, True),
        "add_eos_token": (FLAG, False),
    }
    write(path, basic | keys)


def shuffled(read):
    """The pieces in another order; scores are whole numbers, so that many are equal."""
    order = generator("shuffled").permutation(len(read))
    # Runs of spaces are written with spaces, as the converter writes tokens that a user has defined.
    runs = [("  ", -1000.0, int(TokenType.USER_DEFINED)), ("    ", -1000.0, int(TokenType.USER_DEFINED))]
    return [(piece, float(round(score / 40)), kind) for piece, score, kind in (read[n] for n in order)] + runs


def write_all(folder):
    byte_level(folder / "words.gguf", WORDS, SPECIAL, WHOLE)
    byte_level(folder / "overlap.gguf", 300, OVERLAP)
    llama = list(sentencepiece("llama1"))
    pieces(folder / "pieces.gguf", llama)
    pieces(folder / "shuffled.gguf", shuffled(llama))
    pieces(folder / "symbols.gguf", list(sentencepiece("baichuan2")), add_space_prefix=(FLAG, False))
