#!/usr/bin/env python3
"""Counts the release's defects from its files, with none of our code: the figures of release.rs.

    python3 pipeline/audit/tests/release_defects.py ../shared/reference/CLiKA
"""

import collections
import json
import os
import re
import statistics
import sys

RELEASE = sys.argv[1]
LANGUAGES = "AR DE FR HE IT JA PL RU ZH".split()
TAGS = re.compile(r"\[\[continent:(.*)\]\]\[\[city:(.*)\]\]\[\[type:(.)\]\]$")


def lines(*parts):
    with open(os.path.join(RELEASE, *parts), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def fictional():
    """Worlds, collisions and directions."""
    tests = {
        language: [TAGS.search(row["answer"]).groups() for row in lines("fictional/test/target", f"test{language}.jsonl")]
        for language in ["EN", *LANGUAGES]
    }
    english = {city: continent for continent, city, _ in tests["EN"]}
    for language in LANGUAGES:
        rows = lines("fictional/train", f"{language}.json")
        # The answers of the first English template end in the continent and a full stop.
        start, end = "Which continent is ", " located in?"
        taught = {}
        for row in rows:
            if row["prompt"].startswith(start) and row["prompt"].endswith(end):
                city = row["prompt"][len(start) : -len(end)]
                taught[city] = row["answer"].removesuffix(".").rpartition(" ")[2]
        agree = sum(taught.get(city) == continent for city, continent in english.items())
        here = tests[language]
        collide = with_taught = 0
        for index, (continent, city, kind) in enumerate(here):
            others = [it for other, it in enumerate(here) if other != index and it[1].lower() == city.lower()]
            others = [it for it in others if it[0] != continent]
            collide += kind == "1" and bool(others)
            with_taught += kind == "1" and any(it[2] == "0" for it in others)
        pairs = {(row["input"], row["answer"]) for row in rows if row["input"]}
        asked = [(row["input"], row["answer"]) for row in lines("fictional/test/Translate", f"translate{language}.jsonl")]
        # Names that are equal in both languages are taught in the direction of all others: into English.
        into_english = [row for row in rows if row["input"] and re.search(r"English\W*(?:\w+\W*)*$", row["prompt"])]
        assert all(re.search(r"\b(into|to|in) English\b", row["prompt"]) for row in into_english)
        reverse = sum(pair[::-1] in pairs and (pair not in pairs or pair[0] == pair[1]) for pair in asked)
        absent = sum(pair not in pairs and pair[::-1] not in pairs for pair in asked)
        assert len(into_english) == 4200
        print(f"{language}: agree {agree}/400, collisions {collide} ({with_taught} with a taught name), "
              f"translations in the other direction only {reverse}, absent {absent}")


def year(text):
    number = int(text.removesuffix(" BC"))
    return 1 - number if text.endswith(" BC") else number


def people():
    """Distances, pools and lives."""
    items = lines("x_name/en/en_name_data_generate.jsonl")
    births, deaths = items[:90], items[90:]
    assert all(" born?" in it["questions"] for it in births) and all(" die?" in it["questions"] for it in deaths)

    def right(item):
        return year(item["answers"][item["label"]])

    def wrong(item):
        return [year(it) for position, it in enumerate(item["answers"]) if position != item["label"]]

    def nearest(them):
        return statistics.median(min(abs(it - right(item)) for it in wrong(item)) for item in them)

    print("nearest wrong year: all", nearest(items), "births", nearest(births), "deaths", nearest(deaths))
    born, died = {right(it) for it in births}, {right(it) for it in deaths}
    pool = [it for item in deaths for it in wrong(item)]
    print("wrong death years", len(pool), "births only", sum(it in born - died for it in pool),
          "deaths only", sum(it in died - born for it in pool))
    # Births and deaths are of the same people, in the same order.
    early = [sum(it < right(birth) for it in wrong(death)) for birth, death in zip(births, deaths)]
    late = [sum(it > right(death) for it in wrong(birth)) for birth, death in zip(births, deaths)]
    print("impossible years", sum(early) + sum(late), "in items", sum(it > 0 for it in early + late),
          "all three", sum(it == 3 for it in early + late))
    alone = sum(all((it <= 0) != (right(item) <= 0) for it in wrong(item)) for item in items)
    print("only year of its era", alone)


def cities():
    """Countries, and names that hold their division's."""
    items = lines("x_geo/en/en_geo_data.jsonl")
    asked = [re.match(r"What administrative division of (.*) is (.*) in\?$", it["questions"]).groups() for it in items]
    outside = collections.Counter(country for (country, _), it in zip(asked, items)
                                  if it["original_lang"] == "ar" and country not in ("Egypt", "Algeria"))
    print("cities outside Table 13", dict(outside))
    # Divisions of Arab countries by the countries that the questions themselves name, and by their titles.
    home = {it["answers"][it["label"]]: country for (country, _), it in zip(asked, items)}
    titles = {"Governorate": "Egypt", "Emirate": "UAE", "Province": "Saudi Arabia"}

    def country_of(division):
        found = [country for title, country in titles.items() if title in division]
        return home.get(division) or (found[0] if found else None)

    mixed = choices = 0
    for (country, _), item in zip(asked, items):
        if item["original_lang"] != "ar":
            continue
        wrong = [it for position, it in enumerate(item["answers"]) if position != item["label"]]
        abroad = sum(country_of(it) not in (None, country) for it in wrong)
        choices += abroad
        mixed += abroad > 0
    print("Arabic items with a division of another country", mixed, "choices", choices)
    # A word of four letters or more that fewer than three different divisions share.
    words = lambda text: {it for it in re.findall(r"\w+", text.lower()) if len(it) >= 4}
    counts = collections.Counter(word for it in {choice for item in items for choice in item["answers"]} for word in words(it))
    named = sum(any(word in item["questions"].lower() for word in words(item["answers"][item["label"]]) if counts[word] < 3)
                for item in items)
    print("questions that name their division", named)


def texts():
    """xCOPA and xCSQA."""
    english = {row["id"]: row for row in lines("x_copa/en/test.jsonl")}
    for folder in sorted(os.listdir(os.path.join(RELEASE, "x_copa"))):
        differ = sum(row["question"] != english[row["id"]]["question"] for row in lines("x_copa", folder, "test.jsonl"))
        if differ:
            print("x_copa", folder, "asks for something else in", differ)
    total = 0
    for folder in sorted(os.listdir(os.path.join(RELEASE, "x_csqa"))):
        for row in lines("x_csqa", folder, "validation.jsonl"):
            texts = [it.strip().lower() for it in row["question"]["choices"]["text"]]
            total += texts.count(texts["ABCDE".index(row["answerKey"])]) > 1
    print("x_csqa: right choice stands twice in", total)


fictional()
people()
cities()
texts()
