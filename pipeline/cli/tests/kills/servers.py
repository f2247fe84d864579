"""The servers that killed commands talk to, on loopback: a hub, a chat endpoint, a translator, Oxigraph.

Each gives the same answer to the same question, whoever asks and how often.
"""

import hashlib
import json
import re
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TAG = re.compile(r"(<[^>]*>)")
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def etag(name, content):
    """A file's name on the hub: the SHA-256 of weights, Git's hash of all else."""
    if name.endswith(".safetensors"):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def translated(text, target):
    """A text with other letters, which differ by language; its markup stays."""
    by = sum(target.encode()) % 25 + 1
    turned = str.maketrans(LETTERS, LETTERS[by:] + LETTERS[:by])
    return "".join(part if TAG.fullmatch(part) else part.translate(turned) for part in TAG.split(text))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Set by `start`.
    model = {}

    def log_message(self, *_):
        pass

    def send(self, body, status=200, headers=None):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-length": len(body), **(headers or {})}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = self.path.split("?")[0]
        if path.startswith("/api/models/"):
            return self.send({"sha": COMMIT, "siblings": [{"rfilename": name} for name in self.model]})
        name = path.rpartition(f"/resolve/{COMMIT}/")[2]
        if name in self.model:
            return self.send_file(name)
        if path == "/v1/models":
            return self.send({"object": "list", "data": [{"id": "stub", "object": "model"}]})
        if path == "/languages":
            codes = ["ar", "de", "en", "es", "fr", "he", "hi", "it", "ja", "pl", "ru", "sw", "th", "zh", "zh-Hans"]
            return self.send([{"code": code, "name": code, "targets": codes} for code in codes])
        return self.send({"error": "not found"}, 404)

    def send_file(self, name):
        """A file of the hub's, or the rest of it."""
        content = self.model[name]
        headers = {"etag": f'"{etag(name, content)}"', "x-repo-commit": COMMIT, "accept-ranges": "bytes"}
        part = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range") or "")
        if part and self.headers.get("if-range") in (None, headers["etag"]):
            first = int(part[1])
            headers["content-range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
            return self.send(content[first:], 206, headers)
        return self.send(content, 200, headers)

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/translate":
            texts = [translated(text, asked["target"]) for text in asked["q"]]
            return self.send({"translatedText": texts})
        if self.path == "/v1/chat/completions":
            letter = "AB"[hashlib.sha256(json.dumps(asked["messages"]).encode()).digest()[0] % 2]
            choice = {"index": 0, "message": {"role": "assistant", "content": letter}, "finish_reason": "stop"}
            usage = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}
            answer = {"id": "1", "object": "chat.completion", "created": 1, "model": "stub"}
            return self.send({**answer, "choices": [choice], "usage": usage})
        return self.send({"error": "not found"}, 404)


def start(model):
    """Starts the hub, the endpoint and the translator as one server; its address. `model` is the hub's only model."""
    Handler.model = {path.name: path.read_bytes() for path in model.iterdir()}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    # A killed client is no news.
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def start_oxigraph(program, turtle, database):
    """Starts a SPARQL server over a Turtle file; the process and its address."""
    load = [program, "load", "--location", database, "--file", turtle]
    subprocess.run(load, check=True, stderr=subprocess.DEVNULL)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = [program, "serve-read-only", "--bind", f"127.0.0.1:{port}", "--location", database]
    process = subprocess.Popen(serve, stderr=subprocess.DEVNULL)
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, f"http://127.0.0.1:{port}/query"
        time.sleep(0.05)
    process.kill()
    raise SystemExit("error: Oxigraph does not listen")
