"""clika against llama-cpp-python's server and a real model, SmolLM2-135M-Instruct.

Usage: endpoint_llama_cpp.py CLIKA DATASETS MODEL.gguf

With --logits_all false the server fails (500) when log-probabilities are asked for, as it always does at json_schema; it obeys
json_object with a schema. It answers to any name of a model, and takes 0 tokens as no limit. By default it gives
log-probabilities; the reference for them is the library, asked for the same prompt's logits.
"""

import json
import os
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

import numpy
import pyarrow.parquet as parquet
from llama_cpp import Llama

from endpoint_server import check, clika, error, prompts, served

ITEMS = 5
CONTEXT = 2048


def ask(address, path, body):
    """The server's own answer."""
    request = urllib.request.Request(
        address + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=600) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def log_probabilities(library, prompt):
    """Of the token after a prompt, computed here from the library's logits."""
    tokens = library.tokenize(prompt.encode(), add_bos=False, special=True)
    library.reset()
    library.eval(tokens)
    logits = numpy.array(library.scores[len(tokens) - 1], dtype=numpy.float64)
    logits -= logits.max()
    return logits - numpy.log(numpy.exp(logits).sum())


def letter(library, text):
    [token] = library.tokenize(text.encode(), add_bos=False, special=False)
    return token


def server_of(model, *options):
    server = [sys.executable, "-m", "llama_cpp.server", "--model", model, "--model_alias", "smollm2"]
    return [*server, "--n_ctx", CONTEXT, "--verbose", "false", *options]


def main(program, datasets, model):
    with tempfile.TemporaryDirectory() as folder, open(Path(folder) / "serve.log", "w") as log:
        folder = Path(folder)

        def evaluate(address, name, *more, asked="smollm2"):
            arguments = ["evaluate", "xcopa-mini", "xcsqa-mini", "--endpoint", f"{address}/v1"]
            arguments += ["--model", asked, "--name", name, "--languages", "en"]
            arguments += ["--limit", str(ITEMS), "--datasets", str(datasets)]
            arguments += ["--out", str(folder / "predictions"), "--cache", str(folder / name)]
            return clika(program, [*arguments, "--concurrency", "1", "--json", *more])

        def mode(output):
            check(output.returncode == 0, output.stderr)
            report = json.loads(output.stdout)
            print(f"mode: {report['mode']}, usage: {report['usage']}")
            return report["mode"]["api"], report["mode"]["constraint"]

        def rows(name, task):
            return parquet.read_table(folder / "predictions" / name / task / "en.parquet").to_pylist()

        with served(server_of(model, "--logits_all", "false"), "/v1/models", log) as address:
            # The server as it is, without clika.
            chat = {"model": "smollm2", "messages": [{"role": "user", "content": "Count to 90."}]}
            status, answer = ask(address, "/v1/chat/completions", chat | {"model": "no-such-model", "max_tokens": 2})
            check(status == 200 and answer["model"] == "no-such-model", f"an unknown model: {status} {answer}")
            status, answer = ask(address, "/v1/chat/completions", chat | {"max_tokens": 0, "temperature": 0})
            used = answer["usage"]["completion_tokens"]
            check(status == 200 and used > 16, f"max_tokens 0: {status} {answer}")
            print(f"the server answers as `no-such-model`, and with {used} tokens at max_tokens 0")

            asked = evaluate(address, "plain")
            check(mode(asked) == ("chat", "json-object"), "not asked with json_object and a schema")
            check(asked.stderr.count("fails when it is asked by") == 3, asked.stderr)
            for task in ["xcopa-mini", "xcsqa-mini"]:
                for row in rows("plain", task):
                    said = json.loads(row["response"])["answer"]
                    check(said == "ABCDE"[row["choice"]], f"{row}")

            said = error(evaluate(address, "other", asked="no-such-model"))
            print(f"a model that is not there: {said}")
            check("lists `smollm2`, not `no-such-model`, and answers to any name" in said, said)
            none = evaluate(address, "zero", "--max-tokens", "0")
            check(none.returncode == 2 and "0 is not in 1.." in none.stderr, none.stderr)

        with served(server_of(model), "/v1/models", log) as address:
            asked = evaluate(address, "scored", "--constraint", "logprobs")
            api, constraint = mode(asked)
            check(constraint == "logprobs", constraint)
            report = json.loads(asked.stdout)["mode"]
            library = Llama(str(model), n_ctx=CONTEXT, logits_all=True, verbose=False)
            compared, worst = 0, 0.0
            for task in ["xcopa-mini", "xcsqa-mini"]:
                asked_with = dict(prompts(datasets, task, "en"))
                for row in rows("scored", task):
                    if row["choice_scores"] is None or api != "completions":
                        continue
                    expected = log_probabilities(library, asked_with[row["item_id"]])
                    for score, name in zip(row["choice_scores"], "ABCDE"):
                        token = letter(library, report["separator"] + name)
                        worst = max(worst, abs(score - expected[token]))
                        compared += 1
            check(compared > 0 and worst < 1e-3, f"{compared} scores, the worst off by {worst}")
            print(f"llama-cpp-python: {compared} scores compared with the library, at most {worst:.1e} apart")


os.environ["HF_HUB_OFFLINE"] = "1"
main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute(), Path(sys.argv[3]).absolute())
