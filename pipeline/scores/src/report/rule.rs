//! Which languages a table's column "others" is the mean over.

use crate::report::{
    Paper,
    paper::PaperTable,
    reproduce::{agrees, formula},
    share_table::ShareTable,
};
use clika_base::types::LanguageCode;
use std::collections::BTreeSet;

/// A number of the column "others" under some rule.
struct OthersCell<'a> {
    model: &'a str,
    value: f64,
    printed: &'a str,
}

impl OthersCell<'_> {
    fn agrees(&self) -> bool {
        agrees(self.value, self.printed)
    }
}

/// Every number of a table's column "others" that can be computed, by a rule.
fn others<'a>(
    table: &'a PaperTable,
    exclude: &BTreeSet<LanguageCode>,
    shares: &ShareTable<'_>,
    paper: &Paper,
) -> Vec<OthersCell<'a>> {
    let mut numbers = Vec::new();
    for row in &table.rows {
        let Some(printed) = row.cells.get("others") else {
            continue;
        };
        // What cannot be computed says nothing about the rule; the cell itself says why.
        let Ok(expression) = formula(table, row, "others", exclude, shares, paper) else {
            continue;
        };
        if let Some(value) = shares.values(&[expression])[0] {
            numbers.push(OthersCell {
                model: &row.model,
                value: value * table.unit.scale(),
                printed,
            });
        }
    }
    numbers
}

/// The languages that "others" leaves out: by the rule of the table's case study, or by the rule of
/// another table that reproduces every number where that one does not.
pub(crate) fn rule(
    table: &PaperTable,
    shares: &ShareTable<'_>,
    paper: &Paper,
) -> (BTreeSet<LanguageCode>, Option<String>) {
    let own: BTreeSet<_> = table.others_exclude.iter().cloned().collect();
    let by_own = others(table, &own, shares, paper);
    if by_own.iter().all(OthersCell::agrees) {
        return (own, None);
    }
    let rules = paper
        .tables
        .iter()
        .map(|table| table.others_exclude.iter().cloned().collect())
        .chain([own
            .iter()
            .filter(|code| code.as_str() == "en")
            .cloned()
            .collect()]);
    for exclude in rules.filter(|rule: &BTreeSet<LanguageCode>| !rule.is_empty()) {
        let numbers = others(table, &exclude, shares, paper);
        if !numbers.iter().all(OthersCell::agrees) {
            continue;
        }
        let evidence: Vec<_> = numbers
            .iter()
            .zip(&by_own)
            .map(|(by_rule, by_own)| {
                let OthersCell {
                    model,
                    value,
                    printed,
                } = by_rule;
                let by_own = by_own.value;
                format!(
                    "{model}: printed {printed}, {value:.6} by the one, {by_own:.6} by the other"
                )
            })
            .collect();
        let finding = format!(
            "Table {}, column others: the printed numbers are the mean over {}, and not over {}, the rule \
             of its case study{} (rests on {}: {})",
            table.number,
            all_but(&exclude),
            all_but(&own),
            tables_that_agree(table, &own, shares, paper),
            match evidence.len() {
                1 => "1 row".to_owned(),
                rows => format!("{rows} rows"),
            },
            evidence.join("; ")
        );
        return (exclude, Some(finding));
    }
    (own, None)
}

/// The other tables of the same case study that follow its rule: ` (Tables 23 and 24)`.
fn tables_that_agree(
    table: &PaperTable,
    exclude: &BTreeSet<LanguageCode>,
    shares: &ShareTable<'_>,
    paper: &Paper,
) -> String {
    let same = paper.tables.iter().filter(|other| {
        let numbers = others(other, exclude, shares, paper);
        other.number != table.number
            && other.case == table.case
            && other.others_exclude == table.others_exclude
            && !numbers.is_empty()
            && numbers.iter().all(OthersCell::agrees)
    });
    let numbers: Vec<_> = same.map(|table| table.number.to_string()).collect();
    match &numbers[..] {
        [] => String::new(),
        [only] => format!(" (Table {only})"),
        numbers => format!(" (Tables {})", numbers.join(" and ")),
    }
}

/// A rule for people.
pub(crate) fn all_but(exclude: &BTreeSet<LanguageCode>) -> String {
    let codes: Vec<_> = exclude.iter().map(LanguageCode::as_str).collect();
    format!("all languages but {}", codes.join(" and "))
}
