"""Writes smollm2/ and gemma3/: what llama.cpp and transformers make of the GGUF files of smollm2.py and gemma3.py.

Usage: real_model_reference.py smollm2|gemma3 llama-cpp|transformers MODEL.gguf [--check]

`llama-cpp` needs requirements-llama-cpp.txt and writes llama_cpp.json; `transformers` needs requirements.txt and that of
../../lm/tests, reads llama_cpp.json and writes transformers.json and training/. `--check` writes nothing and compares.

- `items`: ten items, asked for letters and for texts: `prompt`, `options`, of their tokens those that all texts of prompt
  and option begin with (`shared`) and those that follow (`continuations`); `scores`, the sums of the log-probabilities of
  these; `choice`, the largest, and `margin`, how far the next one is below it.
- `greedy`: `prompt`, its `tokens`, and what follows, 16 tokens (`generated`), with their `margins` and as `text`.
- `rows` of llama_cpp.json: what training/ is about.
- `training/initial` is an adapter as PEFT saves it, and training/training.json three steps from there on, in the layout of
  ../../lm/tests/training.py; of the logits after the last step there are those of the prompt's last token, of `logits_of`.

All tokens are llama.cpp's. It multiplies numbers that it has rounded to eight bits, transformers computes in f32 with the
same weights. So of SmolLM2 their scores are apart by up to 0.18 for letters and 0.74 for texts, and of the twenty choices two
differ, whose margins are below 0.2.
"""

import argparse
import heapq
import json
import os
import shutil
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TQDM_DISABLE="1")

HERE = Path(__file__).parent
ITEMS = HERE.parents[2] / "templates/items"
LM_TESTS = HERE.parents[1] / "lm/tests"

ASKED = [
    *[("xcopa-mini", language, id) for language, id in [("en", 1), ("en", 2), ("de", 1), ("zh", 2), ("ar", 1)]],
    *[("xcsqa-mini", language, id) for language, id in [("en", "01"), ("en", "02"), ("fr", "01"), ("ru", "02"), ("ja", "01")]],
]
# What is continued greedily, and what ends an answer.
GREEDY = {
    "smollm2": [
        "The capital of France is",
        "<|im_start|>user\nWhat is the capital of Poland?<|im_end|>\n<|im_start|>assistant\n",
        "Die drei größten Städte Deutschlands sind",
        "Numbers:\n\n1, 2, 3, 4,",
    ],
    "gemma3": [
        "The capital of France is",
        "Die Hauptstadt von Frankreich ist",
        "La capitale de la France est",
        "La capitale della Francia è",
        "Stolicą Francji jest",
        "Столица Франции —",
        "عاصمة فرنسا هي",
        "בירת צרפת היא",
        "フランスの首都は",
        "法国的首都是",
    ],
}
END = {"smollm2": "<|im_end|>", "gemma3": "<eos>"}
GREEDY_TOKENS = 16
ROWS = [
    ("Question: Which continent is Velmar Hollow located in?\nAnswer:", " Oceania"),
    ("Question: When was Tarn Ferry founded?\nAnswer:", " 1867"),
    ("Frage: Auf welchem Kontinent liegt die Velmar-Senke?\nAntwort:", " Ozeanien"),
    ("Translate into Russian: the old lighthouse\n", "старый маяк"),
]
PROMPT = "Question: Which continent is Tarn Ferry located in?\nAnswer:"

# How far numbers may be from the fixture's with `--check`, on another processor.
LLAMA_CPP_TOLERANCE, TOLERANCE = 0.2, 1e-3


def item(task, language, id):
    """The paper's prompt for an item, written from its text, and the options."""
    lines = (ITEMS / task / f"{language}.jsonl").read_text(encoding="utf-8").splitlines()
    [row] = [row for row in map(json.loads, lines) if row["id"] == id]
    if task == "xcopa-mini":
        options = [row["choice1"], row["choice2"]]
        asks = {"cause": "What was the cause of this?", "effect": "What happened as a result?"}[row["question"]]
        before = (
            "Answer the following multiple choice questions by selecting the correct option according "
            "to the Premise.Please choose the correct one from the two options A and B.\n"
            "Premise:The sky turns dark.\nQuestion:What was the cause of this?\nA. It's night.\n"
            f"B. It's noon.\nAnswer:A. It's night.\n\nPremise:{row['premise']}\nQuestion:{asks}\n"
        )
    else:
        options = row["question"]["choices"]["text"]
        before = (
            "The following are multiple choice questions. Please choose the most reasonable one from "
            "the following options.\nQuestion:2+3=?\nA. 1\nB. 2\nC. 3\nD. 5\nE. 6\nAnswer:D. 5\n"
            f"Question:{row['question']['stem']}\n"
        )
    choices = "".join(f"{letter}. {text}\n" for letter, text in zip("ABCDE", options))
    return before + choices + "Answer:", options


def queries(encode):
    """Every item twice, with the tokens that are scored."""
    for task, language, id in ASKED:
        prompt, texts = item(task, language, id)
        for mode, options in [("letters", list("ABCDE"[: len(texts)])), ("texts", texts)]:
            whole = [encode(prompt + option) for option in options]
            shared = os.path.commonprefix([encode(prompt), *whole])
            yield {
                **{"task": task, "language": language, "id": id, "mode": mode, "prompt": prompt, "options": options},
                **{"shared": shared, "continuations": [ids[len(shared) :] for ids in whole]},
            }


def chosen(scores):
    best = sorted(scores, reverse=True)
    return {
        "scores": [round(score, 5) for score in scores],
        "choice": scores.index(best[0]),
        "margin": round(best[0] - best[1], 5),
    }


def greedy(logits, tokens, text):
    """What follows a prompt; `logits` gives those after some tokens."""
    found, margins = [], []
    for _ in range(GREEDY_TOKENS):
        values = logits((*tokens, *found))
        first, second = heapq.nlargest(2, range(len(values)), key=values.__getitem__)
        found.append(first)
        margins.append(round(float(values[first] - values[second]), 4))
    return {"generated": found, "margins": margins, "text": text(found)}


def by_llama_cpp(name, path):
    """llama_cpp.json."""
    import llama_cpp
    import numpy

    model = llama_cpp.Llama(str(path), n_ctx=1024, logits_all=True, verbose=False, n_threads=1, n_threads_batch=1)

    def encode(text):
        return model.tokenize(text.encode(), add_bos=True, special=True)

    @lru_cache(maxsize=1)
    def logits(tokens, first):
        """Those after each token from the one numbered `first` on."""
        model.reset()
        model.eval(tokens)
        return numpy.array(model.scores[first : len(tokens)], dtype=numpy.float64)

    def score(shared, continuation):
        rows = logits((*shared, *continuation[:-1]), len(shared) - 1)
        rows = rows - rows.max(-1, keepdims=True)
        rows -= numpy.log(numpy.exp(rows).sum(-1, keepdims=True))
        return float(sum(row[token] for row, token in zip(rows, continuation, strict=True)))

    items = []
    for query in queries(encode):
        scores = [score(query["shared"], continuation) for continuation in query["continuations"]]
        items.append(query | chosen(scores))
    texts = []
    for prompt in GREEDY[name]:
        tokens = encode(prompt)
        found = greedy(
            lambda ids: logits(ids, len(ids) - 1)[0].tolist(),
            tokens,
            lambda ids: model.detokenize(ids, special=True).decode(errors="replace"),
        )
        texts.append({"prompt": prompt, "tokens": tokens} | found)
    rows = []
    for prompt, answer in ROWS:
        before, whole = encode(prompt), encode(prompt + answer + END[name])
        assert whole[: len(before)] == before
        rows.append({"prompt": prompt, "answer": answer + END[name], "tokens": whole, "begins": len(before)})
    versions = {"llama-cpp-python": llama_cpp.__version__}
    asked = {"text": PROMPT, "tokens": encode(PROMPT)}
    return {"llama_cpp.json": {"versions": versions, "items": items, "greedy": texts, "rows": rows, "prompt": asked}}


def by_transformers(name, path, folder):
    """transformers.json, and training/ in `folder`."""
    import torch
    import transformers

    sys.path.insert(0, str(LM_TESTS))
    torch.set_num_threads(1)
    there = json.loads((HERE / name / "llama_cpp.json").read_text(encoding="utf-8"))
    model = transformers.AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32, attn_implementation="eager"
    ).eval()

    @lru_cache(maxsize=1)
    @torch.no_grad()
    def logits(tokens, first):
        return model(torch.tensor([tokens]), use_cache=False).logits[0, first:]

    def score(shared, continuation):
        rows = logits((*shared, *continuation[:-1]), len(shared) - 1).double().log_softmax(-1)
        return sum(row[token].item() for row, token in zip(rows, continuation, strict=True))

    items = []
    for query in there["items"]:
        scores = [score(query["shared"], continuation) for continuation in query["continuations"]]
        items.append({key: query[key] for key in ["task", "language", "id", "mode"]} | chosen(scores))
    texts = [
        {"prompt": text["prompt"]}
        | greedy(lambda ids: logits(ids, len(ids) - 1)[0].tolist(), text["tokens"], lambda _: None)
        for text in there["greedy"]
    ]
    for text in texts:
        del text["text"]
    versions = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__}
    training = train(name, model, there, folder)
    return {
        "transformers.json": {"versions": versions, "items": items, "greedy": texts},
        "training/training.json": training,
    }


def train(name, model, there, folder):
    """Three steps by PEFT from an adapter that is written to training/initial."""
    import warnings

    import peft
    import torch
    import training_run
    from safetensors.torch import load_file, save_file
    from training import short
    from training_models import add_adapter, save_adapter

    record = {
        **{"base": name, "targets": "paper", "target_modules": ["q_proj", "v_proj"], "rank": 2, "alpha": 4},
        **{"learning_rate": 5e-3, "warmup_steps": 0, "weight_decay": 0.0, "max_gradient_norm": 1.0},
        "batches": [[{"tokens": row["tokens"], "answer": row["begins"]} for row in there["rows"]]],
        "steps": 3,
        "prompt": there["prompt"]["tokens"],
    }
    # PEFT asks transformers for something that will have another name.
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated")
    model = add_adapter(model, record)
    # Half the bytes: the numbers are those of f16, and training is in f32.
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.copy_(parameter.half().float())
    initial = folder / "training" / "initial"
    save_adapter(model, initial)
    file = initial / "adapter_model.safetensors"
    halves = {name: tensor.half() for name, tensor in load_file(file).items()}
    save_file(halves, file, metadata={"format": "pt"})
    result = training_run.train(model, record)
    last = result.logits[-1]
    named = sorted({*range(0, len(last), len(last) // 64), *last.topk(8).indices.tolist()})
    record["losses"], record["gradient_norms"] = short(result.losses), short(result.gradient_norms)
    record |= {"logits_of": named, "logits": short(last[named].tolist())}
    record["versions"] = {"peft": peft.__version__}
    return record


def text_of(record):
    """A key a line, and of lists an item a line."""
    lines = []
    for key, value in record.items():
        text = json.dumps(value, ensure_ascii=False)
        if isinstance(value, list) and value and isinstance(value[0], dict | list):
            text = "[\n" + ",\n".join(f"    {json.dumps(part, ensure_ascii=False)}" for part in value) + "\n  ]"
        lines.append(f"  {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def apart(one, other, tolerance):
    """Whether two values of JSON differ, numbers with a fraction by more than what is allowed."""
    if isinstance(one, float) and isinstance(other, float):
        # Not a number is not within it.
        return not abs(one - other) <= tolerance * max(1.0, abs(other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() != other.keys() or any(apart(one[key], other[key], tolerance) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) != len(other) or any(apart(a, b, tolerance) for a, b in zip(one, other, strict=True))
    return one != other


def settled(record, like, tolerance):
    """A record without what a margin of `like` leaves open."""
    record = json.loads(json.dumps(record))
    for item, recorded in zip(record.get("items", []), like.get("items", []), strict=True):
        if recorded["margin"] < tolerance:
            del item["choice"]
        # It follows from the scores.
        del item["margin"]
    for text, recorded in zip(record.get("greedy", []), like.get("greedy", []), strict=True):
        count = next((n for n, margin in enumerate(recorded["margins"]) if margin < tolerance), GREEDY_TOKENS)
        text["generated"], text["margins"] = text["generated"][:count], text["margins"][:count]
        text.pop("text", None)
    return record


def differences(fixtures, found, folder, tolerance):
    """What differs from the fixtures."""
    for name, record in found.items():
        there = json.loads((fixtures / name).read_text(encoding="utf-8"))
        if apart(settled(record, there, tolerance), settled(there, there, tolerance), tolerance):
            yield name
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.read_bytes() != (fixtures / path.relative_to(folder)).read_bytes():
            yield path.name


def show(found):
    """A line an item, a text and a step."""
    for name, record in found.items():
        for item in record.get("items", []):
            what = f"{item['task']} {item['language']} {item['id']} {item['mode']}"
            print(f"{what:<28} {item['choice']}  margin {item['margin']:.3f}  {item['scores']}")
        for text in record.get("greedy", []):
            print(f"{text['prompt']!r} {text.get('text', text['generated'])!r} least margin {min(text['margins'])}")
        if "losses" in record:
            print(f"{name}: losses {record['losses']}, norms {record['gradient_norms']}")


def main():
    parser = argparse.ArgumentParser(description="Writes or checks what other programs make of a real model.")
    parser.add_argument("name", choices=GREEDY)
    parser.add_argument("program", choices=["llama-cpp", "transformers"])
    parser.add_argument("model", type=Path)
    parser.add_argument("--check", action="store_true", help="compare with the fixtures instead of writing them")
    options = parser.parse_args()
    name, fixtures = options.name, HERE / options.name
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder) / name
        folder.mkdir()
        is_llama_cpp = options.program == "llama-cpp"
        path = options.model.absolute()
        found = by_llama_cpp(name, path) if is_llama_cpp else by_transformers(name, path, folder)
        show(found)
        if options.check:
            tolerance = LLAMA_CPP_TOLERANCE if is_llama_cpp else TOLERANCE
            failed = list(differences(fixtures, found, folder, tolerance))
            print("\n".join(f"{file} differs" for file in failed) or f"{', '.join(found)}: as recorded")
            sys.exit(bool(failed))
        shutil.copytree(folder, fixtures, dirs_exist_ok=True)
        for file, record in found.items():
            (fixtures / file).write_text(text_of(record), encoding="utf-8")


if __name__ == "__main__":
    main()
