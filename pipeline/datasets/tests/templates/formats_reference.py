"""Renders the reference texts of the formats with the programs that they come from.

Usage: formats_reference.py FOLDER [--write]

FOLDER is pipeline/base/tests/templates/formats. Each file there is a line on its source and the text of one prompt and one
answer: tokens that are no text stand in ⟦⟧, and ⟦answer⟧ is where the answer begins and ends. Without --write the
files are compared with what the programs render; with it they are written. bayling.txt and hessianai.txt are written
by hand, from what the models' authors published, and never overwritten.

    pip install --no-deps llmtuner==0.4.0 llamafactory==0.9.5 fschat==0.2.36 tiktoken==0.14.0

beside pipeline/datasets/tests/export/requirements-llama-factory.txt. llmtuner is what LLaMA-Factory was called; 0.4.0 is its
release of December 2023. Today's LLaMA-Factory, which has no baichuan2, is compared as well:
the same text, if it gets the same system text.
"""

import argparse
import importlib
import importlib.util
import sys
import types
from pathlib import Path

CONTENT = "Question:2+3=?\nA. {content} 4\nB. пять «5»\nAnswer:"
ANSWER = "B. пять «5»"

# Our name, and LLaMA-Factory's.
OF_2023 = {"alpaca": "alpaca", "llama2": "llama2", "llama2_zh": "llama2_zh", "baichuan2": "baichuan2", "none": "vanilla"}
OF_TODAY = {
    "alpaca": "alpaca",
    "llama2": "llama2",
    "llama2_zh": "llama2_zh",
    "none": "empty",
    "vicuna": "vicuna",
    "hessianai": "chatml_de",
}


class Tokenizer:
    """Keeps texts as they are and writes tokens in brackets."""

    bos_token_id, eos_token_id = "⟦bos⟧", "⟦eos⟧"

    def __init__(self, add_bos_token=True):
        self.add_bos_token = add_bos_token

    def encode(self, text, add_special_tokens):
        assert not add_special_tokens
        return [text]

    def convert_tokens_to_ids(self, token):
        return f"⟦{token}⟧"


def templates(package):
    """The module of the templates, without the packages around it, which would load a web page's parts."""
    [folder] = importlib.util.find_spec(package).submodule_search_locations
    for name, path in [(package, Path(folder)), (f"{package}.data", Path(folder, "data"))]:
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = [str(path)]
    module = importlib.import_module(f"{package}.data.template")
    return getattr(module, "templates", None) or module.TEMPLATES


def of_2023(registry, name):
    """As llmtuner's data/preprocess.py trains: it adds the end where the template leaves it to the last turn."""
    # The tokenizers of Llama's family put BOS before a text, Baichuan's does not.
    tokenizer = Tokenizer(add_bos_token=name != "baichuan2")
    prompt, answer = registry[name].encode_oneturn(tokenizer, CONTENT, ANSWER)
    end = [tokenizer.eos_token_id] if registry[name].efficient_eos else []
    assert answer[0] == ANSWER
    return "".join([*prompt, "⟦answer⟧", *answer[1:], *end])


def of_fastchat():
    from fastchat.conversation import get_conv_template

    talk = get_conv_template("vicuna_v1.1")
    talk.append_message(talk.roles[0], CONTENT)
    talk.append_message(talk.roles[1], None)
    prompt = talk.get_prompt()
    talk.update_last_message(ANSWER)
    assert talk.get_prompt() == f"{prompt} {ANSWER}</s>"
    # Training and inference encode with the tokenizer's own BOS.
    return f"⟦bos⟧{prompt}⟦answer⟧⟦eos⟧"


def of_today(registry, name, system):
    """The prompt as text."""
    messages = [{"role": "user", "content": CONTENT}, {"role": "assistant", "content": ANSWER}]
    prompt, _ = registry[name].encode_oneturn(Tokenizer(), messages, system)
    return "".join(prompt).removeprefix("⟦bos⟧")


def as_text(golden):
    prompt = golden.partition("⟦answer⟧")[0].removeprefix("⟦bos⟧")
    return prompt.replace("⟦", "").replace("⟧", "")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--write", action="store_true")
    arguments = arguments.parse_args()

    old, today = templates("llmtuner"), templates("llamafactory")
    rendered = {
        ours: (f"LLaMA-Factory (llmtuner 0.4.0), template {theirs}", of_2023(old, theirs))
        for ours, theirs in OF_2023.items()
    }
    rendered["vicuna"] = ("FastChat 0.2.36, template vicuna_v1.1", of_fastchat())
    # Without the space that Llama's tokenizer puts before every text that is encoded apart.
    assert of_2023(old, "vicuna") == rendered["vicuna"][1].replace("questions. USER:", "questions.USER:")

    for name, (source, text) in rendered.items():
        path, expected = arguments.folder / f"{name}.txt", f"source: {source}\n{text}\n"
        if arguments.write:
            path.write_text(expected, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == expected, f"{path} differs from {source}"
        print(f"{name}: as {source}")

    for ours, theirs in OF_TODAY.items():
        golden = (arguments.folder / f"{ours}.txt").read_text(encoding="utf-8").partition("\n")[2]
        if ours == "vicuna":
            golden = golden.replace("questions. USER:", "questions.USER:")
        system = None
        if ours == "llama2":
            assert not today[theirs].default_system
            system = old["llama2"].system
        if ours == "hessianai":
            system = golden.partition("system\n")[2].partition("⟦<|im_end|>⟧")[0]
        assert of_today(today, theirs, system) == as_text(golden), f"{ours} differs from llamafactory's {theirs}"
        print(f"{ours}: the same text as in llamafactory, template {theirs}")


if __name__ == "__main__":
    main()
