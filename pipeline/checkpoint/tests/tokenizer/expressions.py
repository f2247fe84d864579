"""Records what transformers' apply_chat_template prints for the templates of expressions.json.

Usage: pip install transformers==5.23.0 jinja2; python expressions.py [--check]

Each case is a template, and the text or the error that Python gives for VARIABLES. Where clika refuses what Jinja2 has,
`refused` is the name in the refusal, written by hand; all others have to be equal. A new case is a line with its
`template`, and this script writes the rest.
"""

import json
import sys
from pathlib import Path

import transformers
from transformers.utils.chat_template_utils import render_jinja_template

PATH = Path(__file__).parent / "expressions.json"

MESSAGES = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}]
# The keys of dictionaries are in alphabetical order, which is all that JSON keeps on the other side.
VARIABLES = {
    "s": "Hello wORLD it's",
    "l": [3, 1, 2],
    "w": ["b", "A", "c", "a"],
    "d": {"a": {"x": [1, 2]}, "b": 1, "items": 5},
    "n": None,
    "f": 1.5,
    "i": 7,
    "turns": [{"content": "Hi", "role": "user", "t": None}, {"content": "Yo", "role": "assistant", "x": {"y": 1}}],
    "u": "straße Ünï 京都",
    "m": "a\nb\n\nc",
    "e": "",
    "t": True,
}


def case(old):
    new = {"template": old["template"]}
    try:
        [new["text"]], _ = render_jinja_template(
            conversations=[MESSAGES], chat_template=old["template"], add_generation_prompt=True, **VARIABLES
        )
    except Exception as error:
        new["error"] = f"{type(error).__name__}: {error}"
    if "refused" in old:
        new["refused"] = old["refused"]
    return new


def main():
    old = json.loads(PATH.read_text(encoding="utf-8"))
    cases = [case(one) for one in old["cases"]]
    new = {"transformers": transformers.__version__, "variables": VARIABLES, "cases": cases}
    if "--check" in sys.argv:
        differing = [one["template"] for one, was in zip(cases, old["cases"]) if one != was]
        assert not differing, differing
        print(f"{len(cases)} cases as transformers {transformers.__version__} renders them")
        return
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in cases)
    head = json.dumps({key: new[key] for key in ["transformers", "variables"]}, ensure_ascii=False)
    PATH.write_text(f'{head[:-1]}, "cases": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
