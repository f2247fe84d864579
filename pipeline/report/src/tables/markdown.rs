//! Tables as Markdown.

use super::table::{Cell, NOT_RUN, Table, number};

impl Table {
    /// The table as Markdown under its title.
    pub fn markdown(&self) -> String {
        let mut out = format!("## {}\n\n", self.title);
        if !self.lead.is_empty() {
            out += &format!("{}\n\n", self.lead);
        }
        let names = self.columns.iter().map(|column| escaped(&column.name));
        out += &line(names);
        let marks = self.columns.iter();
        out += &line(marks.map(|column| if column.numbers { "---:" } else { "---" }.to_owned()));
        for row in &self.rows {
            out += &line(row.iter().map(shown));
        }
        for note in &self.notes {
            out += &format!("\n{note}\n");
        }
        out
    }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) | Cell::Printed(text) => escaped(text),
        Cell::Count(count) => count.to_string(),
        Cell::Number(value, digits) => number(*value, *digits),
        Cell::Estimate(it) => {
            let interval = it
                .interval()
                .map_or_else(String::new, |it| format!(" ({it})"));
            let text = it.number().replace('*', "\\*") + &interval;
            if it.failed {
                format!("~~{text}~~ gate failed")
            } else {
                text
            }
        }
        Cell::NotRun => NOT_RUN.to_owned(),
        Cell::Command(command) => format!("`{}`", command.replace('|', "\\|")),
    }
}

/// A text in a cell: Markdown's own signs are no signs, and a line break is a space.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '\n' | '\r' => out.push(' '),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '~' => out.extend(['\\', sign]),
            _ => out.push(sign),
        }
    }
    out
}
