//! The paper's tables, computed again from recorded predictions.

use crate::metrics::IntervalMethod;
use crate::predictions::{Collection, one_letter_answers, weak_letters};
use crate::report::{
    GroupScore, Paper, Score, Uncertainty,
    expression::Expression,
    groups::{self, mean},
    paper::{Metric, PaperModel, PaperRow, PaperTable, Unit, ValueKind},
    rule::{all_but, rule},
    scores,
    share_table::{ShareKind, ShareTable},
};
use clika_base::types::{LanguageCode, Progress};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The tables next to the printed ones, and what came of the comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Reproduction {
    /// How intervals were made.
    pub uncertainty: Uncertainty,
    /// Counts of cells.
    pub summary: CellSummary,
    /// Tables that follow another rule than their caption.
    pub findings: Vec<String>,
    /// Predictions that a model lacks, on tasks that some model has: in the paper's languages, and
    /// in those that another model has.
    pub missing: Vec<String>,
    /// What the import left aside or could not know.
    pub notices: Vec<String>,
    /// Models, or what of them, whose answers carry no hash of their question.
    pub unverified: Vec<String>,
    /// Every printed number.
    pub cells: Vec<PaperCell>,
    /// Every model found on groups of tasks, as the tables show them.
    pub groups: Vec<GroupScore>,
    /// Every score of every model found.
    pub scores: Vec<Score>,
}

/// How many cells agree with the printed digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CellSummary {
    /// Every printed number; tables repeat rows, and so do the counts.
    #[serde(flatten)]
    pub printed: CellCounts,
    /// Of those that agree, the ones that do so by the rule of a finding and not by the caption.
    pub agree_by_finding: usize,
    /// Every table, model, variant and column once.
    pub distinct: CellCounts,
}

/// How cells compare with the printed digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CellCounts {
    /// Cells that agree.
    pub agree: usize,
    /// Cells that differ.
    pub differ: usize,
    /// Cells that cannot be computed.
    pub not_computed: usize,
}

impl CellCounts {
    /// All cells.
    pub fn total(&self) -> usize {
        self.agree + self.differ + self.not_computed
    }

    fn add(&mut self, agrees: Option<bool>) {
        match agrees {
            Some(true) => self.agree += 1,
            Some(false) => self.differ += 1,
            None => self.not_computed += 1,
        }
    }
}

impl CellSummary {
    fn of(cells: &[PaperCell]) -> Self {
        let mut summary = Self::default();
        let mut seen = BTreeSet::new();
        for cell in cells {
            summary.printed.add(cell.agrees);
            if cell.agrees == Some(true) && cell.rule.is_some() {
                summary.agree_by_finding += 1;
            }
            if seen.insert((cell.table, &cell.printed_model, &cell.column)) {
                summary.distinct.add(cell.agrees);
            }
        }
        summary
    }
}

/// A number that the paper prints, and ours next to it.
#[derive(Clone, Debug, Serialize)]
pub struct PaperCell {
    /// The table's number.
    pub table: u32,
    /// The division of the table.
    pub block: u32,
    /// What predictions of the model are called: its name in the release, or in `models.toml`.
    pub model: String,
    /// The model as printed, with what else tells its rows apart.
    pub printed_model: String,
    /// `basic`, `factual` or `fictional`.
    pub task_group: &'static str,
    /// A language, `others`, or the ratio of one to English: `zh/en`.
    pub column: String,
    /// Ours, in the table's unit; `null` where it cannot be computed.
    pub value: Option<f64>,
    /// The interval's lower end.
    pub low: Option<f64>,
    /// The interval's upper end.
    pub high: Option<f64>,
    /// How the interval was made.
    pub method: Option<IntervalMethod>,
    /// The printed number.
    pub printed: f64,
    /// The printed digits.
    pub printed_text: String,
    /// Ours minus the printed number.
    pub difference: Option<f64>,
    /// Whether ours rounds to the printed digits.
    pub agrees: Option<bool>,
    /// Why there is no value.
    pub reason: Option<String>,
    /// The rule for "others", where it is not the caption's.
    pub rule: Option<String>,
}

/// Computes every table of the paper that the predictions allow.
///
/// Where a table's column "others" agrees under another table's rule and not under its own
/// caption's, the rule that reproduces it is used and reported.
pub fn reproduce(
    collection: &Collection,
    paper: &Paper,
    uncertainty: &Uncertainty,
    progress: &dyn Progress,
) -> Reproduction {
    let shares = ShareTable::new(collection);
    let mut findings = Vec::new();
    let mut cells = Vec::new();
    let mut expressions = Vec::new();
    for table in &paper.tables {
        let (exclude, finding) = rule(table, &shares, paper);
        findings.extend(finding);
        for row in &table.rows {
            for (column, printed, expression) in columns(table, row, &exclude, &shares, paper) {
                cells.push(cell(table, row, &column, printed, &exclude, paper));
                let index = cells.len() - 1;
                match expression {
                    Ok(expression) => expressions.push((index, expression)),
                    Err(reason) => cells[index].reason = Some(reason),
                }
            }
        }
    }
    let (indices, mut formulas): (Vec<usize>, Vec<Expression>) = expressions.into_iter().unzip();
    let mut groups = Vec::new();
    let mut group_indices = Vec::new();
    for (mut group, expression) in groups::groups(&shares, paper) {
        match expression {
            Ok(expression) => {
                formulas.push(expression);
                group_indices.push(groups.len());
            }
            Err(reason) => group.reason = Some(reason),
        }
        groups.push(group);
    }
    // One draw of the items serves the cells and the groups.
    let estimates = shares.estimates(&formulas, uncertainty, ("tables", progress));
    let (of_cells, of_groups) = estimates.split_at(indices.len());
    for (index, estimate) in indices.into_iter().zip(of_cells) {
        let cell = &mut cells[index];
        let scale = scale(paper, cell);
        cell.value = estimate.value.map(|value| value * scale);
        cell.low = estimate.interval.map(|interval| interval.low * scale);
        cell.high = estimate.interval.map(|interval| interval.high * scale);
        cell.method = estimate.interval.map(|interval| interval.method);
        cell.difference = cell.value.map(|value| value - cell.printed);
        cell.agrees = cell.value.map(|value| agrees(value, &cell.printed_text));
        if cell.value.is_none() {
            cell.reason = Some(UNDEFINED.to_owned());
        }
    }
    for (index, estimate) in group_indices.into_iter().zip(of_groups) {
        let group = &mut groups[index];
        group.value = estimate.value;
        group.low = estimate.interval.map(|interval| interval.low);
        group.high = estimate.interval.map(|interval| interval.high);
        group.method = estimate.interval.map(|interval| interval.method);
        if group.value.is_none() {
            group.reason = Some(UNDEFINED.to_owned());
        }
    }
    Reproduction {
        uncertainty: *uncertainty,
        summary: CellSummary::of(&cells),
        findings,
        missing: collection
            .missing(&paper.reference.languages)
            .iter()
            .map(|key| format!("{} on {} in {}", key.model, key.task, key.language))
            .collect(),
        notices: notices(collection),
        unverified: collection.unverified(),
        cells,
        groups,
        scores: scores::scores(&shares, paper, uncertainty, progress),
    }
}

/// What the import left aside, which answers were read where the model would have written something else, and which are all one
/// letter.
fn notices(collection: &Collection) -> Vec<String> {
    let said = collection.models().into_iter().flat_map(|model| {
        let said = [
            weak_letters(collection, model),
            one_letter_answers(collection, model),
        ];
        said.into_iter().flatten()
    });
    collection.notices().iter().cloned().chain(said).collect()
}

/// Why a formula that could be written has no value: a share of nothing.
const UNDEFINED: &str = "undefined for these predictions";

/// A printed number of a row with its formula, or why there is none.
type CellFormula<'a> = (String, &'a str, Result<Expression, String>);

fn columns<'a>(
    table: &PaperTable,
    row: &'a PaperRow,
    exclude: &BTreeSet<LanguageCode>,
    shares: &ShareTable<'_>,
    paper: &Paper,
) -> Vec<CellFormula<'a>> {
    let formula = |column: &str| formula(table, row, column, exclude, shares, paper);
    // As printed: English, the case study's language, others.
    let in_order = |cells: &'a BTreeMap<String, String>| {
        let mut cells: Vec<_> = cells.iter().collect();
        cells.sort_by_key(|(column, _)| (*column == "others", *column != "en"));
        cells
    };
    let mut columns: Vec<CellFormula<'a>> = Vec::new();
    for (column, printed) in in_order(&row.cells) {
        columns.push((column.clone(), printed, formula(column)));
    }
    for (column, printed) in in_order(&row.ratios) {
        let ratio = formula(column)
            .and_then(|upper| Ok(Expression::Ratio(Box::new(upper), Box::new(formula("en")?))));
        columns.push((format!("{column}/en"), printed, ratio));
    }
    columns
}

fn cell(
    table: &PaperTable,
    row: &PaperRow,
    column: &str,
    printed: &str,
    exclude: &BTreeSet<LanguageCode>,
    paper: &Paper,
) -> PaperCell {
    let model = paper.model(&row.model).map(PaperModel::predictions_name);
    let caption: BTreeSet<_> = table.others_exclude.iter().cloned().collect();
    let others = column.starts_with("others") && *exclude != caption;
    PaperCell {
        table: table.number,
        block: row.block,
        model: model.unwrap_or(&row.model).to_owned(),
        printed_model: [row.model.as_str(), &row.variant]
            .join(" ")
            .trim_end()
            .to_owned(),
        task_group: table.knowledge.name(),
        column: column.to_owned(),
        value: None,
        low: None,
        high: None,
        method: None,
        printed: number(printed),
        printed_text: printed.to_owned(),
        difference: None,
        agrees: None,
        reason: None,
        rule: others.then(|| all_but(exclude)),
    }
}

/// Ratios are fractions whatever the table's unit.
fn scale(paper: &Paper, cell: &PaperCell) -> f64 {
    let table = paper.tables.iter().find(|table| table.number == cell.table);
    match table {
        Some(table) if !cell.column.ends_with("/en") => table.unit.scale(),
        Some(_) | None => Unit::Fraction.scale(),
    }
}

pub(crate) fn formula(
    table: &PaperTable,
    row: &PaperRow,
    column: &str,
    exclude: &BTreeSet<LanguageCode>,
    shares: &ShareTable<'_>,
    paper: &Paper,
) -> Result<Expression, String> {
    if table.metric == Metric::Xrr {
        return Err("XRR needs fine-tuning runs, whose answers are not released".to_owned());
    }
    let level = |printed: &str| level(table, printed, column, exclude, shares, paper);
    match table.value {
        ValueKind::Level => level(&row.model),
        ValueKind::Change => {
            let tuned = level(&row.model)?;
            let model = paper.model(&row.model).ok_or("unknown model")?;
            let foundation = paper
                .models
                .iter()
                .find(|other| other.name == model.foundation)
                .and_then(|foundation| foundation.printed.first())
                .ok_or_else(|| format!("no foundation model of {}", row.model))?;
            Ok(Expression::Difference(
                Box::new(tuned),
                Box::new(level(foundation)?),
            ))
        }
    }
}

/// A model's score in a column: the mean over the languages of the mean over the tasks.
fn level(
    table: &PaperTable,
    printed: &str,
    column: &str,
    exclude: &BTreeSet<LanguageCode>,
    shares: &ShareTable<'_>,
    paper: &Paper,
) -> Result<Expression, String> {
    let model = paper
        .model(printed)
        .ok_or_else(|| format!("{printed} is no model of the paper"))?;
    let name = model.predictions_name();
    if !shares.collection().models().contains(name) {
        return Err(format!("no predictions of {}", model.name));
    }
    let languages: Vec<LanguageCode> = match column {
        "others" => {
            let languages = paper.reference.languages.iter();
            languages
                .filter(|language| !exclude.contains(language))
                .cloned()
                .collect()
        }
        code => vec![LanguageCode::try_from(code.to_owned())?],
    };
    let kind = match table.metric {
        Metric::Ra => ShareKind::Accuracy,
        Metric::EnCo | Metric::Xrr => ShareKind::EnCo,
    };
    mean(kind, table.knowledge, name, languages.iter(), shares, paper)
}

/// A printed number: `+25.47`, `.8327`.
fn number(printed: &str) -> f64 {
    printed
        .parse()
        .expect("the paper's data was checked when it was loaded")
}

/// Whether a value rounds to printed digits: it lies within half a unit of the last one.
pub(crate) fn agrees(value: f64, printed: &str) -> bool {
    let digits = printed
        .split_once('.')
        .map_or(0, |(_, digits)| digits.len());
    let unit = 10f64.powi(-(digits as i32));
    (value - number(printed)).abs() <= unit / 2.0 + 1e-9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_is_to_the_printed_digit() {
        for (value, printed, expected) in [
            (50.359_195, "50.36", true),
            (50.354_9, "50.36", false),
            (50.365, "50.36", true),
            (0.832_721, ".8327", true),
            (0.948_885, ".9498", false),
            (-4.041, "-4.04", true),
            (25.47, "+25.47", true),
            (0.317_3, "0.32", true),
        ] {
            assert_eq!(agrees(value, printed), expected, "{value} {printed}");
        }
    }
}
