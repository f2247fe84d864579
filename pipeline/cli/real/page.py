"""docs/results.md and the report of a run, made from the cells' results alone."""

import json

import plan as plans
from consistency import Pairs, Scores, Sets
from tables import Crossing, Pilot, costs, gates, table, training, trials


MEANING = (
    "The test is the one-sided exact binomial against one of the continents; bold is p < .05, a star says that it holds among "
    "all tests of the table (Holm). XRR has the program's own interval over places. Likeness is 1 − edit distance / length: "
    "German shares the stems of places and the whole names of continents, so that spelling alone can carry a fact; the alias "
    "world shares neither. [finetuning.md](finetuning.md#xrr) says more.\n"
)

RESCALED = (
    "Accuracy is re-scaled so that 0 is chance. 1 is ChatGPT's accuracy in English (RA) where the paper has it, and elsewhere every item "
    "right. en-CO is the share of the right answers in a language that are the same in English. A model that answers one letter to "
    "everything has an en-CO of 1 and knows nothing, so that beside it stands what goes beyond letters (0: nothing does; "
    "[scores.md](scores.md#letters)), bold where its interval is above 0, and the share of the letter that is answered most often. "
    "Even that need not be knowledge: options such as years read alike in all languages, and a model may prefer one of them. "
    "Intervals are clika's own, of 95 %; a dash is undefined, and where answers are too few there is no interval. Beyond letters:\n"
)
PAIRED = (
    "The same items by letters and by texts, zero shots: accuracy by letters less accuracy by texts, with clika's interval (`clika "
    "compare`). Bold is p < .05 in McNemar's exact test; a star says that it holds among all of the table (Holm).\n"
)
UNPAIRED = (
    "In which country a city lies, and in which of its country's divisions: both have four options of one kind. A cell has the right "
    "answers of xCountry, of xGeo, and p of Fisher's exact test, two-sided; a star says that it holds among all of the table (Holm). The cities "
    "are not the same.\n"
)


def read(folder):
    """The results that are kept in a folder, by the cells' names."""
    found = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json")))
    return {result["cell"]: result for result in found}


def trial_results(plan, kept):
    """What the trials found, by setting: of the worlds that were run."""
    found = {}
    for setting in plan.settings:
        for cell in plans.trials(plan, setting):
            if cell.name in kept:
                found.setdefault(setting.name, []).append(kept[cell.name])
    return found


def trial_outcomes(plan, kept):
    """What those trainings gave, by setting."""
    return {name: [cell["result"] for cell in cells] for name, cells in trial_results(plan, kept).items()}


def chosen(plan, kept):
    """The setting of the plan's experiments; None while trials are missing."""
    return plans.chosen(plan, trial_outcomes(plan, kept))


def cells(plan, kept):
    """All cells of a plan in their order; without a setting the experiments' commands are not known yet."""
    yield from plans.pilot(plan)
    yield from plans.scores(plan)
    for setting in plans.tried(plan, trial_outcomes(plan, kept)):
        yield from plans.trials(plan, setting)
    setting = chosen(plan, kept)
    yield from plans.experiments(plan, setting or plan.settings[0])
    if setting:
        yield from plans.longer(plan, setting, kept)


def section_pilot(plan, kept):
    results = [kept[cell.name] for cell in plans.pilot(plan) if cell.name in kept]
    amount = (
        f"{plan.items} items of each set (of xGeo and xCountry two cities, of xPeo two people of each language)"
        if plan.items
        else "All items of each set"
    )
    text = (
        f"{amount} in ten languages. A cell is the number of right answers with the exact "
        "interval of its share (Clopper and Pearson, 95 %); the test is the one-sided exact binomial against chance. Both "
        "take items as independent. xPeo asks two questions about a person, so that its intervals are a little too short. "
        "The items are the same in all languages, so that the tests of a set are not independent of each other.\n\n"
    )
    if not results:
        return text + "Not run.\n"
    pilot = Pilot(results)
    return "\n".join([text + pilot.summary(), pilot.letters(),
                      pilot.markdown([way.title for way in plan.model.ways], plans.SETS, plans.LANGUAGES)])  # fmt: skip


def section_scores(plan, kept):
    """RA, en-CO and what is compared of the answers, each with its interval; empty for a plan that has none of it."""
    models = {f"{plan.model.key}-{way.name}": way.title for way in plan.model.ways}
    wanted = list(plans.scores(plan))
    found = [kept[cell.name] for cell in wanted if cell.name in kept]
    scores, pairs = ([cell for cell in found if cell["kind"] == kind] for kind in ("scores", "compare"))
    parts = []
    if scores:
        made = Scores(scores)
        parts += ["## RA and consistency with English\n", RESCALED, made.summary(models, plans.SETS, plans.LANGUAGES),
                  made.markdown(models, plans.SETS, plans.LANGUAGES)]  # fmt: skip
    if pairs:
        made = Pairs(pairs)
        parts += ["## Letters against texts\n", PAIRED, made.summary(), made.markdown(plans.SETS, plans.LANGUAGES)]
    made = Sets([kept[cell.name] for cell in plans.pilot(plan) if cell.name in kept], "xcountry", "xgeo")
    if wanted and made.tests:
        parts += ["## xCountry against xGeo\n", UNPAIRED, made.summary(),
                  made.markdown([way.title for way in plan.model.ways], plans.LANGUAGES)]  # fmt: skip
    return parts


def section_trials(plan, kept):
    results = trial_results(plan, kept)
    setting = chosen(plan, kept)
    text = (
        f"Tried on worlds {' and '.join(map(str, plan.trial_worlds))} (en → de), which nothing else is asked about. The rule, "
        "which looks at no tested world: settings are tried in this order, and the first whose gate passes by both ways of answering on both worlds "
        "is taken; if none passes, the one whose weakest prerequisite is best. (Until 2026-11-30 all five of SmolLM2's were to be tried; of "
        "them e alone had been run.)"
        f"{f' {plan.model.seen}' if plan.model.seen else ''}\n\n"
    )
    text += trials(plan.settings, results)
    return text + (f"\nChosen: setting {setting.name}.\n" if setting else "\nNot chosen yet: trials are missing.\n")


def section_experiments(plan, kept):
    setting = chosen(plan, kept)
    wanted = list(plans.experiments(plan, setting or plan.settings[0]))
    again = list(plans.longer(plan, setting, kept)) if setting else []
    wanted += again
    results = [kept[cell.name] for cell in wanted if cell.name in kept]
    text = (
        f"Worlds of {plans.PLACES} places on {plans.CONTINENTS} continents; half of the places are taught in English alone, "
        "and asked about in the other language. The seed is that of the world and of the training.\n\n"
    )
    if setting:
        text += f"Setting {setting.name}: {setting.text()}; the rest is in `{plans.CONFIG}`.\n\n"
    if again:
        [*_, after] = plan.settings[: plan.settings.index(setting) + 2]
        text += (
            f"Where its gate failed, setting {after.name} was to follow ({after.text()}): the trials are of German alone, and other "
            "names take longer to learn. This rule was added when Gemma's gates in Russian and Japanese had "
            "failed; it looks at gates, and not at what crossed.\n\n"
        )
    missing = [cell.name for cell in wanted if cell.name not in kept]
    if results:
        crossing = Crossing(results)
        text += "\n".join([crossing.summary(), "What the model has to know (more than 90 % of each):\n", gates(results),
                           "What it knows in the other language although it was taught in English alone:\n",
                           crossing.markdown(), MEANING, "The trainings:\n", training(results)])  # fmt: skip
    if missing:
        text += f"\nNot run: {', '.join(missing)}.\n"
    return text


def short(plan, kept):
    """What came out of a run, in sentences."""
    evaluated = [kept[cell.name] for cell in plans.pilot(plan) if cell.name in kept]
    trained = [cell for cell in kept.values() if cell["kind"] == "finetune" and "setting" not in cell["labels"]]
    name = f"{plan.name.capitalize()} run"
    if not evaluated and not trained:
        return f"{name}: {'trials of settings only' if kept else 'not run'}.\n"
    parts = [f"{name}, of {len(evaluated)} of {len(list(plans.pilot(plan)))} sets and ways of answering, and "
             f"{len(trained)} trainings:\n"]  # fmt: skip
    if evaluated:
        parts.append(f"- {Pilot(evaluated).summary()}".rstrip())
    if trained:
        parts.append(Crossing(trained).summary().rstrip())
    return "\n".join(parts) + "\n"


def report(plan, kept):
    """What `make real` prints at its end."""
    wanted = {cell.name: cell for cell in cells(plan, kept)}
    own = [kept[name] for name in wanted if name in kept]
    seconds = sum(cell["seconds"] for cell in own)
    cpu = sum(cell["cpu_seconds"] for cell in own)
    span = ""
    if plan.items and len(own) == len(wanted) and not any(cell["resumed"] for cell in own):
        minutes = (max(cell["ended"] for cell in own) - min(cell["begun"] for cell in own)) / 60
        span = f" From the first to the last: {minutes:.1f} minutes."
    parts = [
        f"{len(own)} of {len(wanted)} cells are finished: {seconds / 60:.0f} minutes of commands, two at a time, and "
        f"{cpu / 60:.0f} minutes of the processor.{span}\n",
        "## Which sets and ways of answering are above chance\n",
        section_pilot(plan, kept),
        *section_scores(plan, kept),
    ]
    if plan.trial_worlds:
        parts += ["## Settings\n", section_trials(plan, kept)]
    parts += ["## What crosses to another language\n", section_experiments(plan, kept), "## Cells\n", costs(own)]
    missing = [name for name in wanted if name not in kept]
    if missing:
        rows = [[name, f"`{plan.command} ONLY={name}`"] for name in missing]
        parts.append(f"Not run:\n\n{table(['cell', 'command'], rows)}")
    return "\n".join(parts)


def deeper(markdown):
    """The same text one level of headings down."""
    return "\n".join(f"#{line}" if line.startswith(("## ", "### ")) else line for line in markdown.split("\n"))


def page(folder):
    """docs/results.md of the results in a folder, which has a folder for each model, and in it one for each plan."""
    parts = [of_model(folder, *of) for of in plans.PLANS.values()]
    parts = [part for part in parts if part]
    if not parts:
        return "# Results\n\nNothing has been run.\n"
    return f"""# Results with real models

`pipeline/cli/real` makes this page from the files in [results](results): a file for each command ("cell"), with its options, the
version of clika, the hashes of all inputs, and its time. Whatever came out stands here; a failed gate is a result too.

```sh needs=time
make real QUICK=1                                       # SmolLM2: 12 minutes on two quiet cores, after the release build
make real                                               # hours; can be interrupted, and goes on with the cells that are missing
make real MODEL=gemma3 QUICK=1 ACCEPT_GEMMA_TERMS=yes   # Gemma 3 270M, if you accept its terms
make real MODEL=gemma3 ONLY='finetune-*' ACCEPT_GEMMA_TERMS=yes   # a part of its full run
```

A cell whose file is there, with the same command and inputs, is not run again. `make real QUICK=1` runs its own cells anew in
each clone, keeps them in `artifacts/real`, and says whether they agree with those here.

{LIMITS}{"".join(parts)}"""


LIMITS = """## What models of this size can show, and what not

The models here are small, of 135 and of 270 million parameters.

**What they know already is too little.** Where a row says that nothing is above chance, the set is too hard for the model, and its
answers say nothing about languages: neither RA nor en-CO of such a set means anything, whatever they are. Asked for letters, both
models answer one letter to nearly every question about cities and people in most languages, so that en-CO is 1 there, and nothing is
left beyond letters. By texts languages do agree beyond letters on some sets, and are at chance all the same: an option that is written alike
in them, as a name, may be what they prefer.

**What they were just taught can be measured.** A training on a made-up world passes the gate or fails it, and where it passes, the
facts of the other language are counted against guessing, shuffled facts and the alias control. There both models find in German what
they were taught in English alone, and neither finds it under alias names, which share little with the English ones. Gemma's Russian and
Japanese, in other scripts, are at chance, although the model can translate the names. So what crosses here goes as far as spelling does;
whether it is spelling alone, the cognate worlds would say, which have not been run. That is what to look at first in a larger
model, too, and why likeness stands beside each XRR.

**What they cannot show** is how much a large model's knowledge crosses. For that, run the same commands with a larger one.
"""


def of_model(folder, quick_plan, full_plan):
    """The part of the page about one model; empty where nothing of it was run."""
    model = quick_plan.model
    quick, full = (read(folder / model.folder / plan.name) for plan in (quick_plan, full_plan))
    first = next(iter([*quick.values(), *full.values()]), None)
    if first is None:
        return ""
    example = next((cell["command"] for cell in quick.values() if cell["kind"] == "evaluate"), None)
    trained = next((cell["command"] for cell in quick.values() if cell["kind"] == "finetune"), None)
    commands = "\n".join(filter(None, [example, trained]))
    machines = sorted({cell["machine"] for cell in [*quick.values(), *full.values()]})
    return f"""
## {model.title}

{model.title} ({model.source}; SHA-256 `{first['inputs']['model']}`), computed in
{first['dtype']} on {first['device']} ({', '.join(machines)}), {first['jobs']} commands at a time, threads of each: {first['threads']}. Single cells
are commands such as these:

```sh needs=model
{commands}
```

### In short

{short(quick_plan, quick)}
{short(full_plan, full)}
### Quick run

{deeper(deeper(report(quick_plan, quick)))}
### Full run

{deeper(deeper(report(full_plan, full)))}"""
