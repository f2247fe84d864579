//! What was collected as Markdown.

use super::{Collected, paired::TestKind};
use clika_finetune::ScoreEstimate;
use clika_scores::report::Score;
use std::fmt::{self, Write};

impl Collected {
    /// All tables; numbers with three digits, as `clika finetune`'s report has them.
    pub(super) fn markdown(&self) -> String {
        let mut out = String::new();
        self.write(&mut out).expect("writing to memory succeeds");
        out
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "# The grid {}\n", self.grid)?;
        writeln!(
            out,
            "{} of {} cells are finished.\n",
            self.cells - self.missing.len(),
            self.cells
        )?;
        self.write_trainings(out)?;
        self.write_spreads(out)?;
        self.write_tests(out)?;
        self.write_evaluations(out)?;
        self.write_missing(out)
    }

    fn write_trainings(&self, out: &mut String) -> fmt::Result {
        if self.rows.is_empty() {
            return Ok(());
        }
        writeln!(out, "## Trainings\n")?;
        writeln!(
            out,
            "Scores with their intervals; in brackets where the gate failed, since they then say nothing about languages.\n"
        )?;
        writeln!(
            out,
            "| model and setting | pair | seed | answers | gate | places | right in the target | XRR | chance-corrected |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|---|---|---|")?;
        for row in &self.rows {
            let score = |it: &ScoreEstimate| {
                let text = interval(it.value, it.low, it.high);
                if row.gate { text } else { format!("[{text}]") }
            };
            writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                row.setting,
                row.pair,
                row.seed.map_or_else(|| "–".to_owned(), |it| it.to_string()),
                row.mode.name(),
                if row.gate { "passed" } else { "failed" },
                row.places,
                score(&row.target_accuracy),
                score(&row.xrr),
                score(&row.xrr_corrected),
            )?;
        }
        writeln!(out)
    }

    fn write_spreads(&self, out: &mut String) -> fmt::Result {
        if self.spreads.is_empty() {
            return Ok(());
        }
        writeln!(out, "## Seeds\n")?;
        writeln!(
            out,
            "Mean and standard deviation of XRR over the seeds whose gate passed.\n"
        )?;
        writeln!(
            out,
            "| model and setting | pair | answers | seeds | counted | mean | deviation |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|---|")?;
        for it in &self.spreads {
            writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {} |",
                it.setting,
                it.pair,
                it.mode.name(),
                it.seeds,
                it.counted,
                number(it.mean),
                number(it.deviation)
            )?;
        }
        writeln!(out)
    }

    fn write_tests(&self, out: &mut String) -> fmt::Result {
        for (kind, title) in [
            (TestKind::Seeds, "Seeds compared"),
            (TestKind::Languages, "Languages compared"),
        ] {
            let mut tests = self.tests.iter().filter(|it| it.kind == kind).peekable();
            if tests.peek().is_none() {
                continue;
            }
            writeln!(out, "## {title}\n")?;
            writeln!(
                out,
                "On the places that both were asked about in their target languages: McNemar's exact test, and its p after Holm's \
                 correction over this table.\n"
            )?;
            writeln!(
                out,
                "| model and setting | a | b | answers | places | only a right | only b right | p | Holm |"
            )?;
            writeln!(out, "|---|---|---|---|---|---|---|---|---|")?;
            for it in tests {
                writeln!(
                    out,
                    "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                    it.setting,
                    it.a,
                    it.b,
                    it.mode.name(),
                    it.places,
                    it.only_a,
                    it.only_b,
                    number(it.p),
                    number(it.holm_p)
                )?;
            }
            writeln!(out)?;
        }
        Ok(())
    }

    fn write_evaluations(&self, out: &mut String) -> fmt::Result {
        if self.evaluations.scores.is_empty() {
            return Ok(());
        }
        writeln!(out, "## Evaluations\n")?;
        writeln!(
            out,
            "| model | dataset | language | items | accuracy | invalid |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|")?;
        for score in &self.evaluations.scores {
            let Score {
                model,
                task,
                language,
                ..
            } = score;
            writeln!(
                out,
                "| {model} | {} | {language} | {} | {} | {} |",
                task.name(),
                score.n,
                interval(score.value, score.low, score.high),
                score.invalid
            )?;
        }
        writeln!(out)?;
        for comparison in &self.evaluations.comparisons {
            writeln!(out, "{}", comparison.markdown())?;
        }
        Ok(())
    }

    fn write_missing(&self, out: &mut String) -> fmt::Result {
        if self.missing.is_empty() {
            return Ok(());
        }
        writeln!(out, "## Missing\n")?;
        for (cell, state) in &self.missing {
            writeln!(out, "- {cell}: {}", state.name())?;
        }
        Ok(())
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}

fn interval(value: Option<f64>, low: Option<f64>, high: Option<f64>) -> String {
    match (value, low, high) {
        (Some(value), Some(low), Some(high)) => format!("{value:.3} ({low:.3} to {high:.3})"),
        (value, _, _) => number(value),
    }
}
