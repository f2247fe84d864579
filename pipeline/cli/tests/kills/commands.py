"""The commands that are killed, and what is there before them."""

import json
import shutil
from dataclasses import dataclass, field

ROOT_INPUTS = ["templates", "sparql", "experiments", "reference"]
MODEL = "pipeline/lm/tests/fixtures/llama-tokenizer"
FEW = ["--languages", "en,de", "--limit", "5"]
# A world that a training of seconds goes with.
SMALL = ["--places", "10", "--continents", "5"]
TAUGHT = ["--model", "model", *SMALL, "--max-steps", "3", "--save-every", "1", "--batch", "8", "--answer", "ranking"]

# Outputs of earlier runs, which have to outlive every kill. `{hub}` is the stub's address.
BEFORE = [
    ["datasets", "xgeo", "xpeo", "xcopa-mini", "xcsqa-mini"],
    ["datasets", "fictional", "--targets", "de", *SMALL],
    ["evaluate", "xcopa-mini", "--model", "model", "--name", "m", *FEW],
    ["evaluate", "xcopa-mini", "--model", "model", "--name", "other", *FEW],
    ["export", "lm-eval", "artifacts/datasets/xcopa-mini"],
    ["export", "llama-factory"],
    ["reproduce", "--predictions", "artifacts/predictions", "--resamples", "10", "--out", "artifacts/report",
     "--save", "artifacts/saved"],
    ["finetune", *TAUGHT, "--rank", "4", "--languages", "fr"],
    ["evaluate", "xcopa-mini", "--model", "org/older", "--name", "hub", *FEW],
    ["datasets", "xcopa", "--copa", "copa.jsonl", "--engine", "libretranslate", "--engine-url", "{hub}", "--items", "1"],
]  # fmt: skip

PREDICTIONS = ["reproduce", "--predictions", "artifacts/predictions", "--resamples", "10", "--format", "json"]


# What readers write goes away again.
READ = "read"
ALL_DATASETS = [
    ["audit", "artifacts/datasets", "--json"],
    ["export", "lm-eval", "--json", "--out", f"{READ}/lm-eval"],
]


def audit(name):
    return ["audit", f"artifacts/datasets/{name}", "--json"]


@dataclass
class Command:
    """A command that is killed."""

    name: str
    arguments: list
    # Commands that print what was read of the outputs: as before the command, or as after it, and nothing else.
    readers: list = field(default_factory=list)
    # Files that hold their old content or the new one at every moment.
    whole: list = field(default_factory=list)


COMMANDS = [
    Command("datasets", ["datasets", "xgeo", "xcopa-mini", "--seed", "7", "--force"],
            [audit("xgeo"), audit("xcopa-mini")]),
    Command("datasets mini", ["datasets", "xcsqa-mini", "--force"], ALL_DATASETS),
    Command("fictional", ["datasets", "fictional", "--targets", "de,ru", *SMALL, "--seed", "7"], ALL_DATASETS),
    Command("translate", ["datasets", "xcopa", "--copa", "copa.jsonl", "--engine", "libretranslate",
                          "--engine-url", "{hub}"], [audit("xcopa")]),
    Command("export lm-eval", ["export", "lm-eval"]),
    Command("export llama-factory", ["export", "llama-factory"]),
    Command("evaluate", ["evaluate", "xcsqa-mini", "--model", "model", "--name", "m", "--batch-tokens", "400", *FEW],
            [PREDICTIONS]),
    Command("evaluate free", ["evaluate", "xcopa-mini", "--model", "model", "--name", "free", "--answer", "free",
                              "--max-tokens", "4", *FEW], [PREDICTIONS]),
    Command("evaluate endpoint", ["evaluate", "xcopa-mini", "--model", "stub", "--endpoint", "{hub}/v1", "--api", "chat",
                                  "--constraint", "free", *FEW], [PREDICTIONS]),
    Command("evaluate hub", ["evaluate", "xcsqa-mini", "--model", "org/tiny", "--name", "hub", *FEW], [PREDICTIONS]),
    Command("evaluate demo", ["evaluate", "xcopa-mini", "--model", "demo", *FEW], [PREDICTIONS]),
    Command("finetune", ["finetune", *TAUGHT, "--rank", "4", "--languages", "fr,de", "--merge"]),
    Command("finetune full", ["finetune", *TAUGHT, "--languages", "de", "--strategy", "full", "--out", "artifacts/full"]),
    Command("reproduce", ["reproduce", "--predictions", "artifacts/predictions", "--resamples", "20",
                          "--out", "artifacts/report", "--save", "artifacts/saved"], [PREDICTIONS],
            ["artifacts/report/tables.md", "artifacts/report/report.json"]),
]  # fmt: skip
# Needs Oxigraph's server.
SNAPSHOT = Command("snapshot", ["snapshot", "--endpoint", "{oxigraph}", "--concurrency", "4"], [],
                   ["sparql/snapshot/wikidata.ttl"])  # fmt: skip


def prepare(source, project):
    """Copies what clika reads from a checkout, with a small demo, four items of COPA, and an output behind a link."""
    for name in ROOT_INPUTS:
        shutil.copytree(source / name, project / name)
    shutil.copytree(source / MODEL, project / "model")
    exports = project / "artifacts" / "exports"
    exports.mkdir(parents=True)
    (project / "elsewhere" / "lm-eval").mkdir(parents=True)
    (exports / "lm-eval").symlink_to("../../elsewhere/lm-eval")
    demo = project / "experiments" / "demo.toml"
    text = demo.read_text()
    for key, value in {"worlds": 1, "steps": 2, "vocabulary": 300, "batch": 4, "places": 10, "landforms": 5,
                       "hidden_size": 12, "intermediate_size": 16, "num_hidden_layers": 1,
                       "num_attention_heads": 2}.items():  # fmt: skip
        lines = [f"{key} = {value}" if line.startswith(f"{key} = ") else line for line in text.splitlines()]
        text = "\n".join(lines) + "\n"
    demo.write_text(text)
    items = [
        ("the sun rose .", "the night ended .", "the rain began .", "effect", 0),
        ("the boy fell .", "he slept well .", "the floor was wet .", "cause", 1),
        ("the cup broke .", "it was full .", "somebody dropped it .", "cause", 1),
        ("the dog barked .", "the cat ran away .", "the bread was fresh .", "effect", 0),
    ]
    keys = ["premise", "choice1", "choice2", "question", "label"]
    lines = [json.dumps({**dict(zip(keys, item)), "id": number}) for number, item in enumerate(items)]
    (project / "copa.jsonl").write_text("\n".join(lines) + "\n")
