//! Reports as Markdown and CSV.

use crate::report::{Comparison, LeftOutItems, OtherScoring, PaperCell, Reproduction};
use serde::Serialize;
use std::fmt::Write;

/// How intervals are made, for readers of a report.
pub const INTERVAL_RULE: &str = "quantiles of resamples where every share that a score is made of has ten right and ten wrong \
     items in thirty clusters or more; elsewhere Clopper and Pearson's on the effective number of items, and for a \
     score of several shares MOVER from theirs";

impl Reproduction {
    /// The tables, the summary and the findings as Markdown.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        self.write_markdown(&mut out)
            .expect("writing to memory succeeds");
        out
    }

    fn write_markdown(&self, out: &mut String) -> std::fmt::Result {
        let summary = self.summary;
        writeln!(out, "# The paper's tables from recorded predictions\n")?;
        writeln!(
            out,
            "{} of {} cells agree with the printed digits ({} of them by a finding), {} differ, {} cannot be computed. Without the rows that tables repeat: {} of {} agree, {} \
             differ, {} cannot be computed.\n",
            summary.printed.agree,
            summary.printed.total(),
            summary.agree_by_finding,
            summary.printed.differ,
            summary.printed.not_computed,
            summary.distinct.agree,
            summary.distinct.total(),
            summary.distinct.differ,
            summary.distinct.not_computed,
        )?;
        for finding in &self.findings {
            writeln!(out, "- {finding}")?;
        }
        for (missing, languages) in self.missing_languages() {
            writeln!(out, "- missing: {missing} in {}", languages.join(", "))?;
        }
        for notice in &self.notices {
            writeln!(out, "- {notice}")?;
        }
        if let Some(line) = unverified(&self.unverified) {
            writeln!(out, "- {line}")?;
        }
        let reasons = self.reasons();
        for (reason, count) in &reasons {
            writeln!(out, "- {count} cells: {reason}")?;
        }
        for cells in self.cells.chunk_by(|a, b| a.table == b.table) {
            if cells.iter().all(|cell| cell.value.is_none()) {
                continue;
            }
            writeln!(
                out,
                "\n## Table {} ({})\n",
                cells[0].table, cells[0].task_group
            )?;
            writeln!(
                out,
                "| model | column | ours | {:.0} % interval | printed | difference | agrees |",
                100.0 * self.uncertainty.level
            )?;
            writeln!(out, "|---|---|---|---|---|---|---|")?;
            for cell in cells.iter().filter(|cell| cell.value.is_some()) {
                let digits = digits(cell);
                writeln!(
                    out,
                    "| {} | {} | {} | {} | {} | {} | {} |",
                    escaped(&cell.printed_model),
                    cell.column,
                    text(cell.value, digits),
                    interval(cell.low, cell.high, digits),
                    cell.printed_text,
                    text(cell.difference, digits + 2),
                    if cell.agrees == Some(true) {
                        "yes"
                    } else {
                        "**no**"
                    },
                )?;
            }
        }
        self.write_groups(out)
    }

    /// Every model on groups of tasks, a line for each.
    fn write_groups(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\n## All models\n")?;
        writeln!(
            out,
            "Scores in 0 to 1 with {:.0} % intervals; others: the paper's languages but English. Intervals: {INTERVAL_RULE}.\n",
            100.0 * self.uncertainty.level
        )?;
        writeln!(
            out,
            "| model | tasks | RA en | RA others | en-CO others | invalid rate |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|")?;
        let lines = self
            .groups
            .chunk_by(|a, b| (&a.model, a.task_group) == (&b.model, b.task_group));
        for scores in lines {
            write!(
                out,
                "| {} | {} |",
                escaped(&scores[0].model),
                scores[0].task_group
            )?;
            for (column, metric) in [
                ("en", "ra"),
                ("others", "ra"),
                ("others", "en_co"),
                ("all", "invalid_rate"),
            ] {
                let score = scores
                    .iter()
                    .find(|score| (score.column.as_str(), score.metric) == (column, metric));
                let shown = score.filter(|score| score.value.is_some()).map(|score| {
                    let interval = interval(score.low, score.high, 3);
                    format!("{} ({interval})", text(score.value, 3))
                });
                write!(out, " {} |", shown.as_deref().unwrap_or("–"))?;
            }
            writeln!(out)?;
        }
        let mut reasons = std::collections::BTreeMap::<&str, usize>::new();
        for reason in self
            .groups
            .iter()
            .filter_map(|group| group.reason.as_deref())
        {
            *reasons.entry(reason).or_default() += 1;
        }
        if !reasons.is_empty() {
            writeln!(out)?;
        }
        for (reason, count) in reasons {
            writeln!(out, "- {count} scores: {reason}")?;
        }
        Ok(())
    }

    /// The languages that are missing, by model and task: `llama_13b on xgeo`.
    fn missing_languages(&self) -> Vec<(&str, Vec<&str>)> {
        let mut lines: Vec<(&str, Vec<&str>)> = Vec::new();
        for missing in &self.missing {
            let Some((what, language)) = missing.rsplit_once(" in ") else {
                lines.push((missing, Vec::new()));
                continue;
            };
            match lines.last_mut() {
                Some((last, languages)) if *last == what => languages.push(language),
                Some(_) | None => lines.push((what, vec![language])),
            }
        }
        lines
    }

    /// Why cells have no value, with the number of cells of each reason.
    fn reasons(&self) -> Vec<(&str, usize)> {
        let mut counts = std::collections::BTreeMap::<&str, usize>::new();
        for reason in self.cells.iter().filter_map(|cell| cell.reason.as_deref()) {
            *counts.entry(reason).or_default() += 1;
        }
        counts.into_iter().collect()
    }

    /// Every cell as CSV.
    pub fn csv(&self) -> String {
        csv(&self.cells)
    }

    /// Every score as CSV.
    pub fn scores_csv(&self) -> String {
        csv(&self.scores)
    }
}

impl Comparison {
    /// The comparison as a Markdown table.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        self.write_markdown(&mut out)
            .expect("writing to memory succeeds");
        out
    }

    fn write_markdown(&self, out: &mut String) -> std::fmt::Result {
        let (a, b) = (escaped(&self.a), escaped(&self.b));
        writeln!(out, "# {a} and {b}\n")?;
        writeln!(
            out,
            "| task | language | n | {a} | {b} | difference | {:.0} % interval | only {a} | only {b} | \
             McNemar p | interval's p | Holm p | detectable |",
            100.0 * self.uncertainty.level
        )?;
        writeln!(out, "|---|---|---|---|---|---|---|---|---|---|---|---|---|")?;
        for row in &self.rows {
            writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                row.task,
                row.language,
                row.n,
                text(row.accuracy_a, 3),
                text(row.accuracy_b, 3),
                text(row.difference, 3),
                interval(row.low, row.high, 3),
                row.only_a,
                row.only_b,
                p_value(Some(row.mcnemar_p)),
                p_value(row.bootstrap_p),
                p_value(row.holm_p),
                text(row.detectable, 3),
            )?;
        }
        writeln!(
            out,
            "\nAccuracies and their differences in 0 to 1. McNemar's exact test takes items as independent; \
             the bootstrap draws whole clusters, and Holm's correction is over its {} tests. Intervals: {INTERVAL_RULE}. Detectable: the \
             smallest difference that a test at 5 % finds with 80 % power.",
            self.rows.len()
        )?;
        if let Some(line) = unverified(&self.unverified) {
            writeln!(out, "\n{line}")?;
        }
        if !self.other_scoring.is_empty() {
            writeln!(
                out,
                "\nScored by other versions of clika, so that a part of a difference may be theirs:\n"
            )?;
        }
        for OtherScoring {
            task,
            language,
            a,
            b,
        } in &self.other_scoring
        {
            let version = |version: &Option<u64>| match version {
                Some(version) => version.to_string(),
                None => "not recorded".to_owned(),
            };
            let (a, b) = (version(a), version(b));
            writeln!(out, "- {task} in {language}: scoring_version {a} and {b}")?;
        }
        self.write_shots(out)?;
        if !self.unshared.is_empty() {
            writeln!(out, "\nNot compared, because only one has it:\n")?;
        }
        for unshared in &self.unshared {
            let run = escaped(&unshared.run);
            writeln!(out, "- {run}: {} in {}", unshared.task, unshared.language)?;
        }
        Ok(())
    }

    /// What the runs were shown, and what is therefore not compared.
    fn write_shots(&self, out: &mut String) -> std::fmt::Result {
        if let Some([a, b]) = &self.other_shots {
            let (of_a, of_b) = (escaped(&self.a), escaped(&self.b));
            writeln!(
                out,
                "\nAsked in two ways: {of_a} after {a}, {of_b} after {b}."
            )?;
        }
        if !self.left_out.is_empty() {
            writeln!(
                out,
                "\nItems not compared, because a run set them aside for its exemplars:\n"
            )?;
        }
        for LeftOutItems { task, items } in &self.left_out {
            writeln!(out, "- {task}: {}", items.len())?;
        }
        Ok(())
    }

    /// The comparison as CSV.
    pub fn csv(&self) -> String {
        csv(&self.rows)
    }
}

/// What is not known of answers that were recorded without hashes.
fn unverified(names: &[String]) -> Option<String> {
    let names = (!names.is_empty()).then(|| names.join(", "))?;
    Some(format!(
        "unverified: {names}: recorded without hashes of the questions, so that nobody can tell whether all answered the \
         same version of a dataset"
    ))
}

/// A text in a cell of a Markdown table.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The digits after the point that a cell is printed with.
fn digits(cell: &PaperCell) -> usize {
    cell.printed_text
        .split_once('.')
        .map_or(0, |(_, digits)| digits.len())
}

/// A number for people; a dash where it is undefined.
fn text(value: Option<f64>, digits: usize) -> String {
    match value {
        Some(value) => format!("{value:.digits$}"),
        None => "–".to_owned(),
    }
}

/// A p-value; one that four digits would show as 0 is not 0.
fn p_value(value: Option<f64>) -> String {
    match value {
        Some(value) if value < 0.0001 => "< 0.0001".to_owned(),
        value => text(value, 4),
    }
}

fn interval(low: Option<f64>, high: Option<f64>, digits: usize) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("{low:.digits$} to {high:.digits$}"),
        _ => "–".to_owned(),
    }
}

/// Records as CSV with a header; what is undefined is empty.
fn csv(records: &[impl Serialize]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in records {
        writer
            .serialize(record)
            .expect("writing to memory succeeds");
    }
    let bytes = writer.into_inner().expect("writing to memory succeeds");
    String::from_utf8(bytes).expect("the records are UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_p_value_is_not_shown_as_0() {
        for (value, shown) in [
            (Some(0.00009), "< 0.0001"),
            (Some(0.0001), "0.0001"),
            (Some(1.0), "1.0000"),
            (None, "–"),
        ] {
            assert_eq!(p_value(value), shown);
        }
    }
}
