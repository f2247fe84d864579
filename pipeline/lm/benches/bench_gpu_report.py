"""What `make bench-gpu` prints: a line for every result as it comes, and one Markdown table of all parts."""

import json
import sys
import time

# Of a reason in the table; the whole of it is printed where it happened.
REASON_LENGTH = 200
# Of a part in the table.
FAILURES = 4


class Report:
    """Results in the order in which they came, on stdout and in a folder: `results.jsonl` and `table.md`.

    `errors`, a file there, is for what processes write to stderr.
    """

    def __init__(self, folder):
        self.folder = folder.absolute()
        folder.mkdir(parents=True, exist_ok=True)
        self.table_file = folder / "table.md"
        self.raw = (folder / "results.jsonl").open("w")
        self.errors = (folder / "stderr.txt").open("w")
        self.begin = time.monotonic()
        self.part = ""
        self.facts, self.rows, self.failures = [], [], []

    def say(self, text):
        """A line with the time since the begin."""
        print(f"[{time.monotonic() - self.begin:6.1f} s] {text}", flush=True)

    def begin_part(self, name, seconds):
        self.part = name
        self.say(f"== {name}, {seconds:.0f} s at most")

    def result(self, side, asked, answer):
        """One answer of one side."""
        numbers = ", ".join(f"{key} {short(value)}" for key, value in answer.items() if value is not None)
        self.say(f"{self.part}, {side}, {asked}: {numbers}")
        line = {"part": self.part, "side": side, "asked": asked, "seconds_since_begin": time.monotonic() - self.begin}
        self.raw.write(json.dumps(line | {"answer": answer}) + "\n")
        self.raw.flush()

    def fact(self, text):
        """What stands above the table."""
        self.facts.append(text)
        self.say(text)

    def fail(self, text):
        """Something that went wrong; the next one runs."""
        self.failures.append((self.part, text))
        self.say(f"FAILED {self.part}: {text}")

    def has_failed(self, side):
        """Whether something of a side has gone wrong in this part."""
        return any(part == self.part and text.startswith(side) for part, text in self.failures)

    def text_row(self, what, ours, peer="", ratio=""):
        self.rows.append([what, ours, peer, ratio])

    def row(self, what, ours, peer, unit):
        """Two numbers, either of which may be missing. Where both are, the failures say why."""
        if ours is None and peer is None:
            return
        ratio = "–" if ours is None or not peer else f"{ours / peer:.2f}"
        self.rows.append([what, with_unit(ours, unit), with_unit(peer, unit), ratio])

    def table(self):
        head = "| what | ours | transformers, PEFT, PyTorch | ours / theirs |\n|---|---|---|---|"
        rows = (" | ".join(cell.replace("|", "/") for cell in row) for row in [*self.rows, *self.failed_rows()])
        return "\n\n".join([*self.facts, "\n".join([head, *(f"| {row} |" for row in rows)])])

    def failed_rows(self):
        """What went wrong, and of a part where much did, the first."""
        parts = {}
        for part, text in self.failures:
            parts.setdefault(part, []).append(text)
        for part, texts in parts.items():
            yield from ([f"FAILED: {part}", cut(text), "", ""] for text in texts[:FAILURES])
            if len(texts) > FAILURES:
                yield [f"FAILED: {part}", f"and {len(texts) - FAILURES} more", "", ""]

    def write(self):
        """The table so far: a call that is cut off has left one."""
        self.table_file.write_text(self.table() + "\n")

    def end(self):
        self.write()
        seconds = time.monotonic() - self.begin
        print(f"\n{self.table()}\n\n{len(self.failures)} failures, {seconds:.0f} s", flush=True)
        sys.exit(1 if self.failures else 0)


def cut(text):
    """Begin and end of a text: how it ended, and the last lines."""
    if len(text) <= REASON_LENGTH:
        return text
    return f"{text[: REASON_LENGTH // 3]} … {text[-REASON_LENGTH * 2 // 3 :]}"


def short(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def with_unit(number, unit):
    if number is None:
        return "–"
    return f"{number:,.0f} {unit}".strip() if number >= 1000 else f"{number:.4g} {unit}".strip()
