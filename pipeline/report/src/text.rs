//! Reports as Markdown and CSV.

use crate::{Cell, Comparison, Reproduction};
use serde::Serialize;
use std::fmt::Write;

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
            "{} cells agree with the printed digits, {} differ, {} cannot be computed.\n",
            summary.agree, summary.differ, summary.not_computed
        )?;
        for finding in &self.findings {
            writeln!(out, "- {finding}")?;
        }
        for missing in &self.missing {
            writeln!(out, "- missing: {missing}")?;
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
                    cell.printed_model,
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
        Ok(())
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
        let Self { a, b, .. } = self;
        writeln!(out, "# {a} and {b}\n")?;
        writeln!(
            out,
            "| task | language | n | {a} | {b} | difference | {:.0} % interval | only {a} | only {b} | \
             McNemar p | bootstrap p | Holm p | detectable |",
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
                text(Some(row.mcnemar_p), 4),
                text(row.bootstrap_p, 4),
                text(row.holm_p, 4),
                text(row.detectable, 3),
            )?;
        }
        writeln!(
            out,
            "\nAccuracies and their differences in 0 to 1. McNemar's exact test takes items as independent; \
             the bootstrap draws whole clusters, and Holm's correction is over its {} tests. Detectable: the \
             smallest difference that a test at 5 % finds with 80 % power.",
            self.rows.len()
        )
    }

    /// The comparison as CSV.
    pub fn csv(&self) -> String {
        csv(&self.rows)
    }
}

/// The digits after the point that a cell is printed with.
fn digits(cell: &Cell) -> usize {
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
