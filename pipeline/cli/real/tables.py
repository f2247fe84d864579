"""Tables of cells' results, as Markdown. Each takes results as they are kept and says what is missing."""

import time

from chance import at_least, holm, interval

LEVEL = 0.05
# Ways of answering in the conductivity experiment, in words.
ANSWERS = {"ranking": "ranking", "free": "writing"}


def short(number):
    """A share without the zero before its point: .45, -.05, 1.00."""
    sign = "-" if round(number, 2) < 0 else ""
    return sign + f"{abs(number):.2f}".removeprefix("0")


def share(right, of):
    """Right answers with the exact interval of their share."""
    ends = interval(right, of)
    return f"{right} of {of}" if ends is None else f"{right} ({short(ends[0])} to {short(ends[1])})"


def probability(p):
    return "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def table(head, rows):
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)]) + "\n"


def marked(text, p, holds):
    """Bold under .05, with a star where that holds among all tests of its kind."""
    return f"**{text}**{'*' if holds else ''}" if p < LEVEL else text


class Pilot:
    """Accuracies of sets in languages by letters and by texts, each tested against guessing."""

    def __init__(self, cells):
        self.cells = cells
        self.tests = {}
        for cell in cells:
            labels = cell["labels"]
            for row in cell["scores"]:
                p = at_least(row["right"], row["items"], labels["chance"])
                self.tests[labels["set"], labels["mode"], row["language"]] = (row["right"], row["items"], p)
        self.holds = dict(zip(self.tests, holm([p for _, _, p in self.tests.values()])))

    def expected(self):
        """Tests under .05 that guessing alone gives on average."""
        total = 0.0
        for cell in self.cells:
            chance = cell["labels"]["chance"]
            for row in cell["scores"]:
                sizes = (at_least(right, row["items"], chance) for right in range(row["items"] + 2))
                total += next(size for size in sizes if size < LEVEL)
        return total

    def above(self):
        """What holds among all tests: texts such as `xcopa-mini by letters (en, de)`."""
        found = {}
        for (set_name, mode, language), holds in self.holds.items():
            if holds:
                found.setdefault((set_name, mode), []).append(language)
        return [f"{name} by {mode} ({', '.join(languages)})" for (name, mode), languages in found.items()]

    def markdown(self, modes, sets, languages):
        parts = []
        run = {mode for _, mode, _ in self.tests}
        for mode in [mode for mode in modes if mode in run]:
            rows = [["chance", *(short(1 / choices) for choices in sets.values())]]
            for language in languages:
                row = [language]
                for set_name in sets:
                    test = self.tests.get((set_name, mode, language))
                    holds = self.holds.get((set_name, mode, language), False)
                    row.append("not run" if test is None else marked(share(*test[:2]), test[2], holds))
                rows.append(row)
            parts.append(f"By {mode}:\n\n" + table(["", *sets], rows))
        others = [mode for mode in modes if mode not in run]
        if others:
            parts.append(f"Not run: by {'; by '.join(others)}.\n")
        return "\n".join(parts)

    def summary(self):
        low = sum(p < LEVEL for _, _, p in self.tests.values())
        above = self.above()
        said = f"Above chance: {'; '.join(above)}." if above else "Nothing is above chance."
        rest = " Everything else is not above chance." if above else ""
        return (
            f"{said}{rest} Of {len(self.tests)} tests {low} have p < .05 (bold); guessing alone gives "
            f"{self.expected():.1f} on average. The sentence before counts those that hold among all (Holm, star).\n"
        )

    def letters(self):
        """How much of the probability the letters hold, where answers are letters."""
        found = [row["letters_probability"] for cell in self.cells for row in cell["scores"]]
        found = [value for value in found if value is not None]
        if not found:
            return ""
        return (
            f"Where answers are letters, the letters hold {min(found):.0%} to {max(found):.0%} of the probability; "
            "what has little of it is not what the model would write.\n"
        )


def named(cell):
    """The names that were taught, and the setting where it is another one than in the other rows."""
    again = cell["labels"].get("again")
    return f"{cell['result']['arm']}, setting {again}" if again else cell["result"]["arm"]


def gates(results):
    """What the model has to know, a line for each way of answering."""
    rows = []
    for cell in results:
        result = cell["result"]
        for mode in result["modes"]:
            checks = {}
            for check in mode["gate"]["checks"]:
                mark = "" if check["passed"] else " ✗"
                checks.setdefault(check["what"], []).append(f"{check['right']} of {check['rows']}{mark}")
            known = [", ".join(checks.get(what, ["–"])) for what in
                     ("translation", "source-taught", "source-tested", "target-taught")]  # fmt: skip
            rows.append([named(cell), cell["labels"]["world"], ANSWERS[mode["mode"]], *known,
                         "passed" if mode["gate"]["passed"] else "**failed**"])  # fmt: skip
    head = ["names", "seed", "answers", "names translated", "English, taught in both", "English, taught in it alone",
            "other language, taught in it", "gate"]  # fmt: skip
    return table(head, rows)


class Crossing:
    """What is known in the other language without being taught in it, tested against guessing."""

    def __init__(self, results):
        self.rows = [(cell, mode) for cell in results for mode in cell["result"]["modes"]]
        self.p = [self.test(mode["conductivity"]) for _, mode in self.rows]
        self.holds = holm(self.p)

    @staticmethod
    def test(scores):
        return at_least(scores["n_target"], scores["places"], scores["chance"])

    def markdown(self):
        rows = []
        for (cell, mode), p, holds in zip(self.rows, self.p, self.holds):
            result, scores = cell["result"], mode["conductivity"]
            text = marked(share(scores["n_target"], scores["places"]), p, holds)
            shuffled = [
                f"{share(test['conductivity']['n_target'], test['conductivity']['places'])}, "
                f"p {probability(self.test(test['conductivity']))}"
                for test in mode["beside"]
            ]
            score = estimate(scores["xrr_unfloored"])
            likeness = [result["overlap"][of]["similarity"] for of in ("places", "continents")]
            likeness = "; ".join("–" if value is None else short(value) for value in likeness)
            rows.append([named(cell), cell["labels"]["world"], ANSWERS[mode["mode"]], f"{text} of {scores['places']}",
                         probability(p), f"{scores['n_both']} of {scores['n_source']}",
                         score if mode["gate"]["passed"] else f"gate failed ({score})",
                         "; ".join(shuffled) or "–", likeness])  # fmt: skip
        head = ["names", "seed", "answers", "right", "p", "both of known in English", "XRR, unfloored",
                "shuffled facts right", "likeness of places; continents"]  # fmt: skip
        return table(head, rows)

    def summary(self):
        said = []
        for (cell, mode), holds in zip(self.rows, self.holds):
            name = f"{named(cell)}, seed {cell['labels']['world']}, by {ANSWERS[mode['mode']]}"
            if not mode["gate"]["passed"]:
                said.append(f"{name}: the gate failed, so that the number says nothing about languages")
            elif holds:
                said.append(f"{name}: facts cross")
            else:
                said.append(f"{name}: not above chance")
        return "".join(f"- {line}.\n" for line in said)


def estimate(score):
    """A score with its interval; a dash where it is undefined."""
    if score is None or score["value"] is None:
        return "–"
    if score.get("low") is None:
        return short(score["value"])
    return f"{short(score['value'])} ({short(score['low'])} to {short(score['high'])})"


def training(results):
    """What the trainings were, a line for each."""
    rows = []
    for cell in results:
        result, trained = cell["result"], cell["result"]["training"]
        recall = result["recall"]
        rows.append([named(cell), cell["labels"]["world"], trained["examples"], trained["steps"],
                     f"{trained['final_loss']:.4f}", f"{recall['right']} of {recall['rows']}",
                     minutes(cell)])  # fmt: skip
    return table(["names", "seed", "rows", "steps", "last loss", "English right before", "minutes"], rows)


def trials(settings, results):
    """Every setting on every other world: what is known there, which decides, and what it took."""
    rows = []
    for setting in settings:
        for cell in results.get(setting.name, []):
            modes = cell["result"]["modes"]
            weakest = [min(check["share"] or 0.0 for check in mode["gate"]["checks"]) for mode in modes]
            gate = ["passed" if mode["gate"]["passed"] else "failed" for mode in modes]
            trained = cell["result"]["training"]
            rows.append([setting.name, setting.rank, setting.rate, length(setting), cell["labels"]["world"],
                         "; ".join(map(short, weakest)), "; ".join(gate), trained["tokens"],
                         minutes(cell)])  # fmt: skip
        if not results.get(setting.name):
            rows.append([setting.name, setting.rank, setting.rate, length(setting), "not run", *["–"] * 4])
    head = ["setting", "rank", "rate", "epochs", "world", "weakest prerequisite (ranking; writing)", "gate", "tokens",
            "minutes"]  # fmt: skip
    return table(head, rows)


def length(setting):
    return f"{setting.epochs}, {setting.steps} steps at most" if setting.steps else setting.epochs


def minutes(cell):
    """What a command took, if it ran in one go."""
    return "resumed" if cell["resumed"] else f"{cell['seconds'] / 60:.1f}"


def costs(cells):
    """What each cell took."""
    rows = []
    for cell in cells:
        note = " (resumed: the last attempt)" if cell["resumed"] else ""
        date = time.strftime("%Y-%m-%d", time.gmtime(cell["ended"]))
        rows.append([f"`{cell['cell']}`", f"{cell['seconds']:.0f}{note}", f"{cell['cpu_seconds']:.0f}",
                     cell.get("memory_mib", "–"), cell["load_before"], date, cell["clika"]])  # fmt: skip
    head = ["cell", "seconds", "processor seconds", "memory, MiB", "load before", "date", "program"]
    return table(head, rows)
