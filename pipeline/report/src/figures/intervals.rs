//! Values with intervals in rows, against a line such as that of chance.

use super::axis::{Axis, Scale, range_of};
use super::canvas::{
    Anchor, Canvas, GREY, LINE, PALE, SIZE, TextStyle, WIDTH, element, group, px, remarks, round,
    straight, text, text_lines,
};
use super::marks::{Along, Fill, mark, strike, whisker};
use super::palette::{colour, shape};
use super::text::{clean, lines, width};
use super::{Caption, Estimate, Reference, finite_estimate};
use svg::node::Node;
use svg::node::element::Element;

/// The widest label of a row; longer ones are broken into lines.
const WIDEST: f64 = 190.0;
/// The room beside the axis, in which arrows stand.
const PAD: f64 = 16.0;
const GATE_FAILED: &str = "gate failed";

/// Values with intervals, in groups of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Intervals {
    /// The title and the description.
    pub caption: Caption,
    /// What the values are, for example "XRR".
    pub value_name: String,
    /// The ends of the axis; from the data where it is `None`. It is widened to have the reference.
    pub range: Option<(f64, f64)>,
    /// The line that values are seen against.
    pub reference: Option<Reference>,
    /// From top to bottom.
    pub groups: Vec<IntervalGroup>,
}

/// Rows of a series, for example of a training and the way of answering.
#[derive(Clone, Debug, PartialEq)]
pub struct IntervalGroup {
    /// The heading; none where it is empty.
    pub name: String,
    /// From top to bottom.
    pub rows: Vec<IntervalRow>,
}

/// A row: one value.
#[derive(Clone, Debug, PartialEq)]
pub struct IntervalRow {
    /// A language, or a language and a control.
    pub label: String,
    /// The value; `None` where it was not run.
    pub value: Option<Estimate>,
    /// Whether a gate failed, so that the value must not be read as a result: the row is struck out.
    pub failed: bool,
}

/// Draws values with intervals.
pub fn intervals(data: &Intervals) -> String {
    let rows = || data.groups.iter().flat_map(|group| &group.rows);
    let labels = rows()
        .flat_map(|row| lines(&row.label, SIZE, WIDEST))
        .map(|line| width(&line, SIZE))
        .fold(0.0, f64::max);
    let left = labels + 18.0;
    let axis = Axis::new(Scale::Linear, range(data), left + PAD, WIDTH - PAD);
    let mut canvas = Canvas::new();
    // The lines of the grid are as long as the rows are high, which is known after them.
    let mut drawn = Vec::new();
    let top = if data.reference.is_some() { 24.0 } else { 8.0 };
    let mut y = top;
    for (index, group) in data.groups.iter().enumerate() {
        if !group.name.is_empty() {
            let heading = lines(&group.name, SIZE, WIDTH - 16.0);
            let height = heading.len() as f64 * LINE + 6.0;
            let style = TextStyle {
                bold: true,
                ..TextStyle::LABEL
            };
            drawn.push(text_lines(6.0, y + height / 2.0, &heading, &style));
            y += height;
        }
        for row in &group.rows {
            let label = lines(&row.label, SIZE, WIDEST);
            let height = label.len() as f64 * LINE + 6.0;
            drawn.push(drawn_row(row, label, index, &axis, y + height / 2.0, left));
            y += height;
        }
        y += 6.0;
    }
    for (value, tick) in axis.ticks(5) {
        let x = axis.at(value);
        canvas.add(straight("grid", (x, top), (x, y), PALE, 1.0));
        canvas.add(text(
            x,
            y + 12.0,
            &tick,
            &TextStyle::QUIET.at(Anchor::Middle),
        ));
    }
    if let Some(reference) = reference(data) {
        let x = axis.at(reference.value);
        canvas.add(element(
            "line",
            [
                ("class", "reference".into()),
                ("x1", px(x)),
                ("y1", px(top - 4.0)),
                ("x2", px(x)),
                ("y2", px(y)),
                ("stroke", GREY.into()),
                ("stroke-width", px(1.5)),
                ("stroke-dasharray", "5 3".into()),
            ],
        ));
        // The label stays inside of the drawing.
        let label = clean(&reference.label);
        let half = width(&label, TextStyle::QUIET.size) / 2.0;
        let x = x.min(WIDTH - 4.0 - half).max(4.0 + half);
        canvas.add(text(
            x,
            top - 12.0,
            &label,
            &TextStyle::QUIET.at(Anchor::Middle),
        ));
    }
    for element in drawn {
        canvas.add(element);
    }
    let name = lines(&data.value_name, SIZE, WIDTH - 16.0);
    let widths = name.iter().map(|line| width(line, SIZE));
    let half = widths.fold(0.0, f64::max) / 2.0;
    let middle = axis.at(axis.middle()).min(WIDTH - 8.0 - half);
    let height = name.len() as f64 * LINE;
    let style = TextStyle::LABEL.at(Anchor::Middle);
    canvas.add(text_lines(middle, y + 22.0 + height / 2.0, &name, &style));
    let mut notes = Vec::new();
    if rows()
        .filter_map(|row| finite_estimate(row.value))
        .any(|estimate| !axis.has(estimate.value))
    {
        notes.push("An arrow: the value is beyond the axis.".to_string());
    }
    let under = remarks(&mut canvas, &notes, 8.0, y + 26.0 + height, WIDTH - 16.0);
    canvas.finish(&data.caption, WIDTH, under + 4.0)
}

fn reference(data: &Intervals) -> Option<&Reference> {
    data.reference
        .as_ref()
        .filter(|reference| reference.value.is_finite())
}

/// The range of the axis: it always has the reference.
fn range(data: &Intervals) -> (f64, f64) {
    let reference = reference(data).map(|reference| reference.value);
    let given = data
        .range
        .filter(|(low, high)| low.is_finite() && high.is_finite());
    if let Some((low, high)) = given {
        return reference.map_or((low, high), |value| (low.min(value), high.max(value)));
    }
    let rows = data.groups.iter().flat_map(|group| &group.rows);
    let values = rows
        .filter_map(|row| finite_estimate(row.value))
        .flat_map(|estimate| {
            let (low, high) = estimate
                .interval
                .unwrap_or((estimate.value, estimate.value));
            [estimate.value, low, high]
        });
    range_of(values.chain(reference), Scale::Linear).unwrap_or((0.0, 1.0))
}

fn drawn_row(
    row: &IntervalRow,
    label: Vec<String>,
    series: usize,
    axis: &Axis,
    y: f64,
    left: f64,
) -> Element {
    let mut drawn = group(if row.failed { "row failed" } else { "row" });
    let style = TextStyle {
        struck: row.failed,
        fill: if row.failed {
            GREY
        } else {
            TextStyle::LABEL.fill
        },
        ..TextStyle::LABEL.at(Anchor::End)
    };
    drawn.append(text_lines(left - 10.0, y, &label, &style));
    let halo = TextStyle {
        halo: true,
        ..TextStyle::QUIET
    };
    let Some(estimate) = finite_estimate(row.value) else {
        let words = if row.failed { GATE_FAILED } else { "not run" };
        drawn.append(text(left + PAD + 6.0, y, words, &halo));
        return drawn;
    };
    let colour = if row.failed { GREY } else { colour(series) };
    for line in whisker(&estimate, axis, y, Along::X, colour, 4.0) {
        drawn.append(line);
    }
    let x = axis.clamped(estimate.value);
    let fill = if row.failed { Fill::Hollow } else { Fill::Full };
    drawn.append(mark(shape(series), (x, y), 5.0, colour, fill));
    if !axis.has(estimate.value) {
        drawn.append(beyond(estimate.value > axis.middle(), (x, y), colour));
    }
    if row.failed {
        drawn.append(strike((x, y), 8.0));
        let (x, anchor) = beside(&estimate, axis, left, width(GATE_FAILED, halo.size));
        drawn.append(text(x, y, GATE_FAILED, &halo.at(anchor)));
    }
    drawn
}

/// Where words of a width stand beside an interval: on the right of it, else on the left, else over its longer side.
fn beside(estimate: &Estimate, axis: &Axis, left: f64, words: f64) -> (f64, Anchor) {
    let mark = axis.clamped(estimate.value);
    let (low, high) = estimate
        .interval
        .unwrap_or((estimate.value, estimate.value));
    let (low, high) = (
        axis.clamped(low).min(mark) - 10.0,
        axis.clamped(high).max(mark) + 10.0,
    );
    if high + words <= WIDTH - 4.0 {
        (high, Anchor::Start)
    } else if low - words >= left {
        (low, Anchor::End)
    } else if WIDTH - mark >= mark - left {
        (mark + 12.0, Anchor::Start)
    } else {
        (mark - 12.0, Anchor::End)
    }
}

/// An arrow beside a mark whose value is beyond the end of the axis.
fn beyond(right: bool, (x, y): (f64, f64), colour: &str) -> Element {
    let sign = if right { 1.0 } else { -1.0 };
    let points = [(7.0, -4.0), (12.0, 0.0), (7.0, 4.0)]
        .map(|(dx, dy)| format!("{},{}", round(x + sign * dx), round(y + dy)));
    element(
        "polyline",
        [
            ("class", "beyond".into()),
            ("points", points.join(" ").into()),
            ("fill", "none".into()),
            ("stroke", colour.into()),
            ("stroke-width", px(1.6)),
        ],
    )
}
