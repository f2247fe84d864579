//! Legends: a sample and a name for each series, in as many columns as fit.

use super::canvas::{Canvas, LINE, SMALL, TextStyle, element, group, px, text_lines};
use super::marks::{Fill, mark};
use super::palette::{colour, dash, shape};
use super::text;
use svg::node::Node;
use svg::node::element::Element;

/// What a series of a figure is drawn with.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Sample {
    Mark,
    MarkOnLine,
}

/// Draws a legend from `top` on and returns the height under it. `names` are of the series 0, 1, ….
pub(super) fn legend(
    canvas: &mut Canvas,
    names: &[&str],
    sample: Sample,
    left: f64,
    top: f64,
    width: f64,
) -> f64 {
    let samples = |index: usize, x: f64, y: f64| {
        let line = element(
            "line",
            [
                ("x1", px(x)),
                ("y1", px(y)),
                ("x2", px(x + 26.0)),
                ("y2", px(y)),
                ("stroke", colour(index).into()),
                ("stroke-width", px(2.0)),
                ("stroke-dasharray", dash(index).into()),
            ],
        );
        let mark = |x: f64| mark(shape(index), (x, y), 4.0, colour(index), Fill::Full);
        match sample {
            Sample::Mark => vec![mark(x + 5.0)],
            Sample::MarkOnLine => vec![line, mark(x + 13.0)],
        }
    };
    let reach = match sample {
        Sample::Mark => 15.0,
        Sample::MarkOnLine => 32.0,
    };
    legend_of(canvas, names, samples, reach, (left, top), width)
}

/// Draws a legend with samples of its own: what is drawn at a point for a name, `reach` wide.
pub(super) fn legend_of(
    canvas: &mut Canvas,
    names: &[&str],
    samples: impl Fn(usize, f64, f64) -> Vec<Element>,
    reach: f64,
    (left, top): (f64, f64),
    width: f64,
) -> f64 {
    let style = TextStyle {
        size: SMALL,
        ..TextStyle::LABEL
    };
    let names: Vec<Vec<String>> = names
        .iter()
        .map(|name| text::lines(name, SMALL, width - reach))
        .collect();
    let widest = names
        .iter()
        .flatten()
        .map(|line| text::width(line, SMALL))
        .fold(0.0, f64::max);
    let column = reach + widest + 14.0;
    let columns = (((width + 14.0) / column).floor().max(1.0) as usize).min(names.len().max(1));
    // Down the first column, then down the next.
    let rows = names.len().div_ceil(columns);
    let mut y = top;
    for row in 0..rows {
        let entries: Vec<usize> = (0..columns)
            .map(|column| column * rows + row)
            .filter(|&index| index < names.len())
            .collect();
        let tallest = entries.iter().map(|&index| names[index].len()).max();
        let height = tallest.unwrap_or(1) as f64 * LINE + 1.0;
        for index in entries {
            let x = left + (index / rows) as f64 * column;
            let middle = y + height / 2.0;
            let mut entry = group("legend");
            for sample in samples(index, x, middle) {
                entry.append(sample);
            }
            entry.append(text_lines(x + reach, middle, &names[index], &style));
            canvas.add(entry);
        }
        y += height;
    }
    y
}
