//! The heat map.

use crate::drawing::{classed, count, drawn, elements, inside, number, read, size};
use crate::{HOSTILE, HOSTILE_DRAWN, caption};
use clika_report::figures::{Cell, Heatmap, heatmap};

fn cell(value: f64) -> Cell {
    Cell {
        value: Some(value),
        failed: false,
    }
}

fn figure(rows: &[&str], columns: &[&str], cells: Vec<Vec<Cell>>) -> Heatmap {
    Heatmap {
        caption: caption(),
        row_title: "taught in".into(),
        column_title: "asked in".into(),
        value_name: "XRR".into(),
        rows: rows.iter().map(|row| (*row).into()).collect(),
        columns: columns.iter().map(|column| (*column).into()).collect(),
        cells,
        range: (0.0, 1.0),
        digits: 2,
    }
}

#[test]
fn cells_are_where_their_row_and_column_meet() {
    let data = figure(
        &["en", "de"],
        &["fr", "ja", "he"],
        vec![
            vec![cell(0.0), cell(0.1), cell(1.0)],
            vec![cell(0.25), cell(0.5), cell(0.75)],
        ],
    );
    read(&heatmap(&data), |document| {
        let cells = classed(document, "cell");
        assert_eq!(cells.len(), 6);
        for (index, (text, row, column)) in [
            ("0.00", "en", "fr"),
            ("0.10", "en", "ja"),
            ("1.00", "en", "he"),
            ("0.25", "de", "fr"),
            ("0.50", "de", "ja"),
            ("0.75", "de", "he"),
        ]
        .into_iter()
        .enumerate()
        {
            let area = elements(document, "rect")
                .find(|rect| rect.parent() == Some(cells[index]))
                .unwrap();
            let (x, y) = (number(area, "x"), number(area, "y"));
            let (width, height) = (number(area, "width"), number(area, "height"));
            let value = cells[index]
                .children()
                .find(|node| node.has_tag_name("text"))
                .unwrap();
            assert_eq!(value.text(), Some(text));
            let middle = number(drawn(document, column), "x");
            assert!((x + width / 2.0 - middle).abs() < 0.02);
            let label = number(drawn(document, row), "y");
            assert!(label > y && label < y + height);
        }
        // The ends of the scale, and a tenth: between #f7fbff and #d0e1f2 in the middle.
        let fill = |index: usize| {
            let rect = cells[index]
                .children()
                .find(|node| node.has_tag_name("rect"))
                .unwrap();
            rect.attribute("fill").unwrap().to_string()
        };
        assert_eq!(
            [fill(0), fill(1), fill(2)],
            ["#f7fbff", "#e4eef9", "#08306b"]
        );
        let ink = |index: usize| {
            let text = cells[index]
                .children()
                .find(|node| node.has_tag_name("text"))
                .unwrap();
            text.attribute("fill").unwrap().to_string()
        };
        assert_eq!([ink(0), ink(2)], ["#000000", "#ffffff"]);
        for text in ["taught in", "asked in", "XRR"] {
            assert_eq!(count(document, text), 1);
        }
        assert_eq!(count(document, "Hatched: not run."), 0);
    });
}

#[test]
fn what_was_not_run_is_hatched_and_has_no_number() {
    let missing = Cell::default();
    let data = figure(
        &["en", "de"],
        &["fr", "ja"],
        vec![vec![missing, cell(f64::NAN)], vec![cell(0.5)]],
    );
    read(&heatmap(&data), |document| {
        let missing = classed(document, "missing");
        assert_eq!(missing.len(), 3);
        for cell in missing {
            let rect = cell
                .children()
                .find(|node| node.has_tag_name("rect"))
                .unwrap();
            assert_eq!(rect.attribute("fill"), Some("url(#test-hatch)"));
            assert!(cell.children().all(|node| !node.has_tag_name("text")));
        }
        assert_eq!(count(document, "Hatched: not run."), 1);
    });
}

#[test]
fn failed_cells_are_struck_out() {
    let failed = Cell {
        value: Some(0.9),
        failed: true,
    };
    let gone = Cell {
        value: None,
        failed: true,
    };
    read(
        &heatmap(&figure(
            &["en"],
            &["fr", "ja", "he"],
            vec![vec![cell(0.5), failed, gone]],
        )),
        |document| {
            let failed = classed(document, "failed");
            assert_eq!(failed.len(), 2);
            for cell in &failed {
                assert_eq!(inside(*cell, "strike").len(), 1);
                let rect = cell
                    .children()
                    .find(|node| node.has_tag_name("rect"))
                    .unwrap();
                assert_eq!(rect.attribute("fill"), Some("#ffffff"));
            }
            assert_eq!(count(document, "0.90"), 1);
            assert_eq!(
                count(
                    document,
                    "Struck out: gate failed, so the value is no result."
                ),
                1
            );
            assert_eq!(count(document, "Hatched: not run."), 0);
        },
    );
}

#[test]
fn many_columns_and_long_labels_widen_the_drawing() {
    let names: Vec<String> = (0..40)
        .map(|index| format!("organization/model-{index}-instruct"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let data = figure(&names, &names, vec![vec![cell(0.5); 40]; 40]);
    read(&heatmap(&data), |document| {
        let (width, _) = size(document);
        assert!(width > 40.0 * 40.0);
        // As a row and as a column.
        assert_eq!(count(document, names[39]), 2);
        let last = elements(document, "text")
            .filter(|text| text.attribute("transform").is_some())
            .last()
            .unwrap();
        // Turned by 45 degrees: its end is inside of the drawing. The name is 176 wide in Arial of 13 pixels.
        assert!(number(last, "x") + 176.0 * 0.71 < width);
        assert!(number(last, "y") - 176.0 * 0.71 > 0.0);
    });
}

#[test]
fn hostile_text_stays_text() {
    let mut data = figure(&[HOSTILE], &[HOSTILE], vec![vec![cell(0.5)]]);
    data.value_name = HOSTILE.into();
    data.row_title = HOSTILE.into();
    data.column_title = HOSTILE.into();
    read(&heatmap(&data), |document| {
        assert_eq!(count(document, HOSTILE_DRAWN), 5)
    });
}

#[test]
fn nothing_at_all() {
    read(&heatmap(&figure(&[], &[], vec![])), |document| {
        assert!(classed(document, "cell").is_empty())
    });
}
