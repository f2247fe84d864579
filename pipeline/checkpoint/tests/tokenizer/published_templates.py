"""Renders the chat templates that published packages ship, with transformers and with clika, and compares.

Usage: published_templates.py RENDER FOLDER [--write]

RENDER is clika's example render_templates; FOLDER keeps the packages. published_templates.toml names the packages with
their versions, and what came of it: each template is rendered for seven conversations, with and without the prompt for
an answer. A text has to be equal, and what Jinja2 refuses is to be refused; what clika refuses by name is counted. The
templates stay in FOLDER: they are their authors'. --write writes the counts.
"""

import ast
import collections
import json
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

from transformers.utils.chat_template_utils import render_jinja_template

TABLE = Path(__file__).parent / "published_templates.toml"

TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}


def turns(*contents, system=None):
    first = [] if system is None else [{"role": "system", "content": system}]
    roles = ["user", "assistant"]
    return first + [{"role": roles[place % 2], "content": content} for place, content in enumerate(contents)]


CONVERSATIONS = [
    turns("Which city is it?\nA. Rome\nB. Paris"),
    turns("  Welche Stadt?  ", system="Answer with one letter."),
    turns("a", "<think>\nHm.\n</think>\n\nB", "c"),
    turns("إلى أين؟ <b>&'\"京都 👍🏽", " ü "),
    turns("x", system=""),
    turns("", "y", "z", "w"),
    turns("1", "2", "3", system="S"),
]


def templates(package):
    """Everything in a package that renders messages, by where it stands."""
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as archive:
            for name in archive.namelist():
                yield from of_file(name, lambda: archive.read(name))
    else:
        with tarfile.open(package) as archive:
            for member in archive:
                if member.isfile():
                    yield from of_file(member.name, lambda: archive.extractfile(member).read())


def of_file(name, read):
    if name.endswith((".jinja", ".jinja2", ".j2")):
        text = read().decode("utf-8", "replace")
        if "messages" in text:
            yield name, text
    elif name.endswith(".json") and any(word in name for word in ["llm_family", "chat_template", "tokenizer_config"]):
        for place, text in enumerate(of_json(json.loads(read()))):
            yield f"{name}#{place}", text
    elif name.endswith(".py"):
        source = read()
        if b"{%" in source and b"messages" in source:
            yield from of_python(name, source)


def of_json(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from of_json(one)
    elif isinstance(value, str) and "{%" in value and "messages" in value:
        yield value


def of_python(name, source):
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        text = getattr(node, "value", None) if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and "{%" in text and "messages" in text and "for " in text:
            yield f"{name}:{node.lineno}", text


def fetched(folder, package, version):
    """The package's file, downloaded once."""
    place = folder / f"{package}-{version}"
    if not place.is_dir():
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", place, f"{package}=={version}"],
            check=True,
        )
    [path] = place.iterdir()
    return path


def by_python(template, case):
    try:
        [[text], _] = render_jinja_template(
            conversations=[case["messages"]],
            chat_template=template,
            add_generation_prompt=case["add_generation_prompt"],
            **TOKENS,
        )
        return text, None
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"


def by_clika(render, cases):
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run([render], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def compare(render, found):
    counts, unequal, refused = collections.Counter(), [], collections.Counter()
    cases = [
        {"template": text, "tokens": TOKENS, "messages": messages, "add_generation_prompt": prompt}
        for text in found
        for messages in CONVERSATIONS
        for prompt in [True, False]
    ]
    for case, ours in zip(cases, by_clika(render, cases), strict=True):
        text, error = by_python(case["template"], case)
        if ours.get("kind") == "unsupported":
            counts["refused_by_name"] += 1
            refused[ours["error"]] += 1
        elif text is not None and ours.get("text") == text:
            counts["equal"] += 1
        elif text is None and "error" in ours:
            counts["both_refuse"] += 1
        else:
            counts["unequal"] += 1
            unequal.append((found[case["template"]], case["messages"], text or error, ours))
    return counts, unequal, refused


def main():
    render, folder = sys.argv[1], Path(sys.argv[2])
    table = TABLE.read_text(encoding="utf-8")
    settings = tomllib.loads(table)
    found = {}
    for package, version in settings["packages"].items():
        for name, text in templates(fetched(folder, package, version)):
            found.setdefault(text, f"{package} {name}")
    counts, unequal, refused = compare(render, found)
    for name, messages, expected, ours in unequal:
        print(f"UNEQUAL {name}\n  {messages}\n  expected {expected!r}\n  clika    {ours}")
    for error, count in refused.most_common():
        print(f"refused {count} times: {error}")
    kinds = ["equal", "both_refuse", "refused_by_name", "unequal"]
    result = {"templates": len(found)} | {kind: counts[kind] for kind in kinds}
    print(", ".join(f"{kind} {count}" for kind, count in result.items()))
    if "--write" in sys.argv:
        head = table.partition("[counts]")[0]
        lines = "".join(f"{kind} = {count}\n" for kind, count in result.items())
        TABLE.write_text(f"{head}[counts]\n{lines}", encoding="utf-8")
    elif result != settings["counts"]:
        sys.exit(f"the counts of {TABLE.name} are {settings['counts']}")
    if unequal:
        sys.exit("clika renders what transformers renders otherwise")


if __name__ == "__main__":
    main()
