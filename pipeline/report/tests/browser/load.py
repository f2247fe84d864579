"""Writes recorded answers of made-up models, in the form of the authors' release: a load for the report.

Usage: load.py FOLDER [--models N]   Four tasks with 1,880 items in ten languages, so that each model has 18,800 answers.
"""

import argparse
import json
import random
import shutil
from pathlib import Path

# The release's folders and file names, with the number of items and choices.
TASKS = {
    "x_geo": ("{code}_geo_data.jsonl", 200, 4),
    "x_name": ("{code}_name_data_generate.jsonl", 180, 4),
    "x_copa": ("test.jsonl", 500, 2),
    "x_csqa": ("validation.jsonl", 1000, 5),
}
LANGUAGES = ["ar", "de", "en", "fr", "he", "it", "ja", "pl", "ru", "zh"]
WORDS = {"ar": "مدينة في البلاد", "he": "עיר בארץ", "ja": "日本の都市", "zh": "中国的城市", "ru": "город в стране"}


def question(task, language, number, choices, label):
    text = f"{WORDS.get(language, 'a town of the country')} {task} {number}?"
    options = [f"{WORDS.get(language, 'place')} {number * 7 + choice}" for choice in range(choices)]
    if task == "x_copa":
        return {"id": number, "premise": text, "question": "cause", "choice1": options[0], "choice2": options[1],
                "label": label}  # fmt: skip
    if task == "x_csqa":
        letters = "ABCDE"
        return {"id": f"q{number}", "answerKey": letters[label],
                "question": {"stem": text, "choices": {"label": list(letters), "text": options}}}  # fmt: skip
    return {"id": number, "questions": text, "answers": options, "label": label,
            "original_lang": LANGUAGES[number % len(LANGUAGES)], "sent_lang": language}  # fmt: skip


def main(folder, models):
    shutil.rmtree(folder, ignore_errors=True)
    draw = random.Random(17)
    for task, (name, items, choices) in TASKS.items():
        labels = [draw.randrange(choices) for _ in range(items)]
        for language in LANGUAGES:
            place = folder / task / language
            place.mkdir(parents=True)
            lines = [json.dumps(question(task, language, number, choices, labels[number])) for number in range(items)]
            (place / name.format(code=language)).write_text("\n".join(lines) + "\n", encoding="utf-8")
            for model in range(models):
                skill = 0.3 + 0.6 * model / max(models, 1)
                with open(place / f"model_{model:02}_res.jsonl", "w", encoding="utf-8") as out:
                    for number, label in enumerate(labels):
                        choice = label if draw.random() < skill else draw.randrange(choices)
                        out.write(f'{{"id": {number}, "res": "{"ABCDE"[choice]}", "label": "{"ABCDE"[label]}"}}\n')


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=int, default=6)
    args = parser.parse_args()
    main(args.folder, args.models)
