"""Scores a tiny random model behind a real server, `transformers serve`, and checks what clika recorded.

Usage: endpoint.py CLIKA DATASETS   (the program, and the folder that holds xcopa-mini/ and xcsqa-mini/)

The server is not ours, and neither is the reference: every recorded response has to be what transformers'
own greedy generation says to the same prompt. The server ignores log-probabilities and schemas with status 200, fails
(500) at models that it does not have, and lists those of its cache, but no folders.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import pyarrow.parquet as parquet  # noqa: E402
import torch  # noqa: E402
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers  # noqa: E402
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast  # noqa: E402

from endpoint_server import check, clika, error, prompts, served  # noqa: E402

LANGUAGES = ["en", "zh"]
ROWS = 60
TOKENS = 16


def make_cache(home):
    """A cache of the hub with another model, which is all that the server lists."""
    commit = "0" * 40
    model = home / "hub" / "models--org--other"
    snapshot = model / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (model / "blobs").mkdir()
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text(commit)
    LlamaConfig(architectures=["LlamaForCausalLM"]).save_pretrained(snapshot)


def make_model(folder):
    """A byte-level tokenizer and a two-layer Llama with random weights."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet
    )
    tokenizer.train_from_iterator([], trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>"
    )
    fast.chat_template = (
        "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"
    )
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(fast),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=4096,
        bos_token_id=0,
        eos_token_id=1,
    )
    model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return model.eval(), fast


def generate(model, tokenizer, prompt, chat):
    if chat:
        messages = [{"role": "user", "content": prompt}]
        inputs = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
    else:
        inputs = tokenizer(prompt, return_tensors="pt")
    with torch.no_grad():
        output = model.generate(
            **inputs, max_new_tokens=TOKENS, do_sample=False, pad_token_id=1
        )
    return tokenizer.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)


def main(program, datasets):
    with tempfile.TemporaryDirectory() as folder, open(Path(folder) / "serve.log", "w") as log:
        folder = Path(folder)
        model, tokenizer = make_model(folder / "tiny")
        make_cache(folder / "home")
        server = [Path(sys.executable).with_name("transformers"), "serve"]
        home = {"HF_HOME": str(folder / "home")}
        with served(server, "/health", log, home) as address:
            out = folder / "predictions"
            arguments = ["evaluate", "xcopa-mini", "xcsqa-mini"]
            arguments += ["--endpoint", f"{address}/v1"]
            arguments += ["--model", str(folder / "tiny"), "--name", "tiny"]
            arguments += ["--languages", ",".join(LANGUAGES), "--datasets", str(datasets)]
            arguments += ["--out", str(out), "--cache", str(folder / "cache"), "--json"]
            first = clika(program, arguments)
            check(first.returncode == 0, first.stderr)
            report = json.loads(first.stdout)
            print(f"mode: {report['mode']}, usage: {report['usage']}")
            # It gives no log-probabilities and obeys no schema, which only its answers tell.
            check(report["mode"]["constraint"] == "free", "not asked for free text")
            check("the server does not list" in first.stderr, first.stderr)
            check("`org/other`" in first.stderr and "refuses an invented one" in first.stderr, first.stderr)
            manifest = json.loads((out / "tiny" / "manifest.json").read_text())
            check(f'"served_model": "{folder}/tiny@main"' in json.dumps(manifest), "the manifest has no served_model")
            chat = report["mode"]["api"] == "chat"
            compared = invalid = 0
            for task in ["xcopa-mini", "xcsqa-mini"]:
                for language in LANGUAGES:
                    rows = parquet.read_table(out / "tiny" / task / f"{language}.parquet").to_pylist()
                    check(len(rows) == ROWS, f"{task}/{language} has {len(rows)} rows")
                    recorded = {row["item_id"]: row["response"] for row in rows}
                    invalid += sum(row["choice"] is None for row in rows)
                    for item, prompt in list(prompts(datasets, task, language))[::6]:
                        expected = generate(model, tokenizer, prompt, chat)
                        check(
                            recorded[item] == expected,
                            f"{item} in {language}: {recorded[item]!r}, transformers says {expected!r}",
                        )
                        compared += 1
            second = clika(program, arguments)
            check(second.returncode == 0, second.stderr)
            again = json.loads(second.stdout)["usage"]
            check(again["requests"] == 0, f"the second run sent {again['requests']} requests")
            wrong = [*arguments]
            wrong[wrong.index("--model") + 1] = str(folder / "no-such-model")
            # With the default number of attempts: nothing is tried again.
            said = error(clika(program, wrong)).replace(str(folder), "")
            print(f"a model that is not there: {said}")
            check("lists `org/other`, not `/no-such-model`, and answered 500" in said, said)
            for constraint in ["logprobs", "json-schema", "json-object"]:
                asked = [constraint if word == "tiny" else word for word in arguments]
                said = error(clika(program, [*asked, "--constraint", constraint]))
                # By completions it refuses a schema, and in chat it ignores one.
                refuses = "refuses the field `response_format`" in said and constraint != "logprobs"
                check(refuses or "supports none of the ways" in said, f"{constraint}: {said}")
            print(
                f"endpoint: {compared} of {4 * ROWS} responses compared with transformers, all equal; "
                f"{invalid} of a random model's answers are invalid; a second run sent nothing"
            )


main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute())
