//! Small multiples: a panel for each task, a row for each language, a mark for each model.

use super::axis::{Axis, Scale, range_of};
use super::canvas::{
    Anchor, Canvas, GREY, INK, LINE, PALE, SIZE, TextStyle, WIDTH, element, group, px, remarks,
    straight, text, text_lines,
};
use super::legend::{Sample, legend};
use super::marks::{Along, Fill, mark, whisker};
use super::palette::{COLOURS, colour, shape};
use super::text::{lines, width};
use super::{Caption, Estimate, finite_estimate};
use svg::node::Node;
use svg::node::element::Element;

/// Up to this number of models, each has a colour and a shape; more are a strip of dots.
const FEW: usize = COLOURS.len();
/// The height of a model's lane in a row.
const LANE: f64 = 5.5;
const GAP: f64 = 14.0;
const LABEL: f64 = 120.0;

/// Scores of models on tasks in languages.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// The title and the description.
    pub caption: Caption,
    /// What the values are, for example "accuracy".
    pub value_name: String,
    /// The ends of all panels' axes; from the data where it is `None`.
    pub range: Option<(f64, f64)>,
    /// The rows.
    pub languages: Vec<String>,
    /// The marks in a row. Their names are drawn where there are eight at most.
    pub models: Vec<String>,
    /// In reading order.
    pub panels: Vec<Panel>,
}

/// A panel: a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// The task.
    pub name: String,
    /// The value of guessing; no line where it is `None`.
    pub chance: Option<f64>,
    /// For each language, a value for each model. `None`, and what is missing at the ends, was not run.
    pub values: Vec<Vec<Option<Estimate>>>,
}

impl Panel {
    /// The values of a row, one for each of `models` models.
    fn row(&self, language: usize, models: usize) -> Vec<Option<Estimate>> {
        let row = self.values.get(language);
        (0..models)
            .map(|model| finite_estimate(row.and_then(|row| row.get(model)).copied().flatten()))
            .collect()
    }

    fn chance(&self) -> Option<f64> {
        super::finite(self.chance)
    }
}

/// Draws small multiples.
pub fn grid(data: &Grid) -> String {
    let labels: Vec<Vec<String>> = data
        .languages
        .iter()
        .map(|language| lines(language, SIZE, LABEL))
        .collect();
    let widest = labels
        .iter()
        .flatten()
        .map(|line| width(line, SIZE))
        .fold(0.0, f64::max);
    let left = widest + 16.0;
    let columns = if data.panels.len() > 4 {
        3
    } else {
        data.panels.len().clamp(1, 2)
    };
    let panel = (WIDTH - left - 10.0 + GAP) / columns as f64 - GAP;
    let lanes = if data.models.len() > FEW {
        2
    } else {
        data.models.len()
    };
    let heights: Vec<f64> = labels
        .iter()
        .map(|label| (lanes as f64 * LANE + 6.0).max(label.len() as f64 * LINE + 3.0))
        .collect();
    let range = range(data);
    let mut canvas = Canvas::new();
    let mut y = 4.0;
    for panels in data.panels.chunks(columns) {
        let titles: Vec<Vec<String>> = panels
            .iter()
            .map(|one| lines(&one.name, SIZE, panel))
            .collect();
        let title = titles.iter().map(Vec::len).max().unwrap_or(1) as f64 * LINE + 4.0;
        let top = y + title;
        let mut row = top;
        for (label, height) in labels.iter().zip(&heights) {
            let style = TextStyle::LABEL.at(Anchor::End);
            canvas.add(text_lines(left - 8.0, row + height / 2.0, label, &style));
            row += height;
        }
        for (column, (one, title)) in panels.iter().zip(&titles).enumerate() {
            let x = left + column as f64 * (panel + GAP);
            let axis = Axis::new(Scale::Linear, range, x + 6.0, x + panel - 6.0);
            let heading = TextStyle {
                bold: true,
                ..TextStyle::LABEL.at(Anchor::Middle)
            };
            let middle = top - 4.0 - title.len() as f64 * LINE / 2.0;
            canvas.add(text_lines(x + panel / 2.0, middle, title, &heading));
            canvas.add(drawn_panel(data, one, &axis, (x, top), panel, &heights));
        }
        y = row + 26.0;
    }
    let name = lines(&data.value_name, SIZE, WIDTH - 16.0);
    let widths = name.iter().map(|line| width(line, SIZE));
    let half = widths.fold(0.0, f64::max) / 2.0;
    let middle = f64::midpoint(left, WIDTH - 10.0).min(WIDTH - 8.0 - half);
    let height = name.len() as f64 * LINE;
    let style = TextStyle::LABEL.at(Anchor::Middle);
    canvas.add(text_lines(middle, y + height / 2.0 - 5.0, &name, &style));
    y += height + 1.0;
    if data.models.len() <= FEW {
        let names: Vec<&str> = data.models.iter().map(String::as_str).collect();
        y = legend(&mut canvas, &names, Sample::Mark, 8.0, y, WIDTH - 16.0);
    }
    y = remarks(&mut canvas, &notes(data), 8.0, y + 4.0, WIDTH - 16.0);
    canvas.finish(&data.caption, WIDTH, y + 4.0)
}

/// The range of all panels: it has all lines of chance.
fn range(data: &Grid) -> (f64, f64) {
    let chance = data.panels.iter().filter_map(Panel::chance);
    if let Some((low, high)) = data
        .range
        .filter(|(low, high)| low.is_finite() && high.is_finite())
    {
        return chance.fold((low, high), |(low, high), value| {
            (low.min(value), high.max(value))
        });
    }
    let estimates = data
        .panels
        .iter()
        .flat_map(|panel| panel.values.iter().flatten());
    let values = estimates
        .filter_map(|estimate| finite_estimate(*estimate))
        .flat_map(|estimate| {
            let (low, high) = estimate
                .interval
                .unwrap_or((estimate.value, estimate.value));
            [estimate.value, low, high]
        });
    range_of(values.chain(chance), Scale::Linear).unwrap_or((0.0, 1.0))
}

fn notes(data: &Grid) -> Vec<String> {
    let models = data.models.len();
    let rows = || {
        data.panels.iter().flat_map(move |panel| {
            (0..data.languages.len()).map(move |language| panel.row(language, models))
        })
    };
    let mut notes = Vec::new();
    if models > FEW {
        notes.push(format!(
            "A dot is one of {models} models; the bar is the median of those that were run."
        ));
    }
    if data.panels.iter().any(|panel| panel.chance().is_some()) {
        notes.push("Dashed: chance.".to_string());
    }
    let (low, high) = range(data);
    let beyond = |estimate: &Estimate| !(low..=high).contains(&estimate.value);
    if rows().any(|row| row.iter().flatten().any(beyond)) {
        notes.push("Values beyond the axis are drawn at its end.".to_string());
    }
    if rows().any(|row| row.contains(&None) && row.iter().any(Option::is_some)) {
        notes.push("A model that has no mark in a row was not run.".to_string());
    }
    notes
}

fn drawn_panel(
    data: &Grid,
    panel: &Panel,
    axis: &Axis,
    (x, top): (f64, f64),
    width: f64,
    heights: &[f64],
) -> Element {
    let mut drawn = group("panel");
    let bottom = top + heights.iter().sum::<f64>();
    let mut line = top;
    for height in heights.iter().chain(&[0.0]) {
        drawn.append(straight("grid", (x, line), (x + width, line), PALE, 1.0));
        line += height;
    }
    for (value, tick) in axis.ticks(if width > 180.0 { 5 } else { 2 }) {
        let at = axis.at(value);
        drawn.append(straight("grid", (at, top), (at, bottom), PALE, 1.0));
        drawn.append(text(
            at,
            bottom + 11.0,
            &tick,
            &TextStyle::QUIET.at(Anchor::Middle),
        ));
    }
    if let Some(chance) = panel.chance() {
        drawn.append(element(
            "line",
            [
                ("class", "reference".into()),
                ("x1", px(axis.at(chance))),
                ("y1", px(top)),
                ("x2", px(axis.at(chance))),
                ("y2", px(bottom)),
                ("stroke", GREY.into()),
                ("stroke-width", px(1.5)),
                ("stroke-dasharray", "4 3".into()),
            ],
        ));
    }
    let mut y = top;
    for (language, height) in heights.iter().enumerate() {
        let values = panel.row(language, data.models.len());
        let middle = y + height / 2.0;
        let mut row = group("row");
        if values.iter().all(Option::is_none) {
            let style = TextStyle {
                halo: true,
                ..TextStyle::QUIET.at(Anchor::Middle)
            };
            row.append(text(x + width / 2.0, middle, "not run", &style));
        } else if data.models.len() > FEW {
            strip(&mut row, &values, axis, middle);
        } else {
            lanes(&mut row, &values, axis, middle);
        }
        drawn.append(row);
        y += height;
    }
    drawn
}

/// A mark with its interval for each model, one under the other.
fn lanes(row: &mut Element, values: &[Option<Estimate>], axis: &Axis, middle: f64) {
    for (model, estimate) in values.iter().enumerate() {
        if let Some(estimate) = estimate {
            let y = middle + (model as f64 - (values.len() as f64 - 1.0) / 2.0) * LANE;
            for line in whisker(estimate, axis, y, Along::X, colour(model), 0.0) {
                row.append(line);
            }
            let point = (axis.clamped(estimate.value), y);
            row.append(mark(shape(model), point, 3.0, colour(model), Fill::Full));
        }
    }
}

/// A dot for each model in one line, and a bar at the median.
fn strip(row: &mut Element, values: &[Option<Estimate>], axis: &Axis, y: f64) {
    let mut present: Vec<f64> = values
        .iter()
        .flatten()
        .map(|estimate| estimate.value)
        .collect();
    let mut dots = element(
        "g",
        [
            ("fill", colour(0).into()),
            ("fill-opacity", px(0.5)),
            ("stroke", "#ffffff".into()),
            ("stroke-width", px(0.5)),
        ],
    );
    for value in &present {
        dots.append(element(
            "circle",
            [
                ("class", "mark".into()),
                ("cx", px(axis.clamped(*value))),
                ("cy", px(y)),
                ("r", px(3.2)),
            ],
        ));
    }
    row.append(dots);
    if let Some(median) = median(&mut present) {
        let x = axis.clamped(median);
        row.append(straight("median", (x, y - 7.0), (x, y + 7.0), INK, 2.5));
    }
}

/// The middle value, or the mean of the two in the middle.
fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    let upper = *values.get(half)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(values[half - 1], upper))
}
