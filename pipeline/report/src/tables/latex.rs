//! Tables as LaTeX: a `tabular` for booktabs, ready for `\input`.

use super::table::{Cell, Column, NOT_RUN, Table, number};

impl Table {
    /// The table as a `table` environment with `\caption` and `\label`. It needs the packages booktabs and, for scores that are
    /// struck out, ulem with the option `normalem`; names in other scripts need XeLaTeX or LuaLaTeX.
    pub fn latex(&self) -> String {
        // Commands are for those who make the tables, not for their readers.
        let kept: Vec<usize> = (0..self.columns.len())
            .filter(|&column| self.columns[column] != Column::commands())
            .collect();
        let columns: String = kept
            .iter()
            .map(|&column| &self.columns[column])
            .map(|column| if column.numbers { 'r' } else { 'l' })
            .collect();
        let heads = kept
            .iter()
            .map(|&column| escaped(&self.columns[column].name));
        let mut out = format!(
            "% {}: \\usepackage{{booktabs}} \\usepackage[normalem]{{ulem}}\n\
             \\begin{{table}}\n\\centering\n\\small\n\\begin{{tabular}}{{{columns}}}\n\\toprule\n{} \\\\\n\\midrule\n",
            comment(&self.title),
            heads.collect::<Vec<_>>().join(" & "),
        );
        for row in &self.rows {
            let cells: Vec<String> = kept.iter().map(|&column| shown(&row[column])).collect();
            out += &format!("{} \\\\\n", cells.join(" & "));
        }
        let mut caption = escaped(&self.title) + ".";
        for text in [&self.lead].into_iter().chain(&self.notes) {
            if !text.is_empty() {
                caption += &format!(" {}", escaped(text));
            }
        }
        out += &format!(
            "\\bottomrule\n\\end{{tabular}}\n\\caption{{{caption}}}\n\\label{{tab:{}}}\n\\end{{table}}\n",
            self.id
        );
        out
    }
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) | Cell::Printed(text) => escaped(text),
        Cell::Count(count) => count.to_string(),
        Cell::Number(value, digits) => minus(&number(*value, *digits)),
        Cell::Estimate(it) => {
            let mark = if it.mark.is_empty() {
                String::new()
            } else {
                format!("\\rlap{{\\textsuperscript{{{}}}}}", escaped(it.mark))
            };
            let value = minus(&number(it.value, it.digits));
            let interval = it.interval().map_or_else(String::new, |interval| {
                format!(" {{\\scriptsize ({})}}", minus(&interval))
            });
            if it.failed {
                format!("\\sout{{{value}}}{mark}{interval}")
            } else {
                format!("{value}{mark}{interval}")
            }
        }
        Cell::NotRun => format!("\\emph{{{NOT_RUN}}}"),
        // A column of its own, which a paper does not have.
        Cell::Command(_) => String::new(),
    }
}

/// Numbers with a minus and not a hyphen.
fn minus(text: &str) -> String {
    text.replace('-', "$-$").replace('–', "--")
}

/// A title in a comment: one line.
fn comment(text: &str) -> String {
    text.replace(['\n', '\r', '%'], " ")
}

/// A text without LaTeX's own signs. Marks that only change the direction of writing are left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '\\' => out += "\\textbackslash{}",
            '~' => out += "\\textasciitilde{}",
            '^' => out += "\\textasciicircum{}",
            '<' => out += "\\textless{}",
            '>' => out += "\\textgreater{}",
            '|' => out += "\\textbar{}",
            '"' => out += "\\textquotedbl{}",
            '`' => out += "\\textasciigrave{}",
            '−' => out += "$-$",
            '×' => out += "$\\times$",
            '→' => out += "$\\to$",
            '–' => out += "--",
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => out.extend(['\\', sign]),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            _ if sign.is_control() => out.push(' '),
            _ => out.push(sign),
        }
    }
    out
}
