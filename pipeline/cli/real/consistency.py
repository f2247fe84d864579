"""Tables of answers in more than one language or way: RA, consistency with English, letters against texts, xCountry against xGeo."""

from chance import fisher, holm
from tables import LEVEL, estimate, marked, probability, share, table

METRICS = ["ra", "chance_rescaled", "en_co", "en_co_beyond_letters", "top_letter"]


class Scores:
    """RA and consistency with English, by way of asking, set and language."""

    def __init__(self, cells):
        self.rows = {(row["model"], cell["labels"]["set"], row["language"], row["metric"]): row
                     for cell in cells for row in cell["scores"]}  # fmt: skip

    def consistent(self, model, set_name, language):
        """Whether languages agree more often than letters alone make them."""
        row = self.rows.get((model, set_name, language, "en_co_beyond_letters"))
        return row is not None and row["low"] is not None and row["low"] > 0

    def markdown(self, models, sets, languages):
        """Two tables for each way of asking; `models` has their titles by the names of their predictions."""
        parts = []
        for model, title in models.items():
            if not any(key[0] == model for key in self.rows):
                continue
            rescaled, en_co = [], []
            for language in languages:
                rescaled.append([language])
                en_co.append([language])
                for set_name in sets:
                    score = {metric: self.rows.get((model, set_name, language, metric)) for metric in METRICS}
                    rescaled[-1].append(estimate(score["ra"] or score["chance_rescaled"]))
                    beyond = estimate(score["en_co_beyond_letters"])
                    beyond = f"**{beyond}**" if self.consistent(model, set_name, language) else beyond
                    letter = estimate(score["top_letter"])
                    en_co[-1].append(f"{estimate(score['en_co'])}; {beyond}; {letter}")
            head = [f"{name} (RA)" if (model, name, "en", "ra") in self.rows else name for name in sets]
            parts.append(f"By {title}, accuracy re-scaled:\n\n{table(['', *head], rescaled)}")
            others = [row for row in en_co if row[0] != "en"]
            parts.append(f"By {title}, en-CO; beyond letters; share of the most frequent letter:\n\n{table(['', *sets], others)}")
        return "\n".join(parts)

    def summary(self, models, sets, languages):
        others = [language for language in languages if language != "en"]
        said = []
        for model, title in models.items():
            pairs = [(name, language) for name in sets for language in others
                     if (model, name, language, "en_co") in self.rows]  # fmt: skip
            if not pairs:
                continue
            found = {}
            for name, language in pairs:
                if self.consistent(model, name, language):
                    found.setdefault(name, []).append(language)
            text = "; ".join(f"{name} ({', '.join(found[name])})" for name in found) or "nothing"
            said.append(f"- By {title}, of {len(pairs)} pairs of a set and a language: {text}.\n")
        return "".join(said)


class Pairs:
    """Two ways of asking the same items, tested in pairs."""

    def __init__(self, cells):
        self.tests = {(cell["labels"]["set"], row["language"]): row for cell in cells for row in cell["rows"]}
        self.holds = dict(zip(self.tests, holm([row["mcnemar_p"] for row in self.tests.values()])))

    def markdown(self, sets, languages):
        rows = []
        for language in languages:
            row = [language]
            for name in sets:
                test = self.tests.get((name, language))
                text = "not run" if test is None else estimate({**test, "value": test["difference"]})
                row.append(text if test is None else marked(text, test["mcnemar_p"], self.holds[name, language]))
            rows.append(row)
        return table(["", *sets], rows)

    def summary(self):
        """Which way is right more often, where that holds among all tests."""
        found = {"letters": [], "texts": []}
        for (name, language), holds in self.holds.items():
            if holds:
                better = "letters" if self.tests[name, language]["difference"] > 0 else "texts"
                found[better].append(f"{name} {language}")
        low = sum(row["mcnemar_p"] < LEVEL for row in self.tests.values())
        said = "; ".join(f"{way} are right more often in {', '.join(names)}" for way, names in found.items() if names)
        return f"{said or 'Neither is right more often'}. Of {len(self.tests)} tests {low} have p < .05.\n"


class Sets:
    """Two sets with equal chance, asked in the same ways: different items, each taken as independent."""

    def __init__(self, cells, easy, hard):
        self.easy, self.hard = easy, hard
        counts = {(cell["labels"]["set"], cell["labels"]["mode"], row["language"]): (row["right"], row["items"])
                  for cell in cells for row in cell["scores"]}  # fmt: skip
        self.tests = {}
        for (name, mode, language), count in counts.items():
            other = counts.get((hard, mode, language))
            if name == easy and other is not None:
                self.tests[mode, language] = (count, other, fisher(*count, *other))
        self.holds = dict(zip(self.tests, holm([p for _, _, p in self.tests.values()])))

    def markdown(self, modes, languages):
        modes = [mode for mode in modes if any(key[0] == mode for key in self.tests)]
        rows = []
        for language in languages:
            row = [language]
            for mode in modes:
                test = self.tests.get((mode, language))
                if test is None:
                    row.append("not run")
                    continue
                easy, hard, p = test
                text = f"{share(*easy)}; {share(*hard)}; p {probability(p)}"
                row.append(marked(text, p, self.holds[mode, language]))
            rows.append(row)
        return table(["", *modes], rows)

    def summary(self):
        found = {}
        for (mode, language), holds in self.holds.items():
            if holds:
                (easy, of_easy), (hard, of_hard), _ = self.tests[mode, language]
                better = self.easy if easy * of_hard > hard * of_easy else self.hard
                found.setdefault((better, mode), []).append(language)
        said = "; ".join(f"{better} is right more often by {mode} ({', '.join(names)})" for (better, mode), names in found.items())
        low = sum(p < LEVEL for _, _, p in self.tests.values())
        return f"{said or 'In no language is the one right more often than the other'}. Of {len(self.tests)} tests {low} have p < .05.\n"
