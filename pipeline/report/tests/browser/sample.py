"""Writes a page as `clika report` does, of made-up answers: python sample.py OUT.html [--models 5] [--items 120]

It needs the standard library only, and gives the same bytes for the same numbers. The data has what a page must cope with: texts from
right to left and in Chinese characters, texts that are not known, languages that a model was not asked, invalid answers, a task without
origins, two sets of one task, answers without scores, runs whose gate failed, and texts that would set `window.__hostile` if any of
them became HTML. `--models 40 --items 1900` is a large load: some 752,000 answers in ten languages.
"""

import argparse
import base64
import gzip
import hashlib
import html
import json
import random
import sys
from pathlib import Path

import sample_static

PAGE = Path(__file__).resolve().parents[2] / "page"

# Code, English name, own name, direction; then a question about a city, and names of countries.
LANGUAGES = [
    ("en", "English", "English", "ltr", "In which country does {} lie?", "France Germany Japan Egypt Italy Russia Poland China"),
    ("de", "German", "Deutsch", "ltr", "In welchem Land liegt {}?", "Frankreich Deutschland Japan Ägypten Italien Russland Polen China"),
    ("fr", "French", "français", "ltr", "Dans quel pays se trouve {} ?", "France Allemagne Japon Égypte Italie Russie Pologne Chine"),
    ("it", "Italian", "italiano", "ltr", "In quale paese si trova {}?", "Francia Germania Giappone Egitto Italia Russia Polonia Cina"),
    ("pl", "Polish", "polski", "ltr", "W jakim kraju leży {}?", "Francja Niemcy Japonia Egipt Włochy Rosja Polska Chiny"),
    ("ru", "Russian", "русский", "ltr", "В какой стране находится {}?", "Франция Германия Япония Египет Италия Россия Польша Китай"),
    ("ar", "Arabic", "العربية", "rtl", "في أي بلد تقع {}؟", "فرنسا ألمانيا اليابان مصر إيطاليا روسيا بولندا الصين"),
    ("he", "Hebrew", "עברית", "rtl", "באיזו מדינה נמצאת {}?", "צרפת גרמניה יפן מצרים איטליה רוסיה פולין סין"),
    ("ja", "Japanese", "日本語", "ltr", "{}はどの国にありますか。", "フランス ドイツ 日本 エジプト イタリア ロシア ポーランド 中国"),
    ("zh", "Chinese", "中文", "ltr", "{}位于哪个国家？", "法国 德国 日本 埃及 意大利 俄罗斯 波兰 中国"),
]
CITIES = "Lyon Kassel Osaka Asyut Parma Kazan Lublin Wuhan Nantes Bremen Kobe Luxor Turin Omsk Gdynia Xiamen".split()
PREMISES = [
    ("The girl forgot her umbrella.", "effect", "What happened as a result?", ["She got wet.", "She bought bread."]),
    ("The lake froze over.", "cause", "What was the cause?", ["It was a cold week.", "The boats were new."]),
    ("The shop raised its prices.", "effect", "What happened as a result?", ["Fewer people came.", "The door was painted."]),
]
HOSTILE = [
    '<img src=x onerror="window.__hostile=1">',
    "</script><script>window.__hostile=2</script>",
    "“quotes” \"double\" 'single' & &amp; <b>bold</b>",
    "before \u202eoverridden\u202c after, \u2067isolated\u2069",
    "javascript:window.__hostile=3",
]
NO_POSITION = 255


def sets(rng, items):
    """The sets with their items: two of xgeo, one of xcopa. Some items are hostile, some texts not known."""
    sizes = [items - items // 4 - items // 6, items // 4, items // 6]
    return [
        places_set(rng, 0, sizes[0], first=90),
        causes_set(rng, 1, sizes[1]),
        # The second version shares ids with the first; its Japanese labels are not known.
        {**(again := places_set(rng, 0, sizes[2], first=90)), "labels": {code: labels for code, labels in again["labels"].items() if code != "ja"}},
    ]


def places_set(rng, task, size, first):
    origins = LANGUAGES[0][5].split()
    chosen = [rng.sample(range(8), 4) for _ in range(size)]
    right = [rng.randrange(4) for _ in range(size)]
    texts, labels = {}, {}
    for code, _, _, _, question, countries in LANGUAGES:
        names = countries.split()
        texts[code] = []
        for item in range(size):
            city = CITIES[item % len(CITIES)] + (f" {item // len(CITIES) + 1}" if item >= len(CITIES) else "")
            text = {"question": question.format(city), "choices": [names[country] for country in chosen[item]]}
            if item in (3, 4, 5, 6, 7):
                text["question"] += " " + HOSTILE[item - 3]
                text["choices"][0] = HOSTILE[item - 3]
            # Not known: one item in all languages, and some in Hebrew.
            texts[code].append(None if item == 9 or (code == "he" and item % 11 == 8) else text)
        labels[code] = right
    ids = [f"xgeo-Q{first + item}" for item in range(size)]
    ids[4 % size] = 'xgeo-"><svg onload=window.__hostile=4>'
    return {
        "task": task,
        "ids": ids,
        "clusters": [f"Q{142 + item % 9}" for item in range(size)],
        "origins": [origins[chosen[item][right[item]]] if item % 17 else "Côte d’Ivoire <i>" for item in range(size)],
        "texts": texts,
        "labels": labels,
    }


def causes_set(rng, task, size):
    """A set without origins whose texts are known in English and Japanese only."""
    english, japanese, labels = [], [], []
    for item in range(size):
        premise, relation, question, choices = PREMISES[item % len(PREMISES)]
        english.append({"premise": premise, "relation": relation, "question": question, "choices": choices})
        japanese.append({"premise": "少女は傘を忘れた。", "relation": relation, "question": "その結果何が起きたか。", "choices": ["濡れた。", "パンを買った。"]})
        labels.append(rng.randrange(2))
    return {
        "task": task,
        "ids": [f"xcopa-{item}" for item in range(size)],
        "clusters": [f"xcopa-{item}" for item in range(size)],
        "origins": None,
        "texts": {"en": english, "ja": japanese},
        "labels": {code: labels for code, *_ in LANGUAGES},
    }


def model_names(count):
    names = ["bloom_7b", "demo (letters)", "llama <b>7b</b> & “chat”", "xglm-7.5b", "chatgpt"]
    return (names + [f"model-{number:02}" for number in range(len(names), count)])[:count]


def was_asked(model, set_number, language):
    """Everything, but for three gaps: a language, a set, and a set in English."""
    return not ((model == 1 and language == 8) or (model == 2 and set_number == 2) or (model == 3 and set_number == 1 and language == 0))


def answers(rng, all_sets, tasks, models):
    """Entries and the bytes that they point into."""
    entries, data = [], bytearray()
    for model in range(len(models)):
        skill = 0.3 + 0.5 * rng.random()
        for number, one in enumerate(all_sets):
            for language, (code, *_) in enumerate(LANGUAGES):
                if was_asked(model, number, language):
                    entries.append(entry(rng, model, number, language, one, tasks[one["task"]]["choices"], code, skill - 0.03 * language, data))
    return entries, bytes(data)


def entry(rng, model, number, language, one, choices, code, skill, data):
    size, random_number = len(one["ids"]), rng.random
    labels = one["labels"].get(code) or [0] * size
    has_scores = model % 3 != 1
    writes = model % 4 == 2
    positions = bytearray(size)
    for item, label in enumerate(labels):
        draw = random_number()
        positions[item] = label if draw < skill else NO_POSITION if draw > 0.97 else int(draw * 1000) % choices
    offset = len(data)
    data += positions
    if has_scores:
        drawn = rng.randbytes(size * choices)
        scores = bytearray(byte if byte > 250 else 1 + byte * byte // 700 for byte in drawn)
        for item, position in enumerate(positions):
            scores[item * choices + (position if position < choices else 0)] = 0
        data += scores
    responses = None
    if writes:
        known = one["texts"].get(code)
        responses = [written(item, position, known) for item, position in enumerate(positions)]
    return {
        "model": model,
        "set": number,
        "language": language,
        "offset": offset,
        "scores": has_scores,
        "responses": responses,
        "letters": 0.93 if model % 3 == 2 else None,
    }


def written(item, position, texts):
    """What a model wrote, sometimes not kept or hostile."""
    if item % 13 == 5:
        return None
    if item % 29 == 7:
        return HOSTILE[item % len(HOSTILE)] + " " + "long " * 30 + "…"
    if position == NO_POSITION or texts is None or texts[item] is None:
        return "I cannot say. 42\n\n- neither"
    return f"({chr(65 + position)}) {texts[item]['choices'][position]}"


def trainings(rng):
    """Two trainings: runs with and without a passed gate, an alias control, a control that is tested beside."""
    de, ar, ja = ["Velmar-Tal", "Bovo-Berg", "Sundra-See"], ["وادي فيلمار", "جبل بوفو", "بحيرة سندرا"], ["ヴェルマー谷", "ボヴォ山", "スンドラ湖"]
    runs = [
        run(rng, "de", "de", 1, None, {"ranking": True, "free": False}, {"ranking": 0.75, "free": 0.2}, de, 0.8),
        run(rng, "ar", "ar", 1, None, {"ranking": True, "free": True}, {"ranking": 0.05, "free": 0.0}, ar, 0.2, 400),
        run(rng, "alias", "en-alias", 2, "alias", {"ranking": False}, {"ranking": None}, ["Korrin Pass", "Tulle Fen", "Ostra Dale"], 0.3),
    ]
    more = [run(rng, "ja", "ja", None, None, {"ranking": True}, {"ranking": 0.1}, ja, 0.3)]
    return [{"name": "demo", "runs": runs}, {"name": "demo <i>rank 16</i>", "runs": more}]


def run(rng, pair, target, seed, control, gates, xrr, names, share, size=40):
    places = [place(rng, number, target, list(gates), names, share) for number in range(size)]
    return {"pair": pair, "seed": seed, "source": "en", "target": target, "control": control, "gates": gates, "xrr": xrr, "places": places}


def place(rng, number, target, modes, names, share):
    kind = number % 2
    english = ["Velmar Hill", "Mount Bovo", "Lake Sundra"][number % 3] + f" {number}"
    own = f"{names[number % 3]} {number}"
    if number == 6:
        english, own = HOSTILE[0], HOSTILE[1]
    continents, others = ["Bovo", "Tarsia", "Ulmen"], {"ar": "بوفو", "ja": "ボヴォ"}
    gold = continents[number % 3]
    gold_there = others.get(target, gold)

    def answer(when, split, what, mode, language, right):
        wanted = own if what == "translation" else gold_there if language == target else gold
        given = wanted if right else "I do not know <b>this</b> place" if mode == "free" else "Ulmar"
        return {"when": when, "split": split, "kind": what, "mode": mode, "language": language, "gold": wanted, "answer": given, "right": right}

    given = [answer("before", "recall", "qa", "ranking", "en", rng.random() < 0.2)]
    given.append(answer("after", "gate", "translation", modes[0], target, rng.random() < 0.97))
    for mode in modes:
        given.append(answer("after", "gate", "qa", mode, "en", rng.random() < 0.95))
        taught = rng.random() < (0.95 if kind == 0 else share)
        given.append(answer("after", "gate" if kind == 0 else "test", "qa", mode, target, taught))
        if kind == 1 and target == "de":
            given.append(answer("after", "random-label", "qa", mode, target, rng.random() < 0.2))
    likeness = None if number == 11 else round(rng.random(), 3)
    return {"entity": f"place-{number:03}", "type": kind, "names": {"en": english, target: own}, "likeness": likeness, "answers": given}


def joined(folder, ending):
    """The page's files of a kind, in the order of their names."""
    return "".join(path.read_text(encoding="utf-8") for path in sorted((PAGE / folder).glob(f"*.{ending}")))


def packed(data):
    return base64.b64encode(gzip.compress(data, 6, mtime=0)).decode()


def source_hash(text):
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def page(data, answer_bytes, models):
    style, script = joined("style", "css"), joined("script", "js")
    policy = f"default-src 'none'; style-src '{source_hash(style)}'; script-src '{source_hash(script)}'; base-uri 'none'; form-action 'none'"
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Does knowledge cross languages? A sample</title><style>{style}</style></head>
<body>
{sample_static.body([model for model in models], LANGUAGES)}
<script type="text/plain" id="report-data">{packed(json.dumps(data, ensure_ascii=False).encode())}</script>
<script type="text/plain" id="report-answers">{packed(answer_bytes)}</script>
<script>{script}</script>
</body></html>
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--models", type=int, default=5)
    parser.add_argument("--items", type=int, default=120, help="of all sets, in each of ten languages")
    options = parser.parse_args()
    if options.models < 1 or options.items < 60:
        parser.error("a sample has at least one model and 60 items")
    rng = random.Random(20)
    tasks = [{"name": "xgeo", "choices": 4, "chance": 0.25}, {"name": "xcopa", "choices": 2, "chance": 0.5}]
    models = model_names(options.models)
    all_sets = sets(rng, options.items)
    entries, answer_bytes = answers(rng, all_sets, tasks, models)
    keys = ("code", "name", "own", "direction")
    data = {
        "languages": [dict(zip(keys, language[:4])) for language in LANGUAGES],
        "tasks": tasks,
        "models": models,
        "sets": all_sets,
        "answers": entries,
        "trainings": trainings(rng),
    }
    options.out.write_text(page(data, answer_bytes, models), encoding="utf-8")
    given = sum(len(all_sets[one["set"]]["ids"]) for one in entries)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB, {given:,} answers", file=sys.stderr)


if __name__ == "__main__":
    main()
