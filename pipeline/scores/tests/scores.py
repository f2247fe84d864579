"""Computes every score of `clika reproduce --json` again from the paper's release, with nothing of clika.

Usage: scores.py RELEASE REPORT   Ends with 1 if a score differs by more than 1e-12.
       scores.py RELEASE          Prints the table of letters in docs/scores.md.
"""

import json
import sys
from fractions import Fraction
from pathlib import Path

# Task, number of choices and ChatGPT's accuracy in English as the authors round it.
TASKS = {
    "x_csqa": ("xcsqa", 5, 0.746),
    "x_copa": ("xcopa", 2, 0.964),
    "x_geo": ("xgeo", 4, 0.970),
    "x_name": ("xpeo", 4, 0.922),
}


def read(release):
    """Answers (a letter, or None) and right letters by model, task and language."""
    data = {}
    for path in release.glob("x_*/*/*_res*.jsonl"):
        task, choices, _ = TASKS[path.parts[-3]]
        language = path.parts[-2].split("_")[0].lower()
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        rows.sort(key=lambda row: row["id"])
        letters = "ABCDE"[:choices]
        first = [row["res"].strip()[:1] for row in rows]
        answers = [letter if letter and letter in letters else None for letter in first]
        data[path.name.split("_res")[0], task, language] = answers, [row["label"] for row in rows]
    return data


def ratio(numerator, denominator):
    return numerator / denominator if denominator else None


def of_language(data, model, task, language, choices, reference):
    answers, right = data[model, task, language]
    english = data[model, task, "en"][0]
    here = [a == r for a, r in zip(answers, right)]
    there = [a == r for a, r in zip(english, right)]
    accuracy, in_english = sum(here) / len(here), sum(there) / len(there)
    en_co = ratio(sum(h and a == e for h, a, e in zip(here, answers, english)), sum(here))
    return {
        "accuracy": accuracy,
        "invalid_rate": sum(answer is None for answer in answers) / len(answers),
        "ra": max(accuracy - 1 / choices, 0) / (reference - 1 / choices),
        "chance_rescaled": (accuracy - 1 / choices) / (1 - 1 / choices),
        "en_co": en_co,
        "en_co_corrected": None if en_co is None else (en_co - in_english) / (1 - in_english),
        "en_co_beyond_letters": beyond_letters(here, there, right, en_co),
        "top_letter": max(answers.count(letter) for letter in set(right)) / len(answers),
        "overlap": ratio(
            sum(h and t for h, t in zip(here, there)), sum(h or t for h, t in zip(here, there))
        ),
    }


def beyond_letters(here, there, right, en_co):
    """en-CO, less what answers would give that know nothing of each other but the letter that is right."""
    expected = Fraction(0)
    for letter in set(right):
        items = [item for item, r in enumerate(right) if r == letter]
        expected += Fraction(sum(here[i] for i in items) * sum(there[i] for i in items), len(items))
    if en_co is None or expected == sum(here):
        return None
    expected = float(expected / sum(here))
    return (en_co - expected) / (1 - expected)


def of_all(data, model, task):
    columns = [value for key, value in data.items() if key[:2] == (model, task)]
    accuracies = [sum(a == r for a, r in zip(*column)) / len(column[0]) for column in columns]
    items = list(zip(*(answers for answers, _ in columns)))
    same = sum(item[0] is not None and len(set(item)) == 1 for item in items) / len(items)
    mean = sum(accuracies) / len(accuracies)
    return {
        "worst_language_gap": max(accuracies) - min(accuracies),
        "consistency": same,
        "ac3": ratio(2 * mean * same, mean + same),
    }


def main(release, report):
    data = read(release)
    parameters = {task: rest for task, *rest in TASKS.values()}
    scores = json.loads(report.read_text())["scores"]
    for score in scores:
        model, task, language = score["model"], score["task"], score["language"]
        lengths = [len(right) for key, (_, right) in data.items() if key[:2] == (model, task)]
        items = sum(lengths) if language == "all" else len(data[model, task, language][1])
        if score["n"] != items:
            sys.exit(f"scores.py: {score}, expected {items} answers")
        if language == "all":
            expected = of_all(data, model, task)
        else:
            expected = of_language(data, model, task, language, *parameters[task])
            invalid = sum(answer is None for answer in data[model, task, language][0])
            if score["invalid"] != invalid:
                sys.exit(f"scores.py: {score}, but {invalid} answers are invalid")
        expected, found = expected[score["metric"]], score["value"]
        if (expected is None) != (found is None) or (found is not None and abs(expected - found) > 1e-12):
            sys.exit(f"scores.py: {score}, expected {expected}")
    if not scores:
        sys.exit("scores.py: no scores")
    print(f"scores.py: {len(scores)} scores agree")


def letters(release):
    """Means over the nine languages other than English: corrected en-CO, what is beyond letters, and the most frequent letter."""
    data = read(release)
    for model in sorted({key[0] for key in data}):
        cells = []
        for task, choices, reference in TASKS.values():
            found = [of_language(data, model, task, language, choices, reference)
                     for name, its_task, language in data if (name, its_task) == (model, task) and language != "en"]  # fmt: skip
            names = ["en_co_corrected", "en_co_beyond_letters", "top_letter"]
            corrected, beyond, top = (sum(scores[name] for scores in found) / len(found) for name in names)
            cells.append(f"{task} {corrected:.2f} → {beyond:.2f}; {top:.2f}")
        print(f"{model}: {' | '.join(cells)}")


if len(sys.argv) == 2:
    letters(Path(sys.argv[1]))
else:
    main(Path(sys.argv[1]), Path(sys.argv[2]))
