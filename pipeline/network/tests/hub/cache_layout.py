"""Has huggingface_hub download a model from a server on loopback, and prints what its cache then holds.

    python pipeline/network/tests/hub/cache_layout.py > pipeline/network/tests/hub/cache_layout.json

Needs huggingface_hub. The server follows the hub's resolve API. Large files are named by their
SHA-256, small ones as Git names them, as on the hub.
"""

import hashlib
import http.server
import json
import os
import pathlib
import sys
import tempfile
import threading

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "config.json": b'{"model_type": "llama"}',
    "tokenizer.json": b"{}",
    "model.safetensors.index.json": b'{"weight_map": {"a": "parts/model-00001-of-00001.safetensors"}}',
    "parts/model-00001-of-00001.safetensors": b"weights",
}


def etag(name):
    if name.endswith(".safetensors"):
        return hashlib.sha256(FILES[name]).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(FILES[name]) + FILES[name]).hexdigest()


class Hub(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.answer(with_body=False)

    def do_GET(self):
        self.answer(with_body=True)

    def answer(self, with_body):
        path = self.path.split("?")[0]
        name = path.removeprefix("/org/tiny/resolve/main/")
        if name not in FILES:
            self.send_error(404)
            return
        body = FILES[name]
        self.send_response(200)
        self.send_header("ETag", f'"{etag(name)}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, *_):
        pass


def tree(root):
    """All that is in a folder: links with their targets, files with their text."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = {"link": os.readlink(path)}
        elif path.is_file():
            found[name] = {"text": path.read_text()}
    return found


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_HOME"] = folder
        os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"
        import huggingface_hub

        for name in FILES:
            huggingface_hub.hf_hub_download("org/tiny", name)
        files = tree(pathlib.Path(folder) / "hub")
    # A mark for backup programs, which says nothing of models.
    files.pop("CACHEDIR.TAG", None)
    server.shutdown()
    json.dump({"huggingface_hub": huggingface_hub.__version__, "files": files}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
