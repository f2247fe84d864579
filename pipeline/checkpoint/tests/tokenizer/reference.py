"""Trains small tokenizers, and records the ids and texts that transformers and SentencePiece give: the files in
fixtures/ and the expected values of ids.rs and chat.rs.

Usage: pip install transformers==5.23.0 sentencepiece==0.2.3 protobuf; python reference.py

corpus.txt holds one text a line as a JSON string, so that odd whitespace survives and can be read in a review.
Where transformers and SentencePiece differ, transformers counts, and the lines are listed as `differs` in the case.
Cases whose reference is SentencePiece are those that transformers 5 has no class for; it would drop the space in
front of the text, whatever the model specifies.
"""

import io
import itertools
import json
import shutil
import tempfile
from pathlib import Path

import sentencepiece
import tokenizers
import transformers
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer

from templates import CONVERSATIONS, TEMPLATES, VARIABLES

HERE = Path(__file__).parent
FIXTURES = HERE / "fixtures"
CORPUS = [json.loads(line) for line in (HERE / "corpus.txt").read_text(encoding="utf-8").splitlines()]
# What a trainer learns from: texts without control characters and without special tokens.
LESSONS = [text for text in CORPUS if text.strip() and text.isprintable() and "<" not in text] * 3

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
BLOOM = r" ?[^(\s|[.,!?…。，、।۔،])]+"


def main():
    shutil.rmtree(FIXTURES, ignore_errors=True)
    FIXTURES.mkdir()
    train_sentencepiece("llama1", "bpe", vocab_size=900, split_digits=True, remove_extra_whitespaces=False)
    train_sentencepiece(
        "baichuan2",
        "bpe",
        vocab_size=700,
        split_digits=True,
        remove_extra_whitespaces=False,
        add_dummy_prefix=False,
        user_defined_symbols=["<reserved_0>", "<reserved_1>"],
    )
    train_sentencepiece("stripping", "bpe", vocab_size=700, remove_extra_whitespaces=True)
    train_sentencepiece(
        "unigram", "unigram", vocab_size=800, remove_extra_whitespaces=False, add_dummy_prefix=False
    )
    byte_level("llama3", LLAMA3, ["<|begin_of_text|>", "<|end_of_text|>", "<|im_start|>", "<|im_end|>"], 600)
    byte_level("qwen2", QWEN2, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], 500)
    bloom()

    token = {"__type": "AddedToken", "normalized": True, "lstrip": False, "rstrip": False, "single_word": False}
    llama = {
        "tokenizer_class": "LlamaTokenizer",
        "add_bos_token": True,
        "add_eos_token": False,
        "bos_token": token | {"content": "<s>"},
        "eos_token": token | {"content": "</s>"},
        "unk_token": token | {"content": "<unk>"},
        "pad_token": None,
        "clean_up_tokenization_spaces": False,
        "sp_model_kwargs": {},
    }
    llama_config = {"model_type": "llama"}
    cases = [
        case(
            "llama1",
            {"tokenizer.model": "llama1.model"},
            {
                "tokenizer_config.json": llama,
                "config.json": llama_config,
                "special_tokens_map.json": {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"},
                "added_tokens.json": {"<pad>": 900},
            },
        ),
        case(
            "llama1-legacy",
            {"tokenizer.model": "llama1.model"},
            {
                "tokenizer_config.json": llama
                | {"tokenizer_class": "LlamaTokenizerFast", "legacy": True, "add_eos_token": True},
                "config.json": llama_config,
            },
        ),
        case(
            "baichuan2",
            {"tokenizer.model": "baichuan2.model"},
            {"tokenizer_config.json": {"tokenizer_class": "BaichuanTokenizer", "add_bos_token": False}},
        ),
        spm_case("unnamed", "llama1.model"),
        spm_case("stripping", "stripping.model"),
        case("unigram", {"tokenizer.model": "unigram.model"}, {"tokenizer_config.json": {}}),
        case(
            "llama3",
            {"tokenizer.json": "llama3.json"},
            {
                "tokenizer_config.json": {
                    "tokenizer_class": "PreTrainedTokenizerFast",
                    "bos_token": "<|begin_of_text|>",
                    "eos_token": "<|end_of_text|>",
                },
                "config.json": llama_config,
            },
        ),
        case(
            "qwen2",
            {"tokenizer.json": "qwen2.json"},
            {
                "tokenizer_config.json": {
                    "tokenizer_class": "Qwen2Tokenizer",
                    "bos_token": None,
                    "eos_token": "<|im_end|>",
                    "pad_token": "<|endoftext|>",
                    "unk_token": None,
                    "additional_special_tokens": ["<|im_start|>", "<|im_end|>"],
                    "errors": "replace",
                },
                "config.json": {"model_type": "qwen2"},
            },
        ),
        case(
            "bloom",
            {"tokenizer.json": "bloom.json"},
            {
                "tokenizer_config.json": {
                    "tokenizer_class": "BloomTokenizerFast",
                    "bos_token": "<s>",
                    "eos_token": "</s>",
                    "unk_token": "<unk>",
                    "pad_token": "<pad>",
                    "add_prefix_space": False,
                },
                "config.json": {"model_type": "bloom"},
            },
        ),
    ]
    llama2_files()
    added = {
        str(id): {"content": text, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False,
                  "special": True}
        for id, text in enumerate(["<unk>", "<s>", "</s>"])
    }
    llama2 = llama | {"legacy": False, "added_tokens_decoder": added}
    for name, file, config, model_type in [
        ("llama2", "llama2.json", llama2, "llama"),
        ("llama2-saved", "llama2-saved.json", llama2, "llama"),
        ("llama2-without-added", "llama2.json", llama, "llama"),
        ("mistral", "llama2.json", llama2 | {"legacy": True}, "mistral"),
    ]:
        cases.append(
            case(
                name,
                {"tokenizer.json": file},
                {"tokenizer_config.json": config, "config.json": {"model_type": model_type}},
            )
        )
    cases.extend(slow_cases(llama))
    shrink(cases)
    write("ids.json", {"versions": versions(), "cases": cases})
    write("chat.json", {"versions": versions()} | chats())


def slow_cases(llama):
    """The qwen2 vocabulary as vocab.json and merges.txt, by both classes that have such files; and special tokens in a
    text that are text."""
    model = json.loads((FIXTURES / "qwen2.json").read_text(encoding="utf-8"))["model"]
    write("qwen2-vocab.json", model["vocab"])
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    (FIXTURES / "qwen2-merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", encoding="utf-8")
    files = {"vocab.json": "qwen2-vocab.json", "merges.txt": "qwen2-merges.txt"}
    added = {
        str(500 + id): {"content": text, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False,
                        "special": True}
        for id, text in enumerate(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    }
    qwen = {"tokenizer_class": "Qwen2Tokenizer", "added_tokens_decoder": added, "eos_token": "<|im_end|>"}
    for name, files, config, model_type in [
        ("qwen2-slow", files, qwen, "qwen2"),
        # The type of the model counts before the class, which several files have wrong.
        ("qwen2-slow-other-class", files, {"tokenizer_class": "GPT2Tokenizer", "add_bos_token": True}, "qwen2"),
        ("qwen3-slow-unnamed", files, {}, "qwen3"),
        ("gpt2-slow", files, {"tokenizer_class": "GPT2TokenizerFast", "add_bos_token": True}, "llama"),
        ("gpt2-slow-space", files, {"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": True} | {
            "bos_token": None, "additional_special_tokens": ["<|im_start|>"]}, "qwen3"),
        ("qwen2-split", {"tokenizer.json": "qwen2.json"}, {"tokenizer_class": "PreTrainedTokenizerFast",
                                                           "split_special_tokens": True}, "llama"),
        ("qwen2-slow-split", files, qwen | {"split_special_tokens": True}, "qwen2"),
        ("llama1-split", {"tokenizer.model": "llama1.model"}, llama | {"split_special_tokens": True}, "llama"),
    ]:
        yield case(name, files, {"tokenizer_config.json": config, "config.json": {"model_type": model_type}})


def train_sentencepiece(name, model_type, **options):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LESSONS),
        model_writer=model,
        model_type=model_type,
        byte_fallback=True,
        character_coverage=0.98,
        normalization_rule_name="identity",
        allow_whitespace_only_pieces=True,
        num_threads=1,
        minloglevel=2,
        **options,
    )
    (FIXTURES / f"{name}.model").write_bytes(model.getvalue())


def train(tokenizer, size, special):
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(LESSONS, trainer)


def byte_level(name, pattern, special, size):
    """As Llama 3 and Qwen2 are: special tokens after the vocabulary, merges ignored for whole words in one of them."""
    is_llama = pattern == LLAMA3
    tokenizer = tokenizers.Tokenizer(models.BPE(ignore_merges=is_llama))
    if not is_llama:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, size, [])
    tokenizer.add_special_tokens(special)
    # A token that is added and yet is text: it stays in what is decoded.
    tokenizer.add_tokens([AddedToken("<reserved_0>", lstrip=True, normalized=False)])
    if is_llama:
        tokenizer.post_processor = processors.Sequence(
            [
                processors.ByteLevel(trim_offsets=False),
                processors.TemplateProcessing(
                    single=f"{special[0]} $A",
                    pair=f"{special[0]} $A {special[0]}:1 $B:1",
                    special_tokens=[(special[0], tokenizer.token_to_id(special[0]))],
                ),
            ]
        )
    else:
        tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.enable_truncation(16)
    save(tokenizer, f"{name}.json")


def bloom():
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(BLOOM), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=True, use_regex=False)
    tokenizer.post_processor = processors.ByteLevel(add_prefix_space=True, trim_offsets=False, use_regex=False)
    train(tokenizer, 600, ["<unk>", "<s>", "</s>", "<pad>"])
    tokenizer.enable_padding(direction="left", pad_id=3, pad_token="<pad>", length=64)
    save(tokenizer, "bloom.json")


def llama2_files():
    """The llama1 vocabulary as a tokenizer.json: as transformers 4 wrote it for LLaMA 2, and as 5 writes it."""
    with folder(
        {"tokenizer.model": "llama1.model"},
        {"tokenizer_config.json": {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True}},
    ) as path:
        tokenizer = AutoTokenizer.from_pretrained(path)
        saved = tokenizer.backend_tokenizer
        save(saved, "llama2-saved.json")
    old = json.loads(saved.to_str())
    old["normalizer"] = {
        "type": "Sequence",
        "normalizers": [
            {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        ],
    }
    old["pre_tokenizer"] = None
    old["model"]["unk_token"] = "<unk>"
    # Merges were texts, not pairs.
    old["model"]["merges"] = [" ".join(pair) for pair in old["model"]["merges"]]
    write("llama2.json", old)


def case(name, files, settings):
    """What transformers gives."""
    with folder(files, settings) as path:
        tokenizer = AutoTokenizer.from_pretrained(path)
    plain = [tokenizer.encode(text, add_special_tokens=False) for text in CORPUS]
    special = [tokenizer.encode(text) for text in CORPUS]
    empty = tokenizer.encode("")
    before = empty[: 1 if empty else 0]
    after = empty[1:]
    assert special == [before + ids + after for ids in plain]
    result = {
        "name": name,
        "reference": "transformers " + type(tokenizer).__name__,
        "files": files,
        "settings": settings,
        "bos": tokenizer.bos_token_id,
        "eos": tokenizer.eos_token_id,
        "vocabulary": max(tokenizer.get_vocab().values()) + 1,
        "before": before,
        "after": after,
        "ids": plain,
        "decoded": [tokenizer.decode(ids, skip_special_tokens=True) for ids in special],
    }
    # An embedding may have more rows than there are tokens, and a model may write any of them.
    end = result["vocabulary"]
    result["beyond"] = [end, *special[0], end + 7, *special[1][:2], 2**31]
    result["beyond_decoded"] = tokenizer.decode(result["beyond"], skip_special_tokens=True)
    if "tokenizer.model" in files:
        processor = sentencepiece.SentencePieceProcessor(model_file=str(FIXTURES / files["tokenizer.model"]))
        result["differs"] = [n for n, text in enumerate(CORPUS) if processor.encode(text) != plain[n]]
        for n in result["differs"]:
            # Special tokens in the text are text for SentencePiece; LlamaTokenizer does not put a second space
            # before a text that begins with one, nor a ▁ before a ▁. Of equally good ways to cut a text, the two
            # implementations of Unigram may choose different ones.
            has_token = any(token in CORPUS[n] for token in tokenizer.get_added_vocab())
            begins_with_space = name.startswith("llama1") and CORPUS[n][0] in " ▁"
            assert has_token or begins_with_space or name == "unigram", (name, CORPUS[n])
    return result


def spm_case(name, model):
    """What SentencePiece gives, but for texts with symbols in them that it treats as text."""
    processor = sentencepiece.SentencePieceProcessor(model_file=str(FIXTURES / model))
    control = [processor.id_to_piece(n) for n in range(len(processor)) if processor.is_control(n)]
    ids = [
        None if any(token in text for token in [*control, "<unk>"]) else processor.encode(text) for text in CORPUS
    ]
    return {
        "name": name,
        "reference": "sentencepiece",
        "files": {"tokenizer.model": model},
        "settings": {},
        "bos": processor.bos_id(),
        "eos": processor.eos_id(),
        "vocabulary": len(processor),
        "before": [],
        "after": [],
        "ids": ids,
        # A sign for a space in the text comes back as a space, and SentencePiece drops some of those in front.
        "decoded": [
            None if line is None or text.startswith("▁") else processor.decode(line)
            for text, line in zip(CORPUS, ids)
        ],
    }


def chats():
    """What transformers' apply_chat_template gives for templates of our own."""
    cases = []
    for name, (tokens, template) in TEMPLATES.items():
        settings = tokens | {"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": template}
        with folder({"tokenizer.json": "qwen2.json"}, {"tokenizer_config.json": settings}) as path:
            tokenizer = AutoTokenizer.from_pretrained(path)
        renders = []
        for number, conversation in enumerate(CONVERSATIONS):
            for prompt, variables in itertools.product([False, True], VARIABLES.get(name, [{}])):
                render = {"conversation": number, "add_generation_prompt": prompt}
                if variables:
                    render["variables"] = variables
                try:
                    render["text"] = tokenizer.apply_chat_template(
                        conversation, tokenize=False, add_generation_prompt=prompt, **variables
                    )
                except Exception as error:
                    render["error"] = str(error)
                renders.append(render)
        cases.append({"name": name, "settings": settings, "renders": renders})
    return {"conversations": CONVERSATIONS, "templates": cases}


def shrink(cases):
    """Leaves out what a case shares with the first one of the same vocabulary, and texts that come back unchanged.

    A text that is not compared stays as null.
    """
    by_name = {case["name"]: case["ids"] for case in cases}
    for case in cases:
        case["decoded"] = {
            str(n): text for n, text in enumerate(case["decoded"]) if text != CORPUS[n]
        }
        base = base_of(case)
        if base not in (None, case["name"]):
            case["base"] = base
            case["ids"] = {str(n): ids for n, ids in enumerate(case["ids"]) if ids != by_name[base][n]}


def base_of(case):
    """The first case of the same vocabulary."""
    if case["vocabulary"] in (900, 901):
        return "llama1"
    return "qwen2" if "-slow" in case["name"] or "-split" in case["name"] else None


class folder:
    """A model's folder that is there for a while."""

    def __init__(self, files, settings):
        self.temporary = tempfile.TemporaryDirectory()
        path = Path(self.temporary.name)
        for name, source in files.items():
            shutil.copy(FIXTURES / source, path / name)
        for name, content in settings.items():
            (path / name).write_text(json.dumps(content), encoding="utf-8")

    def __enter__(self):
        return self.temporary.name

    def __exit__(self, *_):
        self.temporary.cleanup()


def save(tokenizer, name):
    write(name, json.loads(tokenizer.to_str()))


def write(name, content):
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    # One case a line, so that a change can be read.
    text = text.replace('{"name":', '\n{"name":')
    (FIXTURES / name).write_text(text + "\n", encoding="utf-8")


def versions():
    return {
        "transformers": transformers.__version__,
        "tokenizers": tokenizers.__version__,
        "sentencepiece": sentencepiece.__version__,
    }


if __name__ == "__main__":
    main()
