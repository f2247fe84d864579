#!/usr/bin/env bash
# lm-evaluation-harness 0.4.13 gives an option the log-probability 0 where its letter merges with the prompt's end.
#
# Llama 3's, Qwen 3's and DeepSeek V3's tokenizers join a colon and the letters after it (":A" is one token). A task that
# ends its prompt with "Answer:" and scores "A", "B", … with an empty `target_delimiter` then leaves nothing to score:
# the harness cuts the tokens of the whole text after as many as the prompt alone has. Its Hugging Face backend stops at an
# assertion; its API backend (`local-completions`; vLLM's does the same sum) adds no log-probabilities, which is 0, a
# probability of 1. Letters that have such a token win against those that have none, without a word.
#
# Seen with the versions below: A and B, which merge, score 0.0; C and D, which do not, -2.0 of a server that gives every
# token -2.0. So clika's exported tasks are cut before the prompt's last line.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet "lm_eval[api]==0.4.13" transformers==5.23.0 tokenizers==0.23.3
cat > "$work/show.py" <<'P'
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

os.environ.update(HF_HUB_OFFLINE="1", LMEVAL_LOG_LEVEL="ERROR")

from lm_eval.api.instance import Instance
from lm_eval.models.openai_completions import LocalCompletionsAPI
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast


class Server(BaseHTTPRequestHandler):
    """Gives every token of every prompt the log-probability -2."""

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        choices = []
        for index, prompt in enumerate(body["prompt"]):
            scores = [-2.0] * (len(prompt) + 1)
            top = [{"x": score} for score in scores]
            choices.append({"index": index, "text": "", "logprobs": {"token_logprobs": scores, "top_logprobs": top}})
        answer = json.dumps({"choices": choices}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


# Bytes, and two merges, cut into words as Llama 3 cuts them: a mark goes with the letters after it.
pieces = sorted(pre_tokenizers.ByteLevel.alphabet())
vocabulary = {piece: number for number, piece in enumerate([*pieces, ":A", ":B"])}
tokenizer = Tokenizer(models.BPE(vocabulary, [(":", "A"), (":", "B")]))
words = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+"
tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
    [pre_tokenizers.Split(Regex(words), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
)
tokenizer.decoder = decoders.ByteLevel()
folder = sys.argv[1]
PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="!").save_pretrained(folder)

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
model = LocalCompletionsAPI(
    base_url=f"http://127.0.0.1:{server.server_port}/v1/completions",
    model="stub",
    tokenizer=folder,
    tokenizer_backend="huggingface",
)


def scores(prompt, options):
    requests = [Instance("loglikelihood", {}, (prompt, option), number) for number, option in enumerate(options)]
    return [score for score, _ in model.loglikelihood(requests, disable_tqdm=True)]


prompt = "Is it?\nA. yes\nB. no\nC. both\nD. neither\n"
cut_behind = scores(prompt + "Answer:", ["A", "B", "C", "D"])
cut_before = scores(prompt, [f"Answer:{letter}" for letter in "ABCD"])
server.shutdown()
print(f"cut after the colon: {cut_behind}")
# The line break, "Answer" and the colon with its letter: 8 tokens, or 9.
print(f"cut before the line:  {cut_before}")
if cut_behind != [0.0, 0.0, -2.0, -2.0] or 0.0 in cut_before:
    sys.exit("this has changed")
P
"$work/venv/bin/python" "$work/show.py" "$work/tokenizer" 2>"$work/errors" || { cat "$work/errors" >&2; exit 1; }
