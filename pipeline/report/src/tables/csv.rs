//! Tables as CSV: a score is four columns, so that nothing has to be taken apart.

use super::table::{Cell, Table};

impl Table {
    /// The table as CSV with a header. A column of scores becomes four: value, low, high and whether the gate failed. What is
    /// undefined or was not run is empty.
    pub fn csv(&self) -> String {
        let scores: Vec<bool> = (0..self.columns.len())
            .map(|column| {
                let cells = self.rows.iter().map(|row| &row[column]);
                cells.clone().any(|cell| matches!(cell, Cell::Estimate(_)))
            })
            .collect();
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut header = Vec::new();
        for (column, scores) in self.columns.iter().zip(&scores) {
            header.push(column.name.clone());
            if *scores {
                let ends = ["low", "high", "gate"].map(|end| format!("{} {end}", column.name));
                header.extend(ends);
            }
        }
        let mut write = |record: Vec<String>| {
            let written = writer.write_record(&record);
            written.expect("writing to memory succeeds, and every row has a cell for each column");
        };
        write(header);
        for row in &self.rows {
            let cells = row.iter().zip(&scores);
            write(
                cells
                    .flat_map(|(cell, scores)| fields(cell, *scores))
                    .collect(),
            );
        }
        let bytes = writer.into_inner().expect("writing to memory succeeds");
        String::from_utf8(bytes).expect("the cells are UTF-8")
    }
}

/// The fields of a cell.
fn fields(cell: &Cell, scores: bool) -> Vec<String> {
    let whole = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let mut fields = match cell {
        Cell::Text(text) | Cell::Printed(text) | Cell::Command(text) => vec![text.clone()],
        Cell::Count(count) => vec![count.to_string()],
        Cell::Number(value, _) => vec![whole(*value)],
        Cell::Estimate(it) => {
            let gate = if it.failed { "failed" } else { "" };
            vec![
                whole(it.value),
                whole(it.low),
                whole(it.high),
                gate.to_owned(),
            ]
        }
        Cell::NotRun => vec![String::new()],
    };
    if scores {
        fields.resize(4, String::new());
    }
    fields
}
