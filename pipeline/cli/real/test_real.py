"""Tests of make real without a model: python3 -m unittest discover -s pipeline/cli/real

Expected numbers are worked by hand or from printed tables of the binomial distribution.
"""

import json
import stat
import sys
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

import real as started
import page
import plan as plans
from cells import Bench, Failed, digest
from chance import at_least, fisher, holm, interval
from consistency import Pairs, Scores, Sets
from tables import Crossing, Pilot, share


class Chance(unittest.TestCase):
    def test_tails_are_those_of_printed_tables(self):
        # 8, 9 and 10 heads of ten: 45 + 10 + 1 of 1024.
        self.assertAlmostEqual(at_least(8, 10, 0.5), 56 / 1024)
        # P(X <= 8) = .9591 for n = 20, p = .25, and P(X <= 10) = .9744 for n = 30, p = .2.
        self.assertAlmostEqual(at_least(9, 20, 0.25), 1 - 0.9591, places=4)
        self.assertAlmostEqual(at_least(11, 30, 0.2), 1 - 0.9744, places=4)
        self.assertAlmostEqual(at_least(0, 20, 0.25), 1.0)

    def test_intervals_at_the_edges_have_a_closed_form(self):
        low, high = interval(0, 20)
        self.assertEqual(low, 0.0)
        self.assertAlmostEqual(high, 1 - 0.025 ** (1 / 20))
        low, high = interval(20, 20)
        self.assertAlmostEqual(low, 0.025 ** (1 / 20))
        self.assertEqual(high, 1.0)
        # One or more of 20 has the probability .025 where none has .975.
        self.assertAlmostEqual(interval(1, 20)[0], 1 - 0.975 ** (1 / 20))
        self.assertIsNone(interval(0, 0))

    def test_fisher_is_that_of_the_lady_tasting_tea(self):
        # 3 of 4 cups with milk first and 1 of 4 others: 16 + 1 ways on either side, of 70.
        self.assertAlmostEqual(fisher(3, 4, 1, 4), 34 / 70)
        self.assertAlmostEqual(fisher(4, 4, 0, 4), 2 / 70)
        self.assertEqual(fisher(2, 4, 2, 4), 1.0)
        # Other sizes: no white one in 3 of 10 balls of which 5 are white has 10 ways of 120, and 3 of 3 as many.
        self.assertAlmostEqual(fisher(0, 3, 5, 7), 20 / 120)

    def test_holm_stops_at_the_first_that_does_not_hold(self):
        # Limits .0125, .0167, .025 and .05, by size: .005 and .014 hold, .03 does not, and so neither does .04.
        self.assertEqual(holm([0.014, 0.04, 0.03, 0.005]), [True, False, False, True])
        self.assertEqual(holm([]), [])


def evaluated(name, mode, chance, rights, items=20):
    """A pilot's result: right answers by language."""
    return {
        "cell": f"pilot-{name}-{mode}", "kind": "evaluate", "labels": {"set": name, "mode": mode, "chance": chance},
        "scores": [{"language": language, "right": right, "items": items, "letters_probability": None}
                   for language, right in rights.items()],
    }  # fmt: skip


def trained(right, passed=True, tokens=1000, weakest=1.0, arm="de", places=30):
    """A training's result with `right` of `places` in the other language."""
    none = {"value": None}
    scores = {"places": places, "n_source": places, "n_target": right, "n_both": right, "chance": 0.1,
              "xrr_unfloored": none}  # fmt: skip
    check = {"what": "translation", "right": 10, "rows": 10, "share": weakest, "passed": passed}
    mode = {"mode": "ranking", "gate": {"passed": passed, "checks": [check]}, "conductivity": scores, "beside": []}
    overlap = {"places": {"similarity": 0.5}, "continents": {"similarity": None}}
    return {"arm": arm, "training": {"tokens": tokens}, "modes": [mode], "overlap": overlap}


class Tables(unittest.TestCase):
    def test_what_is_above_chance_is_said(self):
        # p: 1 of 20 by chance .25 is .997; 9 is .041; 20 is 4^-20.
        pilot = Pilot([evaluated("xgeo", "letters", 0.25, {"en": 9, "de": 20, "fr": 1})])
        self.assertEqual(pilot.above(), ["xgeo by letters (de)"])
        text = pilot.markdown(["letters", "texts"], {"xgeo": 4, "xpeo": 4}, ["de", "en", "fr", "ru"])
        self.assertNotIn("By texts:", text)
        self.assertTrue(text.endswith("Not run: by texts.\n"))
        self.assertIn("| de | **20 (.83 to 1.00)*** | not run |", text)
        self.assertRegex(text, r"\| en \| \*\*9 \(\.\d\d to \.\d\d\)\*\* \|")
        self.assertRegex(text, r"\| fr \| 1 \(")
        self.assertIn("| ru | not run | not run |", text)
        self.assertTrue(pilot.summary().startswith("Above chance: xgeo by letters (de). Everything else is not above"))
        # Nine and more of 20 are what is under .05, in each of three tests.
        self.assertAlmostEqual(pilot.expected(), 3 * (1 - 0.9591), places=3)

    def test_nothing_above_chance_is_said_too(self):
        pilot = Pilot([evaluated("xgeo", "letters", 0.25, {"en": 5})])
        self.assertTrue(pilot.summary().startswith("Nothing is above chance."))

    def test_a_failed_gate_says_nothing_about_languages(self):
        cells = [{"labels": {"world": 1}, "result": trained(30, passed=False)},
                 {"labels": {"world": 2}, "result": trained(30)},
                 {"labels": {"world": 3}, "result": trained(3)}]  # fmt: skip
        crossing = Crossing(cells)
        lines = crossing.summary().splitlines()
        self.assertIn("the gate failed", lines[0])
        self.assertTrue(lines[1].endswith("facts cross."))
        self.assertTrue(lines[2].endswith("not above chance."))
        self.assertIn("gate failed (–)", crossing.markdown().splitlines()[2])

    def test_a_share_has_its_interval(self):
        self.assertEqual(share(0, 20), "0 (.00 to .17)")
        self.assertEqual(share(0, 0), "0 of 0")


class Languages(unittest.TestCase):
    def test_consistency_is_bold_where_the_corrected_score_is_above_none(self):
        def row(language, metric, value, low, high):
            return {"model": "m", "language": language, "metric": metric, "value": value, "low": low, "high": high}

        cell = {"labels": {"set": "xgeo"}, "scores": [
            row("en", "ra", 0.25, 0.125, 0.5), row("de", "ra", 0.0, 0.0, 0.25), row("fr", "ra", None, None, None),
            row("de", "en_co", 0.5, 0.25, 0.75), row("de", "en_co_beyond_letters", 0.375, 0.01, 0.5),
            row("fr", "en_co", 0.75, 0.25, 1.0), row("fr", "en_co_beyond_letters", 0.5, -0.01, 0.75),
            row("de", "top_letter", 0.4, None, None),
        ]}  # fmt: skip
        scores = Scores([cell])
        text = scores.markdown({"m": "letters", "other": "texts"}, ["xgeo", "xpeo"], ["de", "en", "fr", "ru"])
        self.assertIn("|  | xgeo (RA) | xpeo |", text)
        self.assertIn("| en | .25 (.12 to .50) | – |", text)
        self.assertIn("| de | .50 (.25 to .75); **.38 (.01 to .50)**; .40 | –; –; – |", text)
        self.assertIn("| fr | .75 (.25 to 1.00); .50 (-.01 to .75); – | –; –; – |", text)
        self.assertIn("| ru | –; –; – | –; –; – |", text)
        self.assertNotIn("By texts", text)
        said = scores.summary({"m": "letters"}, ["xgeo", "xpeo"], ["de", "en", "fr"])
        self.assertEqual(said, "- By letters, of 2 pairs of a set and a language: xgeo (de).\n")

    def test_a_difference_of_two_ways_is_said_where_it_holds(self):
        def row(language, difference, p):
            return {"language": language, "difference": difference, "low": -0.5, "high": 0.5, "mcnemar_p": p}

        cell = {"labels": {"set": "xgeo"}, "rows": [row("de", -0.25, 0.001), row("en", 0.25, 0.04), row("fr", 0.0, 1.0)]}
        pairs = Pairs([cell])
        self.assertEqual(pairs.summary(), "texts are right more often in xgeo de. Of 3 tests 2 have p < .05.\n")
        text = pairs.markdown(["xgeo"], ["de", "en", "fr", "ru"])
        self.assertIn("| de | **-.25 (-.50 to .50)*** |", text)
        self.assertIn("| en | **.25 (-.50 to .50)** |", text)
        self.assertIn("| ru | not run |", text)

    def test_two_sets_are_compared_where_both_are_there(self):
        cells = [evaluated("xcountry", "texts", 0.25, {"en": 20, "de": 5, "fr": 5}),
                 evaluated("xgeo", "texts", 0.25, {"en": 0, "de": 5}), evaluated("xcountry", "free", 0.25, {"en": 20})]  # fmt: skip
        sets = Sets(cells, "xcountry", "xgeo")
        self.assertEqual(set(sets.tests), {("texts", "en"), ("texts", "de")})
        self.assertEqual(sets.summary(), "xcountry is right more often by texts (en). Of 2 tests 1 have p < .05.\n")
        self.assertIn("| de | 5 (.09 to .49); 5 (.09 to .49); p 1.000 |", sets.markdown(["texts", "free"], ["de"]))


class Choice(unittest.TestCase):
    def chosen(self, **runs):
        """By the trials that were run: `a` and `b` of SmolLM2's settings c, a, b, e, d and so on."""
        return plans.chosen(plans.FULL, runs)

    FAILED = [trained(0), trained(0, passed=False, weakest=0.5)]

    def test_the_first_that_passes_everywhere(self):
        self.assertEqual(self.chosen(c=self.FAILED, a=self.FAILED, b=[trained(0)] * 2).name, "b")
        # What is after it is not tried.
        tried = plans.tried(plans.FULL, dict(c=self.FAILED, a=self.FAILED, b=[trained(0)] * 2))
        self.assertEqual([setting.name for setting in tried], ["c", "a", "b"])

    def test_where_none_passes_the_one_that_knows_most(self):
        better = [trained(0, passed=False, weakest=0.6)] * 2
        self.assertEqual(self.chosen(c=self.FAILED, a=self.FAILED, b=self.FAILED, e=better, d=self.FAILED).name, "e")

    def test_what_crossed_does_not_count(self):
        found = self.chosen(c=self.FAILED, a=[trained(0)] * 2, b=[trained(30)] * 2)
        self.assertEqual(found.name, "a")

    def test_no_choice_while_a_trial_is_missing(self):
        self.assertIsNone(self.chosen(c=self.FAILED, a=[trained(0)]))
        # One before it has not been run.
        self.assertIsNone(self.chosen(a=[trained(0)] * 2))
        self.assertIsNone(self.chosen())


# Stands for clika: writes down that it ran, and answers as it does.
PROGRAM = f"""#!{sys.executable}
import json, os, sys
if sys.argv[1] == "--version":
    print("clika 9.9"); sys.exit()
with open("calls", "a") as file:
    file.write(" ".join(sys.argv[1:3]) + "\\n")
if os.path.exists("broken") and open("broken").read() in sys.argv[2]:
    sys.exit(1)
if sys.argv[1] == "evaluate":
    run = dict(fingerprint="f", device="cpu", dtype="f32", format="own")
    print(json.dumps(dict(run=run, scores=[])))
"""


class Cells(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        program = self.root / "clika"
        program.write_text(PROGRAM)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.cell = next(plans.pilot(plans.QUICK))
        (self.root / "templates/prompts").mkdir(parents=True)
        (self.root / "templates/prompts/paper.toml").write_text("a")
        self.dataset({"de.parquet": "1", "sw.parquet": "1"})
        self.bench = Bench(self.root, program, self.root / "results", "model", jobs=2)

    def dataset(self, files, cell=None):
        folder = self.root / (cell or self.cell).dataset
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "manifest.json").write_text(json.dumps({"files": files}))

    def run_cell(self):
        ended = []
        self.bench.run([self.cell], ended.append)
        return ended[0]

    def calls(self):
        return (self.root / "calls").read_text().splitlines()

    def test_a_cell_that_is_there_is_not_run_again(self):
        self.assertEqual(self.bench.result(self.cell), (None, "not run"))
        kept = self.run_cell()
        self.assertEqual((kept["clika"], kept["resumed"]), ("clika 9.9", False))
        self.assertEqual(self.bench.result(self.cell), (kept, ""))
        other = replace(self.cell, arguments=[*self.cell.arguments, "--permute"])
        self.assertEqual(self.bench.result(other), (None, "its command has changed"))

    def test_a_changed_input_is_named_and_another_languages_file_is_none(self):
        self.run_cell()
        self.dataset({"de.parquet": "1", "sw.parquet": "2"})
        self.assertIsNotNone(self.bench.result(self.cell)[0])
        self.dataset({"de.parquet": "2", "sw.parquet": "2"})
        self.assertEqual(self.bench.result(self.cell), (None, "changed: xgeo/de.parquet"))

    def test_a_cell_that_failed_is_not_kept_and_its_next_attempt_says_so(self):
        (self.root / "broken").write_text("xgeo")
        self.assertRaises(Failed, self.run_cell)
        self.assertEqual(self.bench.result(self.cell)[1], "not run")
        (self.root / "broken").unlink()
        self.assertTrue(self.run_cell()["resumed"])
        self.assertEqual(self.calls(), ["evaluate xgeo"] * 2)

    def test_a_failure_starts_nothing_new_and_loses_nothing_that_runs(self):
        cells = [cell for cell in plans.pilot(plans.QUICK) if "letters" in cell.name]
        for cell in cells:
            self.dataset({"de.parquet": "1"}, cell)
        (self.root / "broken").write_text("xpeo")
        ended = []
        self.assertRaises(Failed, self.bench.run, cells, ended.append)
        names = {kept["cell"] for kept in ended}
        self.assertIn("pilot-xgeo-letters", names)
        self.assertNotIn("pilot-xpeo-letters", names)
        # At most the one beside it was begun before.
        self.assertNotIn("evaluate xcsqa-mini", self.calls())
        (self.root / "broken").unlink()
        self.bench.run([cell for cell in cells if not self.bench.result(cell)[0]], ended.append)
        self.assertEqual({kept["cell"] for kept in ended}, {cell.name for cell in cells})

    def test_comments_of_settings_are_no_input(self):
        self.assertEqual(digest("# why\nrank = 1\n", True), digest("rank = 1", True))
        self.assertNotEqual(digest("rank = 2", True), digest("rank = 1", True))
        self.assertNotEqual(digest("# why\n", False), digest("", False))

    def test_one_setting_is_tried_after_the_other(self):
        passed, failed = [{"result": trained(0)}] * 2, [{"result": trained(0, passed=False)}] * 2
        for finished, expected in [({}, "cabed"), ({"c": passed}, "c"), ({"c": failed, "a": passed}, "ca")]:
            begun = []

            def trials(plan, setting):
                begun.append(setting.name)
                return []

            def results(plan, kept):
                return {name: runs for name, runs in finished.items() if name in begun}

            with mock.patch.object(plans, "trials", trials), mock.patch.object(page, "trial_results", results):
                with mock.patch.object(started, "say"):
                    list(started.stages(self.bench, plans.FULL))
            self.assertEqual("".join(begun), expected)

    def test_a_failed_gate_is_answered_with_the_next_setting(self):
        setting = plans.FULL.settings[0]
        kept = {"finetune-ru-seed1": {"result": trained(30, passed=False)}, "finetune-de-seed1": {"result": trained(0)}}
        [cell] = plans.longer(plans.FULL, setting, kept)
        self.assertEqual((cell.name, cell.labels["again"]), ("finetune-ru-seed1-a", "a"))
        self.assertIn("artifacts/real/full/finetune/finetune-ru-seed1-a", cell.arguments)
        # The last one has none after it.
        self.assertEqual(list(plans.longer(plans.FULL, plans.FULL.settings[-1], kept)), [])
        self.assertEqual(list(plans.longer(plans.QUICK, plans.QUICK_SETTING, kept)), [])

    def test_the_tested_worlds_wait_for_the_trials(self):
        with mock.patch.object(plans, "worlds", return_value=[]), mock.patch.object(started, "say"):
            with mock.patch.object(Bench, "result", return_value=({"date": "today"}, "")):
                with mock.patch.object(page, "chosen", return_value=None), mock.patch.object(plans, "experiments") as cells:
                    started.run(self.bench, plans.FULL, "*")
        # Their number is counted, and no more.
        self.assertEqual(cells.call_count, 1)


class Pages(unittest.TestCase):
    def test_without_results_the_page_says_so(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertIn("Nothing has been run", page.page(Path(folder)))

    def test_what_is_missing_is_named_with_its_command(self):
        text = page.report(plans.QUICK, {})
        self.assertIn("| pilot-xgeo-letters | `make real QUICK=1 ONLY=pilot-xgeo-letters` |", text)
        self.assertTrue(text.startswith("0 of 12 cells are finished"))


if __name__ == "__main__":
    unittest.main()
