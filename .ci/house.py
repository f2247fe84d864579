"""Counts what makes a tree of Rust crates hard to read: python3 .ci/house.py [ROOT]

Crates; folders of a crate that import each other; words of README.md; passages of more than 12 lines that stand twice;
exported items that no other crate uses; functions of more than 80 lines. Reads the files as text: names that a macro
writes are not seen. An item counts as used where another crate, a test or an
example says its name, and a type where a public signature, field or enum does.
"""

import re
import sys
from collections import defaultdict
from itertools import combinations
from pathlib import Path

LONGEST_FUNCTION = 80
PASSAGE = 13


def module_folder(src, file):
    """The folder that a file belongs to: `mod.rs` and `lib.rs` are the faces of theirs and belong to none."""
    return None if file.name in ("lib.rs", "mod.rs", "main.rs") else file.parent.relative_to(src).as_posix()


def reexports(face):
    """The module that each name of a `pub use` comes from, as `mod.rs` or `lib.rs` say it."""
    found = {}
    text = face.read_text(encoding="utf-8") if face.exists() else ""
    for use in re.finditer(r"pub(?:\(crate\))? use (\w+)(?:::(\w+))?::(?:\{([^}]*)\}|(\w+))", text):
        for name in re.findall(r"\w+", use[3] or use[4] or ""):
            found[name] = use[1] if use[1] not in ("crate", "self") else use[2]
    return found


def resolve(src, path):
    """The folder that a path such as `crate::facts::Plan` leads to."""
    folder = src
    for word in path:
        inner = reexports(folder / ("lib.rs" if folder == src else "mod.rs")).get(word, word)
        if (folder / inner).is_dir() and inner:
            folder = folder / inner
            if inner != word:
                return folder.relative_to(src).as_posix()
        else:
            break
    return folder.relative_to(src).as_posix()


def paths(text):
    """Every path below `crate` in a file, one a name."""
    for use in re.finditer(r"\bcrate::((?:\w+::)*)(?:\{((?:[^{}]|\{[^{}]*\})*)\}|(\w+))", text):
        start = [word for word in use[1].split("::") if word]
        for branch in re.findall(r"\w+(?:::\w+)*", use[2] or use[3] or ""):
            yield start + branch.split("::")


def imports(crate):
    """Pairs of folders that import each other."""
    src = crate / "src"
    edges = set()
    for file in src.rglob("*.rs"):
        folder = module_folder(src, file)
        if folder is None or file.name.startswith("tests"):
            continue
        for path in paths(re.split(r"\n#\[cfg\(test\)\]\nmod", file.read_text(encoding="utf-8"))[0]):
            target = resolve(src, path)
            inside = target == folder or folder.startswith(target + "/") or target.startswith(folder + "/")
            if not inside and target != "." and folder != ".":
                edges.add((folder, target))
    return sorted({tuple(sorted(edge)) for edge in edges if edge[::-1] in edges})


def long_functions(file):
    lines = file.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if found := re.match(r"(\s*)(?:pub(?:\([^)]*\))? )?(?:async )?(?:const )?fn (\w+)", line):
            end = next((n for n in range(number, len(lines)) if lines[n] == found[1] + "}"), number)
            if end - number + 1 > LONGEST_FUNCTION:
                yield found[2], end - number + 1


def passages(files):
    """How many passages of PASSAGE lines and more stand in two places."""
    places = defaultdict(list)
    for file in files:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
        lines = [(n, line) for n, line in enumerate(lines) if len(line) > 3 and not line.startswith(("//", "use "))]
        for start in range(len(lines) - PASSAGE + 1):
            places["\n".join(line for _, line in lines[start : start + PASSAGE])].append((file, start))
    pairs = set()
    for found in places.values():
        for (a, i), (b, j) in combinations(found, 2):
            pairs.add((a, b, j - i))
    return pairs


def faces(src):
    """The files whose `pub use` and `pub mod` other crates see, from lib.rs down."""
    pending = [(src / "lib.rs", src)]
    while pending:
        face, folder = pending.pop()
        if not face.exists():
            continue
        yield face
        for name in re.findall(r"^pub mod (\w+);", face.read_text(encoding="utf-8"), re.M):
            pending.append((folder / name / "mod.rs", folder / name))


def interface(crate):
    """The words of a library's public signatures, fields and enums: whoever has these has the types in them."""
    text = "\n".join(file.read_text(encoding="utf-8") for file in (crate / "src").rglob("*.rs"))
    parts = re.findall(r"pub (?:const |async )*fn \w+.*?(?=[{;]\n)", text, re.S)
    parts += re.findall(r"^\s+pub \w+: .*", text, re.M)
    parts += re.findall(r"^pub (?:enum|trait) \w+.*?\n\}", text, re.S | re.M)
    parts += re.findall(r"^impl.* for .*|^\s+type \w+ = .*", text, re.M)
    words = set()
    for part in parts:
        words.update(re.findall(r"\w+", re.sub(r"^pub (?:enum|trait) \w+", "", part)))
    return words


def exported(crate, others):
    """Names that a library exports, that no other crate, test or example says, and that its interface does not need."""
    words = set(re.findall(r"\w+", "\n".join(file.read_text(encoding="utf-8") for file in others)))
    words |= interface(crate)
    for face in faces(crate / "src"):
        for use in re.finditer(r"^pub use [\w:]+::(?:\{([^}]*)\}|(\w+));", face.read_text(encoding="utf-8"), re.M):
            for name in re.findall(r"\w+(?: as \w+)?", use[1] or use[2]):
                if name.split(" as ")[-1] not in words:
                    yield f"{face.relative_to(crate / 'src')}: {name}"


def main(root):
    crates = sorted(path.parent for path in (root / "pipeline").glob("*/Cargo.toml"))
    files = [file for crate in crates for file in crate.rglob("*.rs") if "target" not in file.parts]
    sources = [file for file in files if "src" in file.parts]
    circles = [f"{crate.name}: {a} and {b}" for crate in crates for a, b in imports(crate)]
    long = [f"{file.relative_to(root)}: {name}, {lines} lines" for file in sources for name, lines in long_functions(file)]
    twice = [f"{a.relative_to(root)} and {b.relative_to(root)}" for a, b, _ in passages(files)]
    unused = []
    for crate in crates:
        others = [file for file in files if not file.is_relative_to(crate / "src")]
        unused += [f"{crate.name}/{item}" for item in exported(crate, others)]
    words = len((root / "README.md").read_text(encoding="utf-8").split())
    for name, found in [
        ("crates under pipeline/", [crate.name for crate in crates]),
        ("pairs of folders that import each other", circles),
        (f"passages of {PASSAGE} lines or more that stand twice", sorted(twice)),
        ("exported items without a user", unused),
        (f"functions of more than {LONGEST_FUNCTION} lines", sorted(long)),
    ]:
        print(f"{len(found)} {name}")
        for line in found:
            print(f"  {line}")
    print(f"{words} words in README.md")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
