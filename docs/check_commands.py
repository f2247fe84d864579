"""Checks the commands in the documentation: target/venv/bin/python docs/check_commands.py target/debug/clika [--with NEED] [PAGE ...]

Reads the `sh` and `python` blocks of the pages. A block without `needs=` is run in a temporary copy of the project's
inputs, `sh` line by line and `python` as one program of the Python that runs this script. Each page gets a copy of its own,
with all datasets that need no key, and tiny models at MODELS. In a block marked `sh needs=...`, and in inline code, `clika`
commands are only checked: `clika SUBCOMMAND --help` has to know every option. `make` is never run: `make -n` has to know the
target. Exits with 1 if a command failed.

With `--with NEED`, blocks marked `needs=NEED` are run, too, but no other `python` blocks: those are for another Python.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
# What `clika` reads in a project.
INPUTS = ["templates", "sparql", "experiments", "reference"]
# Models that the pages name, and what stands in for them.
MODELS = dict.fromkeys(["path/to/one", "path/to/another"], "pipeline/lm/tests/fixtures/llama-tokenizer")
NEEDS = {"network", "key", "gpu", "model", "release", "peer", "time"}
SECONDS = 600

BLOCK = re.compile(r"^```(?P<language>sh|python)(?P<info>.*)\n(?P<body>(?:.*\n)*?)```$", re.MULTILINE)
INLINE = re.compile(r"`((?:clika|make) [^`\n]+)`")
FENCED = re.compile(r"^```.*\n(?:.*\n)*?```$", re.MULTILINE)


def commands(page):
    """The commands of a page: line number, language, text, and what it needs; "" where it is run, "mention" in inline code."""
    text = page.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        needs = block["info"].strip().removeprefix("needs=")
        line = text.count("\n", 0, block.start()) + 2
        if block["language"] == "python":
            yield line, "python", block["body"], needs
            continue
        for command in re.sub(r"\\\n", "  ", block["body"]).splitlines():
            if command.split("#")[0].strip():
                yield line, "sh", command, needs
            line += 1
    prose = FENCED.sub(lambda block: "\n" * block[0].count("\n"), text)
    for mention in INLINE.finditer(prose):
        # `make bench-...` names a group of targets.
        if not mention[1].split()[1].endswith("…"):
            yield prose.count("\n", 0, mention.start()) + 1, "sh", mention[1], "mention"


def words(command):
    """The command's words, without the variables before it and the comment after it."""
    parts = shlex.split(re.sub(r"\$\([^)]*\)", "…", command), comments=True)
    while parts and re.match(r"[A-Z_]+=", parts[0]):
        parts.pop(0)
    return parts


def call(arguments, folder, environment):
    """Runs a program; returns what went wrong, or None, and its standard output."""
    try:
        done = subprocess.run(arguments, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"did not end in {SECONDS} seconds", ""
    if done.returncode == 0:
        return None, done.stdout
    return f"exit status {done.returncode}\n{done.stderr.strip()[-1500:]}", done.stdout


def check_program(program, needs, here, project, environment):
    """Runs a program in Python, or not; returns what was done with it, and what went wrong or None."""
    if needs != here:
        return f"not run, needs {needs or 'no ' + here}", None
    wrong, output = call([sys.executable, "-c", program], project, environment)
    print("".join(f"    {line}\n" for line in output.splitlines()), end="")
    return "ran", wrong


def check(command, needs, here, project, environment):
    """Runs or checks a command; returns what was done with it, and what went wrong or None."""
    parts = words(command)
    if needs == here:
        needs = ""
    if parts[0] == "make":
        return "make -n", call(["make", "-n", *parts[1:]], ROOT, environment)[0]
    if parts[0] != "clika" and not needs and not here:
        return "not run", "only clika and make are run: mark the block with needs="
    if parts[0] != "clika" and needs:
        return f"not run, needs {needs}", None
    if not needs:
        return "ran", call(["bash", "-c", command], project, environment)[0]
    # `clika --help` lists the options before a subcommand.
    # The second word may be a subcommand's own, as in `clika grid run`; after any other, --help says the same as without.
    subcommand = [word for word in parts[1:3] if not word.startswith("-")]
    wrong, text = call(["clika", *subcommand, "--help"], project, environment)
    known = set(re.findall(r"(?:^|, |^ +)(--?[a-z][a-z-]*)", text, re.MULTILINE))
    options = [word.split("=")[0] for word in parts if re.match(r"--?[a-z]", word)]
    unknown = [option for option in options if option not in known]
    why = "mentioned" if needs == "mention" else f"needs {needs}"
    return f"checked, {why}", wrong or (f"unknown: {' '.join(unknown)}" if unknown else None)


def main(binary, here, pages):
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS") and not name.startswith("CLIKA_")}
    # What is not marked with needs=network must not use it.
    environment["HF_HUB_OFFLINE"] = "1"
    failed = []
    with tempfile.TemporaryDirectory(prefix="clika-docs-") as folder:
        folder = Path(folder)
        (folder / "bin").mkdir()
        (folder / "bin/clika").symlink_to(Path(binary).resolve(strict=True))
        # What Python's packages install as programs, such as lm_eval, is next to the interpreter.
        environment["PATH"] = os.pathsep.join([str(folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
        environment["HF_HOME"] = str(folder / "huggingface")
        inputs = folder / "inputs"
        for name in INPUTS:
            shutil.copytree(ROOT / name, inputs / name)
        for name, model in MODELS.items():
            shutil.copytree(ROOT / model, inputs / name)
        wrong, _ = call(["clika", "datasets"], inputs, environment)
        if wrong:
            sys.exit(f"clika datasets: {wrong}")
        for page in pages:
            project = shutil.copytree(inputs, folder / "project")
            for line, language, command, needs in commands(page):
                start = time.monotonic()
                if needs and needs not in NEEDS | {"mention"}:
                    did, wrong = "read", f"unknown needs={needs}; known are {', '.join(sorted(NEEDS))}"
                elif language == "python":
                    did, wrong = check_program(command, needs, here, project, environment)
                else:
                    did, wrong = check(command, needs, here, project, environment)
                place = f"{page.relative_to(ROOT)}:{line}"
                text = "python" if language == "python" else " ".join(command.split(" #")[0].split())
                print(f"{'FAILED' if wrong else 'ok'} ({did}, {time.monotonic() - start:.1f} s) {place}: {text}", flush=True)
                if wrong:
                    failed.append(f"{place}: {text}\n  {wrong}")
            shutil.rmtree(project)
    if failed:
        sys.exit("\n" + "\n".join(failed) + f"\n{len(failed)} commands of the documentation failed")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clika")
    parser.add_argument("--with", dest="here", choices=sorted(NEEDS), default="")
    parser.add_argument("pages", nargs="*", metavar="PAGE", type=lambda name: Path(name).resolve(strict=True))
    options = parser.parse_intermixed_args()
    main(options.clika, options.here, options.pages or PAGES)
