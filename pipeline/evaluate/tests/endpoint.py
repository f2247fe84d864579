"""Scores a tiny random model behind a real server, `transformers serve`, and checks what clika recorded.

Usage: endpoint.py CLIKA DATASETS   (the program, and the folder that holds xcopa-mini/ and xcsqa-mini/)

The server is not ours, and neither is the reference: every recorded response has to be what transformers'
own greedy generation says to the same prompt.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import pyarrow.parquet as parquet  # noqa: E402
import torch  # noqa: E402
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers  # noqa: E402
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast  # noqa: E402

LANGUAGES = ["en", "zh"]
ROWS = 60
TOKENS = 16


def check(condition, message):
    if not condition:
        sys.exit(f"endpoint.py: {message}")


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


def serve(python, port, log):
    program = Path(python).with_name("transformers")
    process = subprocess.Popen(
        [program, "serve", "--host", "127.0.0.1", "--port", str(port)],
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    for _ in range(180):
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1)
            return process
        except OSError:
            time.sleep(1)
    os.killpg(process.pid, signal.SIGKILL)
    sys.exit("endpoint.py: the server did not start")


def clika(program, arguments):
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, timeout=900
    )


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


def prompts(datasets, task, language):
    """The paper's prompts, written from its text, independently of clika."""
    path = datasets / task / "data" / language / "test-00000-of-00001.parquet"
    for row in parquet.read_table(path).to_pylist():
        choices = "".join(f"{'ABCDE'[i]}. {text}\n" for i, text in enumerate(row["choices"]))
        if "premise" in row:
            asks = {
                "cause": "What was the cause of this?",
                "effect": "What happened as a result?",
            }[row["relation"]]
            yield row["id"], (
                "Answer the following multiple choice questions by selecting the correct option according "
                "to the Premise.Please choose the correct one from the two options A and B.\n"
                "Premise:The sky turns dark.\nQuestion:What was the cause of this?\nA. It's night.\n"
                "B. It's noon.\nAnswer:A. It's night.\n\n"
                f"Premise:{row['premise']}\nQuestion:{asks}\n{choices}Answer:"
            )
        else:
            yield row["id"], (
                "The following are multiple choice questions. Please choose the most reasonable one from "
                "the following options.\nQuestion:2+3=?\nA. 1\nB. 2\nC. 3\nD. 5\nE. 6\nAnswer:D. 5\n"
                f"Question:{row['question']}\n{choices}Answer:"
            )


def main(program, datasets):
    with tempfile.TemporaryDirectory() as folder, open(Path(folder) / "serve.log", "w") as log:
        folder = Path(folder)
        model, tokenizer = make_model(folder / "tiny")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = serve(sys.executable, port, log)
        try:
            out = folder / "predictions"
            arguments = ["evaluate", "xcopa-mini", "xcsqa-mini"]
            arguments += ["--endpoint", f"http://127.0.0.1:{port}/v1"]
            arguments += ["--model", str(folder / "tiny"), "--name", "tiny"]
            arguments += ["--languages", ",".join(LANGUAGES), "--datasets", str(datasets)]
            arguments += ["--out", str(out), "--cache", str(folder / "cache"), "--json"]
            first = clika(program, arguments)
            check(first.returncode == 0, first.stderr)
            report = json.loads(first.stdout)
            print(f"mode: {report['mode']}, usage: {report['usage']}")
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
            wrong += ["--attempts", "1"]
            third = clika(program, wrong)
            check(third.returncode == 1 and "\nerror: " in third.stderr, third.stderr)
            said = third.stderr[third.stderr.index("\nerror: ") :].replace(str(folder), "").split("\n")
            print(f"a model that is not there: {said[1]}, {said[2].strip()}")
            print(
                f"endpoint: {compared} of {4 * ROWS} responses compared with transformers, all equal; "
                f"{invalid} of a random model's answers are none; a second run sent nothing"
            )
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(timeout=60)


main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute())
