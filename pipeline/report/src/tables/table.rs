//! A table as data.

/// A table of a report: what it is of, its columns and rows, and what has to be said with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The name of its files, and its place in the page: `table-4`.
    pub id: String,
    /// What stands above it.
    pub title: String,
    /// What a reader has to know before: units, marks.
    pub lead: String,
    /// The columns; every row has a cell for each.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// What stands below it, a sentence or more each.
    pub notes: Vec<String>,
}

/// A column's heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The heading.
    pub name: String,
    /// Whether its cells are numbers, which stand at the right.
    pub numbers: bool,
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A text.
    Text(String),
    /// A whole number.
    Count(u64),
    /// A number with so many digits after the point; a dash where it is undefined.
    Number(Option<f64>, usize),
    /// A score with its interval.
    Estimate(Estimate),
    /// A number as the paper prints it.
    Printed(String),
    /// What was not run; a command in the same row says how to.
    NotRun,
    /// The command that fills the row's cells that were not run.
    Command(String),
}

/// A score with its interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimate {
    /// The score; `None` where it is undefined.
    pub value: Option<f64>,
    /// The interval's lower end.
    pub low: Option<f64>,
    /// The interval's upper end.
    pub high: Option<f64>,
    /// Digits after the point.
    pub digits: usize,
    /// A mark after the number, explained in the table's lead: `*`.
    pub mark: &'static str,
    /// Whether the gate failed, so that the score says nothing and is struck out.
    pub failed: bool,
}

impl Table {
    /// A table without rows and notes.
    pub fn new(id: impl Into<String>, title: impl Into<String>, columns: Vec<Column>) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            lead: String::new(),
            columns,
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }
}

impl Column {
    /// A column of texts.
    pub fn text(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            numbers: false,
        }
    }

    /// The column of commands.
    pub fn commands() -> Self {
        Self::text("to run what is missing")
    }

    /// A column of numbers.
    pub fn number(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            numbers: true,
        }
    }
}

impl Cell {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The command for what was not run; empty where all was.
    pub fn command(command: Option<String>) -> Self {
        command.map_or_else(|| Self::Text(String::new()), Self::Command)
    }

    /// A count.
    pub fn count(count: usize) -> Self {
        Self::Count(count as u64)
    }
}

impl Estimate {
    /// A score with its interval, without a mark.
    pub fn new(value: Option<f64>, low: Option<f64>, high: Option<f64>, digits: usize) -> Self {
        Self {
            value,
            low,
            high,
            digits,
            ..Self::default()
        }
    }

    /// The number with its mark; a dash where it is undefined.
    pub(crate) fn number(&self) -> String {
        number(self.value, self.digits) + self.mark
    }

    /// The interval, `0.481 to 0.526`; `None` without one.
    pub(crate) fn interval(&self) -> Option<String> {
        let digits = self.digits;
        let (low, high) = self.low.zip(self.high)?;
        Some(format!("{low:.digits$} to {high:.digits$}"))
    }
}

/// A number for people; a dash where it is undefined. A value that rounds to 0 has no sign.
pub(crate) fn number(value: Option<f64>, digits: usize) -> String {
    match value {
        Some(value) => {
            let text = format!("{value:.digits$}");
            let zero =
                text.starts_with('-') && text.chars().all(|it| matches!(it, '-' | '0' | '.'));
            if zero { text[1..].to_owned() } else { text }
        }
        None => "–".to_owned(),
    }
}

/// What stands in a cell that was not run.
pub(crate) const NOT_RUN: &str = "not run";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_and_a_missing_one_is_a_dash() {
        for (value, digits, shown) in [
            (Some(0.125), 2, "0.12"),
            (Some(0.5036), 3, "0.504"),
            (Some(-0.0004), 3, "0.000"),
            (Some(-0.04), 1, "0.0"),
            (Some(-1.25), 1, "-1.2"),
            (None, 3, "–"),
        ] {
            assert_eq!(number(value, digits), shown, "{value:?}");
        }
    }
}
