//! A table of values as colours, with the number in each cell.

use super::Caption;
use super::axis::number;
use super::canvas::{
    Anchor, Canvas, GREY, LINE, SIZE, SMALL, TextStyle, WIDTH, element, group, identifier, px,
    remarks, round, straight, text, text_lines,
};
use super::finite;
use super::palette::{ink_on, scale};
use super::text::{clean, lines, width};
use svg::node::Node;
use svg::node::element::Element;

const HEIGHT: f64 = 28.0;
const NARROWEST: f64 = 40.0;
const WIDEST: f64 = 70.0;
/// The widest label of a row; longer ones are broken into lines.
const LABEL: f64 = 170.0;

/// Values of rows and columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Heatmap {
    /// The title and the description.
    pub caption: Caption,
    /// What the rows are, for example "taught in".
    pub row_title: String,
    /// What the columns are, for example "asked in".
    pub column_title: String,
    /// What the values are, for the scale's legend.
    pub value_name: String,
    /// The labels of the rows.
    pub rows: Vec<String>,
    /// The labels of the columns.
    pub columns: Vec<String>,
    /// A row of cells for each row. What is missing at the ends is not run.
    pub cells: Vec<Vec<Cell>>,
    /// The values at the pale and at the dark end of the scale; values outside have the colour of the end.
    pub range: (f64, f64),
    /// Digits after the point of the numbers.
    pub digits: usize,
}

/// A cell of a heat map.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cell {
    /// The value; `None` where it was not run.
    pub value: Option<f64>,
    /// Whether a gate failed, so that the value must not be read as a result: the number is struck out.
    pub failed: bool,
}

/// Draws a heat map.
pub fn heatmap(data: &Heatmap) -> String {
    let hatch = format!("{}-hatch", identifier(&data.caption.prefix));
    let labels: Vec<Vec<String>> = data
        .rows
        .iter()
        .map(|row| lines(row, SIZE, LABEL))
        .collect();
    let widest_label = labels
        .iter()
        .flatten()
        .map(|line| width(line, SIZE))
        .fold(0.0, f64::max);
    let row_title = clean(&data.row_title);
    let left = (widest_label + 14.0)
        .max(width(&row_title, SMALL) + 14.0)
        .max(40.0);
    let columns: Vec<String> = data.columns.iter().map(|column| clean(column)).collect();
    let count = columns.len();
    let cell = ((WIDTH - left - 8.0) / count.max(1) as f64).clamp(
        number_width(data).max(NARROWEST),
        WIDEST.max(number_width(data)),
    );
    let widest = columns
        .iter()
        .map(|column| width(column, SIZE))
        .fold(0.0, f64::max);
    // Labels that are wider than a cell are turned by 45 degrees, and need room above and on the right.
    let turned = widest > cell - 6.0;
    let (above, beside) = if turned {
        let reach = widest * std::f64::consts::FRAC_1_SQRT_2;
        (reach + 16.0, (reach - cell / 2.0).max(0.0))
    } else {
        (LINE + 6.0, 0.0)
    };
    let top = above + LINE + 4.0;
    let right = left + cell * count as f64;
    let column_title = clean(&data.column_title);
    let title = width(&column_title, SMALL);
    let whole = (right + beside + 8.0).max(WIDTH).max(title + 8.0);
    let mut canvas = Canvas::new();
    canvas.add(pattern(&hatch));
    let title_x = (left + right) / 2.0;
    canvas.add(text(
        title_x
            .min(whole - 4.0 - title / 2.0)
            .max(title / 2.0 + 4.0),
        10.0,
        &column_title,
        &TextStyle::QUIET.at(Anchor::Middle),
    ));
    canvas.add(text(
        left - 8.0,
        top - 12.0,
        &row_title,
        &TextStyle::QUIET.at(Anchor::End),
    ));
    for (index, column) in columns.iter().enumerate() {
        let x = left + (index as f64 + 0.5) * cell;
        let y = top - 12.0;
        let mut label = text(
            x,
            y,
            column,
            &TextStyle::LABEL.at(if turned {
                Anchor::Start
            } else {
                Anchor::Middle
            }),
        );
        if turned {
            label.assign(
                "transform",
                format!("rotate(-45 {} {})", round(x), round(y)),
            );
        }
        canvas.add(label);
    }
    let mut y = top;
    let mut missing = false;
    let mut failed = false;
    for (index, label) in labels.iter().enumerate() {
        let height = HEIGHT.max(label.len() as f64 * LINE + 6.0);
        let middle = y + height / 2.0;
        canvas.add(text_lines(
            left - 8.0,
            middle,
            label,
            &TextStyle::LABEL.at(Anchor::End),
        ));
        for column in 0..count {
            let content = data.cells.get(index).and_then(|row| row.get(column));
            let content = content.copied().unwrap_or_default();
            missing |= finite(content.value).is_none() && !content.failed;
            failed |= content.failed;
            let x = left + column as f64 * cell;
            canvas.add(drawn_cell(data, content, (x, y), (cell, height), &hatch));
        }
        y += height;
    }
    y = colour_bar(&mut canvas, data, left, y + 14.0);
    let mut notes = Vec::new();
    if missing {
        notes.push("Hatched: not run.".to_string());
    }
    if failed {
        notes.push("Struck out: gate failed, so the value is no result.".to_string());
    }
    let y = remarks(&mut canvas, &notes, left, y + 4.0, whole - left - 8.0);
    canvas.finish(&data.caption, whole, y + 4.0)
}

/// The width that the widest number needs.
fn number_width(data: &Heatmap) -> f64 {
    let numbers = data
        .cells
        .iter()
        .flatten()
        .filter_map(|cell| finite(cell.value));
    numbers
        .map(|value| width(&number(value, data.digits), SMALL) + 8.0)
        .fold(0.0, f64::max)
}

fn drawn_cell(
    data: &Heatmap,
    content: Cell,
    (x, y): (f64, f64),
    (width, height): (f64, f64),
    hatch: &str,
) -> Element {
    let value = finite(content.value);
    let fill = match value {
        Some(_) if content.failed => "#ffffff".to_string(),
        Some(value) => scale(place(value, data.range)),
        None if content.failed => "#ffffff".to_string(),
        None => format!("url(#{hatch})"),
    };
    let mut cell = group(if content.failed {
        "cell failed"
    } else if value.is_none() {
        "cell missing"
    } else {
        "cell"
    });
    let ink = ink_on(if value.is_some() { &fill } else { "#ffffff" });
    cell.append(element(
        "rect",
        [
            ("x", px(x)),
            ("y", px(y)),
            ("width", px(width)),
            ("height", px(height)),
            ("fill", fill.into()),
            ("stroke", "#bbbbbb".into()),
            ("stroke-width", px(0.7)),
        ],
    ));
    if content.failed {
        cell.append(straight(
            "strike",
            (x + 4.0, y + height - 4.0),
            (x + width - 4.0, y + 4.0),
            "#aaaaaa",
            1.4,
        ));
    }
    if let Some(value) = value {
        let style = TextStyle {
            size: SMALL,
            fill: if content.failed { GREY } else { ink },
            ..TextStyle::LABEL.at(Anchor::Middle)
        };
        cell.append(text(
            x + width / 2.0,
            y + height / 2.0,
            &number(value, data.digits),
            &style,
        ));
    }
    cell
}

/// Where a value is on the scale, 0 to 1.
fn place(value: f64, (low, high): (f64, f64)) -> f64 {
    if high > low {
        ((value - low) / (high - low)).clamp(0.0, 1.0)
    } else {
        0.5
    }
}

/// The scale with its ends, and the height under it.
fn colour_bar(canvas: &mut Canvas, data: &Heatmap, left: f64, top: f64) -> f64 {
    const STEPS: u32 = 24;
    const STEP: f64 = 6.0;
    let mut bar = group("scale");
    let (low, high) = (
        number(data.range.0, data.digits),
        number(data.range.1, data.digits),
    );
    let x = left + width(&low, SMALL) + 6.0;
    let middle = top + 6.0;
    bar.append(text(left, middle, &low, &TextStyle::QUIET));
    for step in 0..STEPS {
        bar.append(element(
            "rect",
            [
                ("x", px(x + f64::from(step) * STEP)),
                ("y", px(top)),
                ("width", px(STEP + 0.3)),
                ("height", px(12.0)),
                ("fill", scale(f64::from(step) / f64::from(STEPS - 1)).into()),
            ],
        ));
    }
    let end = x + f64::from(STEPS) * STEP + 6.0;
    bar.append(text(end, middle, &high, &TextStyle::QUIET));
    let name = lines(
        &data.value_name,
        SMALL,
        WIDTH - end - width(&high, SMALL) - 20.0,
    );
    let below = name.len() as f64 * LINE;
    bar.append(text_lines(
        end + width(&high, SMALL) + 12.0,
        middle + (below - LINE) / 2.0,
        &name,
        &TextStyle::QUIET,
    ));
    canvas.add(bar);
    top + 6.0 + below
}

/// Diagonal lines, for cells without a value.
fn pattern(id: &str) -> Element {
    let mut pattern = element(
        "pattern",
        [
            ("id", id.into()),
            ("width", px(6.0)),
            ("height", px(6.0)),
            ("patternUnits", "userSpaceOnUse".into()),
            ("patternTransform", "rotate(45)".into()),
        ],
    );
    pattern.append(element(
        "rect",
        [
            ("width", px(6.0)),
            ("height", px(6.0)),
            ("fill", "#ffffff".into()),
        ],
    ));
    pattern.append(straight("hatch", (0.0, 0.0), (0.0, 6.0), "#bbbbbb", 1.5));
    let mut definitions = Element::new("defs");
    definitions.append(pattern);
    definitions
}
