//! The report for people: tables of gate and scores, and what they mean.

use crate::{
    AnswerMethod, AnswerMethodResult, Conductivity, ExperimentResults, GateCheck, NameSimilarity,
    Prerequisite, Recall, RunResult, ScoreEstimate, Strategy,
};
use clika_scores::report::INTERVAL_RULE;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

impl ExperimentResults {
    /// The report as Markdown. XRR stands nowhere without its gate, and in brackets where that failed.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        self.write(&mut out).expect("writing to memory succeeds");
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "# What crosses in {}\n", self.model)?;
        writeln!(out, "{}\n", self.training())?;
        self.write_worlds(out)?;
        self.write_recall(out)?;
        self.write_gates(out)?;
        self.write_scores(out)?;
        self.write_seeds(out)?;
        self.write_written(out)?;
        self.write_meaning(out)
    }

    /// How large the worlds are, language pairs of one size in a line.
    fn write_worlds(&self, out: &mut String) -> std::fmt::Result {
        let mut lines: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for run in &self.runs {
            let [places, continents] = [&run.overlap.places, &run.overlap.continents];
            let mut line = format!("{} places on {} continents", places.names, continents.names);
            if let Some(trained) = &run.training {
                line += &format!(", {} rows to learn", trained.examples);
            }
            if let Some(mode) = run.modes.first() {
                line += &format!(", {} places to ask about", mode.conductivity.places);
            }
            let pairs = lines.entry(line).or_default();
            if !pairs.contains(&run.pair.as_str()) {
                pairs.push(&run.pair);
            }
        }
        for (line, pairs) in lines {
            writeln!(out, "World of {}: {line}.\n", pairs.join(", "))?;
        }
        Ok(())
    }

    /// How the model was trained, in a sentence.
    fn training(&self) -> String {
        let (lora, training) = (&self.config.lora, &self.config.training);
        let strategy = self.config.strategy;
        let weights = match strategy {
            Strategy::Full => "all weights".to_owned(),
            Strategy::LoraPaper | Strategy::LoraAttention | Strategy::LoraAll => format!(
                "`{}` of rank {}, alpha {}, dropout {}",
                strategy.name(),
                lora.rank,
                lora.alpha,
                lora.dropout
            ),
        };
        let where_ = format!(
            "format `{}`, {} on {}",
            self.format, self.dtype, self.device
        );
        if self.runs.iter().all(|run| run.training.is_none()) {
            return format!("An adapter that was given; {where_}.");
        }
        let limit = training
            .max_steps
            .map_or_else(String::new, |steps| format!(" ({steps} steps at most)"));
        format!(
            "Trained: {weights}; learning rate {}, batches of {}, {} epochs{limit}; {where_}.",
            self.config.learning_rate(),
            training.batch,
            training.epochs
        )
    }

    /// What the base knew before training, language pairs with the same recall in a line.
    fn write_recall(&self, out: &mut String) -> std::fmt::Result {
        let mut lines: Vec<(&Recall, Vec<&str>)> = Vec::new();
        for run in &self.runs {
            match lines.iter_mut().find(|(recall, _)| **recall == run.recall) {
                Some((_, pairs)) if pairs.contains(&run.pair.as_str()) => {}
                Some((_, pairs)) => pairs.push(run.pair.as_str()),
                None => lines.push((&run.recall, vec![run.pair.as_str()])),
            }
        }
        for (recall, pairs) in lines {
            let verdict = if recall.is_chance() {
                "the base does not know the world"
            } else {
                "**the base knows more of the world than a guess would, so that its scores are not of what was taught**"
            };
            writeln!(
                out,
                "Before training, {}: {} of {} questions in the source language right by ranking, chance is {}: {verdict}.\n",
                pairs.join(", "),
                recall.right,
                recall.rows,
                number(Some(recall.chance))
            )?;
        }
        Ok(())
    }

    fn write_gates(&self, out: &mut String) -> std::fmt::Result {
        let threshold = self.config.gate.threshold;
        writeln!(out, "## Gate\n")?;
        writeln!(
            out,
            "What a model has to know before anything can cross: more than {threshold} of each.\n"
        )?;
        writeln!(
            out,
            "| world | seed | answers | translation | source, taught in both (type 0) | source, to cross (type 1) | target, taught in both (type 0) | gate |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|---|---|")?;
        for (run, mode) in self.modes() {
            let cell = |what: Prerequisite| {
                let checks = mode.gate.checks.iter().filter(|check| check.what == what);
                checks.map(share).collect::<Vec<_>>().join(", ")
            };
            writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {} | {} |",
                run.pair,
                seed(run),
                mode.mode.name(),
                cell(Prerequisite::Translation),
                cell(Prerequisite::SourceTaught),
                cell(Prerequisite::SourceTested),
                cell(Prerequisite::TargetTaught),
                verdict(mode),
            )?;
        }
        writeln!(out)
    }

    fn write_scores(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "## Conductivity\n")?;
        writeln!(
            out,
            "| world | seed | answers | gate | n source | n both | of places | target right | XRR | unfloored | chance-corrected | equal names | likeness |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|---|---|---|---|---|---|---|")?;
        for (run, mode) in self.modes() {
            let control_tests = mode.control_tests.iter();
            let control_tests =
                control_tests.map(|it| (format!("{} {}", run.pair, it.name), &it.conductivity));
            let own = (run.pair.clone(), &mode.conductivity);
            for (name, scores) in [own].into_iter().chain(control_tests) {
                writeln!(out, "{}", row(&name, run, mode, scores))?;
            }
        }
        writeln!(
            out,
            "\nPlaces that were taught in the source language alone (type 1), asked about in the target language. \
             n source: right in the source language; n both: in both. XRR is max(n both / n source − chance, 0), as in the \
             paper; unfloored without the max; chance-corrected on the scale from chance to 1. {:.0} % intervals over places: \
             {INTERVAL_RULE}. Equal names and likeness (1 − edit distance / length) are of the places, and in brackets of the continents.\n",
            100.0 * self.config.intervals.level
        )
    }

    /// The mean over seeds, where there are several.
    fn write_seeds(&self, out: &mut String) -> std::fmt::Result {
        let mut groups: BTreeMap<(&str, AnswerMethod), (usize, Vec<f64>)> = BTreeMap::new();
        for (run, mode) in self.modes() {
            let (seeds, scores) = groups.entry((run.pair.as_str(), mode.mode)).or_default();
            *seeds += 1;
            let passed = mode.gate.passed;
            scores.extend(mode.conductivity.xrr_unfloored.value.filter(|_| passed));
        }
        groups.retain(|_, (seeds, _)| *seeds > 1);
        if groups.is_empty() {
            return Ok(());
        }
        writeln!(out, "Over the seeds that passed the gate, unfloored XRR:\n")?;
        writeln!(out, "| world | answers | seeds | mean | lowest | highest |")?;
        writeln!(out, "|---|---|---|---|---|---|")?;
        for ((pair, mode), (seeds, scores)) in groups {
            let end = |of: fn(f64, f64) -> f64| number(scores.iter().copied().reduce(of));
            writeln!(
                out,
                "| {pair} | {} | {} of {seeds} | {} | {} | {} |",
                mode.name(),
                scores.len(),
                number(mean(&scores)),
                end(f64::min),
                end(f64::max)
            )?;
        }
        writeln!(out)
    }

    /// What the model wrote about a place of each world, once for each.
    fn write_written(&self, out: &mut String) -> std::fmt::Result {
        let mut seen = BTreeSet::new();
        let runs = self.runs.iter().filter(|run| !run.written.is_empty());
        let runs: Vec<_> = runs.filter(|run| seen.insert(&run.pair)).collect();
        if runs.is_empty() {
            return Ok(());
        }
        writeln!(out, "## Asked and answered\n")?;
        writeln!(
            out,
            "A place of each world that was taught in the source language only: first asked about in that language, then in the \
             target language.\n"
        )?;
        writeln!(out, "| world | question | what the model wrote | |")?;
        writeln!(out, "|---|---|---|---|")?;
        for run in runs {
            for written in &run.written {
                let verdict = if written.right {
                    "right".to_owned()
                } else {
                    format!("wrong: {}", cell(&written.gold))
                };
                let (question, answer) = (cell(&written.question), cell(&written.answer));
                let pair = &run.pair;
                writeln!(out, "| {pair} | {question} | {answer} | {verdict} |")?;
            }
        }
        writeln!(out)
    }

    /// What the contrast between the worlds says.
    fn write_meaning(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "## What this means\n")?;
        writeln!(
            out,
            "XRR is the share of what a model knows in one language that it also answers in another one, in which nobody \
             told it. For that, names have to cross: where both languages write them alike, spelling alone can carry a fact, \
             and no knowledge needs to be aligned. So a part of what XRR measures is shared spelling, and scores of languages \
             with different shares of equal names do not compare. `cognate`, where all names are equal, shows how much \
             crosses when names are no obstacle; `alias`, where the other language is the source under unrelated names, how \
             much does although no other language is involved: what is lost there is lost to composing two facts. \
             `random-label` asks the same model for shuffled facts, and has to be at chance. A failed gate says that the \
             training did not work: what then does not cross says nothing about languages."
        )?;
        for mode in [AnswerMethod::Ranking, AnswerMethod::Free] {
            let of = |control: Option<&str>| {
                let runs = self.modes().filter(|(run, result)| {
                    run.control.as_deref() == control && result.mode == mode && result.gate.passed
                });
                let scores = runs.filter_map(|(_, it)| it.conductivity.xrr_corrected.value);
                mean(&scores.collect::<Vec<_>>())
            };
            if let (Some(cognate), Some(alias)) = (of(Some("cognate")), of(Some("alias"))) {
                let plain = of(None).map_or_else(String::new, |plain| {
                    format!("; the languages lie at {plain:.3}")
                });
                writeln!(
                    out,
                    "\nHere, by {}, {cognate:.3} crosses with equal names and {alias:.3} with unrelated ones (chance-corrected){plain}.",
                    mode.name()
                )?;
            }
        }
        Ok(())
    }

    fn modes(&self) -> impl Iterator<Item = (&RunResult, &AnswerMethodResult)> {
        let runs = self.runs.iter();
        runs.flat_map(|run| run.modes.iter().map(move |mode| (run, mode)))
    }
}

/// A line of the scores.
fn row(name: &str, run: &RunResult, mode: &AnswerMethodResult, scores: &Conductivity) -> String {
    let score = |estimate: &ScoreEstimate| {
        let text = estimate_text(estimate);
        if mode.gate.passed {
            text
        } else {
            format!("gate failed ({text})")
        }
    };
    let pair = |of: fn(&NameSimilarity) -> Option<f64>| {
        let (places, continents) = (of(&run.overlap.places), of(&run.overlap.continents));
        let continents = continents.map_or_else(String::new, |it| format!(" ({it:.2})"));
        number(places) + &continents
    };
    let cells = [
        name.to_owned(),
        seed(run),
        mode.mode.name().to_owned(),
        verdict(mode).to_owned(),
        scores.n_source.to_string(),
        scores.n_both.to_string(),
        scores.places.to_string(),
        score(&scores.target_accuracy),
        score(&scores.xrr),
        score(&scores.xrr_unfloored),
        score(&scores.xrr_corrected),
        pair(|names| names.equal),
        pair(|names| names.similarity),
    ];
    format!("| {} |", cells.join(" | "))
}

/// Right answers of a prerequisite, with the language where a translation has two directions.
fn share(check: &GateCheck) -> String {
    let mark = if check.passed { "" } else { " ✗" };
    let into = match check.what {
        Prerequisite::Translation => format!(" into {}", check.language),
        Prerequisite::SourceTaught | Prerequisite::SourceTested | Prerequisite::TargetTaught => {
            String::new()
        }
    };
    format!(
        "{} ({} of {}){into}{mark}",
        number(check.share),
        check.right,
        check.rows
    )
}

const fn verdict(mode: &AnswerMethodResult) -> &'static str {
    if mode.gate.passed { "passed" } else { "failed" }
}

fn seed(run: &RunResult) -> String {
    run.seed
        .map_or_else(|| "–".to_owned(), |seed| seed.to_string())
}

fn estimate_text(estimate: &ScoreEstimate) -> String {
    let value = number(estimate.value);
    match (estimate.low, estimate.high) {
        (Some(low), Some(high)) => format!("{value} ({low:.3} to {high:.3})"),
        _ => value,
    }
}

/// A text as a cell of a table, in one line and cut where it is long.
fn cell(text: &str) -> String {
    const LONGEST: usize = 120;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut cut: String = line.chars().take(LONGEST).collect();
    if cut.len() < line.len() {
        cut.push('…');
    }
    cut.replace('|', "\\|")
}

/// A number for people; a dash where it is undefined.
fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
