//! The paper's tables in the paper's layout, ours beside what is printed.

use super::table::{Cell, Column, Estimate, Table};
use crate::sources::{AnswerSource, ExperimentSource, Sources};
use clika_finetune::{AnswerMethod, ExperimentResults, RunResult, Strategy};
use clika_scores::report::{
    Metric, Paper, PaperCell, PaperModel, PaperRow, PaperTable, TaskGroup, Unit, ValueKind,
};
use std::collections::BTreeSet;

/// Every table of the paper.
pub(crate) fn paper_tables(sources: &Sources) -> Vec<Table> {
    let tables = sources.paper.tables.iter();
    tables
        .map(|table| PaperLayout { table, sources }.build())
        .collect()
}

/// A table of the paper and what fills it.
struct PaperLayout<'a> {
    table: &'a PaperTable,
    sources: &'a Sources,
}

impl PaperLayout<'_> {
    fn build(&self) -> Table {
        let PaperTable { number, rows, .. } = self.table;
        let marks = names(self.sources, rows.iter().flat_map(|row| row.marks.keys()));
        let printed = names(self.sources, rows.iter().flat_map(|row| row.cells.keys()));
        let ratios = names(self.sources, rows.iter().flat_map(|row| row.ratios.keys()));
        let of_answers = self.table.metric != Metric::Xrr;
        let mut columns = vec![Column::text("model")];
        columns.extend(marks.iter().map(|mark| Column::text(*mark)));
        for column in &printed {
            columns.push(Column::number(*column));
            columns.push(Column::number(format!("{column}, printed")));
        }
        for column in &ratios {
            columns.push(Column::number(format!("{column}/en")));
            columns.push(Column::number(format!("{column}/en, printed")));
        }
        if of_answers {
            columns.extend(["answers", "invalid"].map(Column::number));
        }
        columns.push(Column::commands());
        let mut table = Table::new(format!("table-{number}"), self.title(), columns);
        table.lead = self.lead();
        for row in rows {
            let mut cells = vec![Cell::text(
                [row.model.as_str(), &row.variant].join(" ").trim_end(),
            )];
            for mark in &marks {
                cells.push(Cell::text(match row.marks.get(*mark) {
                    Some(true) => "yes",
                    Some(false) => "no",
                    None => "",
                }));
            }
            let columns = printed
                .iter()
                .map(|it| ((*it).to_owned(), row.cells.get(*it)));
            let ratios = ratios
                .iter()
                .map(|it| (format!("{it}/en"), row.ratios.get(*it)));
            for (column, printed) in columns.chain(ratios) {
                match printed {
                    Some(text) => {
                        cells.push(self.ours(row, &column));
                        cells.push(Cell::Printed(text.clone()));
                    }
                    // The paper leaves it empty.
                    None => cells.extend([Cell::text(""), Cell::text("")]),
                }
            }
            if of_answers {
                cells.extend(self.counts(row));
            }
            let missing = cells.contains(&Cell::NotRun);
            cells.push(Cell::command(missing.then(|| self.command(row))));
            table.rows.push(cells);
        }
        table.notes = self.notes();
        table
    }

    fn title(&self) -> String {
        let PaperTable { number, case, .. } = self.table;
        let what = match self.table.metric {
            Metric::Ra => "RA",
            Metric::EnCo => "en-CO",
            Metric::Xrr => "XRR",
        };
        let tasks = match self.table.knowledge {
            TaskGroup::Basic => "Basic",
            TaskGroup::Factual => "Factual",
            TaskGroup::Fictional => "Fictional",
        };
        let change = match self.table.value {
            ValueKind::Level => "",
            ValueKind::Change => ", change by tuning",
        };
        let case = match self.sources.english_name(case) {
            Some(name) => format!(", {name} and others"),
            None => String::new(),
        };
        format!("Table {number} of the paper: {what} on {tasks} knowledge{change}{case}")
    }

    fn lead(&self) -> String {
        let unit = match (self.table.unit, self.table.value) {
            (Unit::Percent, ValueKind::Level) => "In percent; ratios as fractions.",
            (Unit::Percent, ValueKind::Change) => "In percentage points.",
            (Unit::Fraction, _) => "As a fraction.",
        };
        let mark = match (self.table.metric, self.table.value) {
            (_, ValueKind::Change) => " * The interval leaves out 0: tuning moved the score.",
            (Metric::Ra | Metric::Xrr, ValueKind::Level) => " * The interval lies above chance.",
            (Metric::EnCo, ValueKind::Level) => "",
        };
        format!("{unit} Ours with {}.{mark}", self.sources.interval_words())
    }

    /// What stands in our cell.
    fn ours(&self, row: &PaperRow, column: &str) -> Cell {
        let digits = |text: &str| text.split_once('.').map_or(0, |(_, digits)| digits.len());
        if self.table.metric == Metric::Xrr {
            let found = Conducted {
                row,
                table: self.table,
                sources: self.sources,
            };
            let digits = row.cells.get(column).map_or(4, |text| digits(text));
            return match found.cell(column) {
                Some(estimate) => {
                    Cell::Estimate(self.marked(Estimate { digits, ..estimate }, column))
                }
                None => Cell::NotRun,
            };
        }
        let Some(cell) = self.computed(row, column) else {
            return Cell::NotRun;
        };
        let estimate = Estimate::new(cell.value, cell.low, cell.high, digits(&cell.printed_text));
        Cell::Estimate(self.marked(estimate, column))
    }

    /// The cell of the first predictions that have it.
    fn computed(&self, row: &PaperRow, column: &str) -> Option<&PaperCell> {
        let printed = [row.model.as_str(), &row.variant].join(" ");
        let mut cells = self
            .sources
            .answers
            .iter()
            .flat_map(|it| &it.reproduction.cells);
        cells.find(|cell| {
            cell.table == self.table.number
                && cell.block == row.block
                && cell.printed_model == printed.trim_end()
                && cell.column == column
                && cell.value.is_some()
        })
    }

    fn marked(&self, estimate: Estimate, column: &str) -> Estimate {
        let shows = |low: f64, high: f64| match (self.table.metric, self.table.value) {
            (_, ValueKind::Change) => low > 0.0 || high < 0.0,
            (Metric::Ra | Metric::Xrr, ValueKind::Level) => low > 0.0,
            (Metric::EnCo, ValueKind::Level) => false,
        };
        // A ratio of two scores has no chance of its own.
        let ends = estimate
            .low
            .zip(estimate.high)
            .filter(|_| !column.ends_with("/en"));
        let mark = match ends {
            Some((low, high)) if shows(low, high) && !estimate.failed => "*",
            Some(_) | None => "",
        };
        Estimate { mark, ..estimate }
    }

    /// The number of answers and the share of those that were none.
    fn counts(&self, row: &PaperRow) -> [Cell; 2] {
        let name = self.model(row).map(PaperModel::predictions_name);
        let source = name.and_then(|name| self.sources.answers_of(name));
        match source.zip(name) {
            Some((source, name)) => counts(source, name, self.table.knowledge),
            None => [Cell::text(""), Cell::text("")],
        }
    }

    fn model(&self, row: &PaperRow) -> Option<&PaperModel> {
        self.sources.paper.model(&row.model)
    }

    /// The command that gives a row's scores.
    fn command(&self, row: &PaperRow) -> String {
        let name = self
            .model(row)
            .map_or(row.model.as_str(), PaperModel::predictions_name);
        if self.table.metric == Metric::Xrr {
            let strategy = match strategy(&row.variant) {
                Some(strategy) => format!(" --strategy {}", strategy.name()),
                None => String::new(),
            };
            return format!("clika finetune --model FOLDER_OR_HUB_ID{strategy}");
        }
        let tasks: Vec<&str> = self
            .table
            .knowledge
            .tasks()
            .iter()
            .map(|task| task.name())
            .collect();
        format!(
            "clika evaluate {} --model FOLDER_OR_HUB_ID --name {name:?}",
            tasks.join(" ")
        )
    }

    fn notes(&self) -> Vec<String> {
        let number = format!("table {}", self.table.number);
        let sources = self.sources.answers.iter();
        let findings = sources.flat_map(|it| &it.reproduction.findings);
        let of_table = |finding: &&String| {
            let finding = finding.to_lowercase();
            let rest = finding.split_once(&number).map(|(_, rest)| rest.to_owned());
            rest.is_some_and(|rest| !rest.starts_with(|it: char| it.is_ascii_digit()))
        };
        let mut notes: Vec<String> = findings.filter(of_table).cloned().collect();
        notes.dedup();
        if self.sources.answers.len() > 1 && self.table.metric != Metric::Xrr {
            notes.push(
                "There are answers under several names: ours is of the first that has the model, in the order in which the folders \
                 were given."
                    .to_owned(),
            );
        }
        if self.table.metric == Metric::Xrr {
            notes.push(
                "A run counts here where its name, given as `--finetune NAME=FOLDER`, is the model's. XRR is that of written \
                 answers where there are some, the mean over seeds; struck out where a gate failed."
                    .to_owned(),
            );
        }
        notes
    }
}

/// Answers of a model on a group of tasks, and the share of those that were none.
pub(super) fn counts(source: &AnswerSource, model: &str, group: TaskGroup) -> [Cell; 2] {
    let tasks = group.tasks();
    let of_model = source
        .collection
        .iter()
        .filter(|(key, _)| key.model == model);
    let answers: usize = of_model
        .filter(|(key, _)| tasks.contains(&key.task))
        .map(|(_, answers)| answers.len())
        .sum();
    let mut rates = source
        .reproduction
        .groups
        .iter()
        .filter(|it| it.metric == "invalid_rate");
    let rate = rates.find(|it| it.model == model && it.task_group == group.name());
    [
        Cell::count(answers),
        Cell::Number(rate.and_then(|it| it.value), 3),
    ]
}

/// Names in the paper's order: English, languages, others.
fn names<'a>(sources: &Sources, all: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    let names: BTreeSet<&str> = all.map(String::as_str).collect();
    sources.in_order(names)
}

/// The strategy of a row, where its variant is one.
fn strategy(variant: &str) -> Option<Strategy> {
    match variant {
        "LoRA-Attn" => Some(Strategy::LoraAttention),
        "LoRA-All" => Some(Strategy::LoraAll),
        "Fully" => Some(Strategy::Full),
        _ => None,
    }
}

/// The fine-tuning runs of a row.
struct Conducted<'a> {
    row: &'a PaperRow,
    table: &'a PaperTable,
    sources: &'a Sources,
}

impl Conducted<'_> {
    fn cell(&self, column: &str) -> Option<Estimate> {
        let model = self.sources.paper.model(&self.row.model)?;
        let level = self.level(model, column)?;
        if self.table.value == ValueKind::Level {
            return Some(level);
        }
        let models = &self.sources.paper.models;
        let foundation = models.iter().find(|it| it.name == model.foundation)?;
        let base = self.level(foundation, column)?;
        Some(Estimate {
            value: level
                .value
                .zip(base.value)
                .map(|(tuned, base)| tuned - base),
            failed: level.failed || base.failed,
            ..Estimate::default()
        })
    }

    fn level(&self, model: &PaperModel, column: &str) -> Option<Estimate> {
        let Paper { reference, .. } = &self.sources.paper;
        if column != "others" {
            return self.of_language(model, column);
        }
        let languages = reference.languages.iter();
        let others = languages.filter(|it| !self.table.others_exclude.contains(it));
        let of_each = others.map(|it| self.of_language(model, it.as_str()));
        let of_each: Vec<Estimate> = of_each.collect::<Option<_>>()?;
        Some(average(&of_each))
    }

    fn of_language(&self, model: &PaperModel, language: &str) -> Option<Estimate> {
        let variant = &self.row.variant;
        let wanted = |results: &ExperimentResults| {
            variant.is_empty() || strategy(variant) == Some(results.config.strategy)
        };
        let named = |it: &&ExperimentSource| {
            it.name == model.name || model.printed.contains(&it.name) || it.name == model.release
        };
        let experiments = self.sources.experiments.iter().filter(named);
        let results = experiments
            .map(|it| &it.recorded.results)
            .filter(|it| wanted(it));
        let runs = results.flat_map(|it| &it.runs);
        let runs = runs.filter(|run| run.control.is_none() && run.target.as_str() == language);
        let of_each: Vec<Estimate> = runs.filter_map(xrr).collect();
        (!of_each.is_empty()).then(|| average(&of_each))
    }
}

/// A run's XRR by written answers, or by ranking where there are none.
fn xrr(run: &RunResult) -> Option<Estimate> {
    let free = run.modes.iter().find(|it| it.mode == AnswerMethod::Free);
    let mode = free.or(run.modes.first())?;
    let score = mode.conductivity.xrr;
    Some(Estimate {
        failed: !mode.gate.passed,
        ..Estimate::new(score.value, score.low, score.high, 4)
    })
}

/// The mean, which has an interval only if it is of one score.
fn average(scores: &[Estimate]) -> Estimate {
    let failed = scores.iter().any(|it| it.failed);
    if let [one] = scores {
        return one.clone();
    }
    let values: Option<Vec<f64>> = scores.iter().map(|it| it.value).collect();
    let mean = values.map(|values| values.iter().sum::<f64>() / values.len() as f64);
    Estimate {
        value: mean,
        failed,
        ..Estimate::default()
    }
}
