"""Prints chrF of sentence pairs by sacreBLEU, as JSON: the expected values of tests/checks.rs.

Usage: pip install sacrebleu==2.6.0; python chrf_reference.py > chrf_reference.json
"""

import json

import sacrebleu
from sacrebleu.metrics import CHRF

PAIRS = [
    ("The cat sat on the mat.", "The cat sat on the mat."),
    ("The cat is on the mat.", "The cat sat on the mat."),
    ("A dog ran off.", "The cat sat on the mat."),
    ("cat", "The cat sat on the mat."),
    ("The cat sat on the mat and slept all day long.", "The cat sat."),
    ("Der Hund läuft über die Straße.", "Der Hund rennt über die Strasse."),
    ("Собака бежит по улице.", "Пёс бежит вдоль улицы."),
    ("الكلب يركض في الشارع.", "يركض الكلب في الشارع."),
    ("הכלב רץ ברחוב.", "הכלב רץ לאורך הרחוב."),
    ("犬が道を走っている。", "犬は道を走ります。"),
    ("狗在街上跑。", "狗沿着街道奔跑。"),
    ("a", "b"),
    ("ab", "ab"),
]

metric = CHRF()
pairs = [
    {
        "hypothesis": hypothesis,
        "reference": reference,
        "chrf": metric.sentence_score(hypothesis, [reference]).score,
    }
    for hypothesis, reference in PAIRS
]
corpus = metric.corpus_score([h for h, _ in PAIRS], [[r for _, r in PAIRS]]).score
print(
    json.dumps(
        {"sacrebleu": sacrebleu.__version__, "corpus": corpus, "pairs": pairs},
        ensure_ascii=False,
        indent=1,
    )
)
