//! The frame of a plot with a horizontal and a vertical axis.

use super::axis::Axis;
use super::canvas::{
    Anchor, Canvas, GREY, LINE, PALE, SMALL, TextStyle, WIDTH, element, group, px, round, straight,
    text, text_lines,
};
use super::labels::Area;
use super::text::{clean, lines, width};
use super::{Reference, finite};
use svg::node::Node;

/// Values with the texts that they are marked with on an axis.
pub(super) type Ticks = Vec<(f64, String)>;

/// A plot: its axes have the coordinates of its area.
pub(super) struct Plot {
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) area: Area,
}

impl Plot {
    /// Draws grid, ticks and the names of the axes; returns the height under them.
    ///
    /// The name of the vertical axis stands above it, where it is read without turning the head.
    pub(super) fn frame(
        &self,
        canvas: &mut Canvas,
        (x_ticks, y_ticks): (&Ticks, &Ticks),
        (x_name, y_name): (&str, &str),
    ) -> f64 {
        let Area {
            left,
            top,
            width: wide,
            height,
        } = self.area;
        let (right, bottom) = (left + wide, top + height);
        let mut frame = group("frame");
        for (value, tick) in y_ticks {
            let y = self.y.at(*value);
            frame.append(straight("grid", (left, y), (right, y), PALE, 1.0));
            frame.append(text(left - 6.0, y, tick, &TextStyle::QUIET.at(Anchor::End)));
        }
        let widest = widest(x_ticks);
        let turned = turned(&self.x, x_ticks);
        for (value, tick) in x_ticks {
            let x = self.x.at(*value);
            frame.append(straight("grid", (x, top), (x, bottom), PALE, 1.0));
            let y = bottom + if turned { 10.0 } else { 11.0 };
            let anchor = if turned { Anchor::End } else { Anchor::Middle };
            let mut label = text(x, y, tick, &TextStyle::QUIET.at(anchor));
            if turned {
                label.assign(
                    "transform",
                    format!("rotate(-45 {} {})", round(x), round(y)),
                );
            }
            frame.append(label);
        }
        frame.append(straight("axis", (left, bottom), (right, bottom), GREY, 1.0));
        frame.append(straight("axis", (left, top), (left, bottom), GREY, 1.0));
        let mut under = bottom + 12.0;
        under += if turned {
            widest * std::f64::consts::FRAC_1_SQRT_2 + 8.0
        } else {
            LINE + 2.0
        };
        let name = lines(x_name, TextStyle::LABEL.size, WIDTH - 16.0);
        let tall = name.len() as f64 * LINE;
        let half = name
            .iter()
            .map(|line| width(line, TextStyle::LABEL.size))
            .fold(0.0, f64::max)
            / 2.0;
        let middle = (left + wide / 2.0).min(WIDTH - 4.0 - half).max(half + 4.0);
        frame.append(text_lines(
            middle,
            under + tall / 2.0 - 4.0,
            &name,
            &TextStyle::LABEL.at(Anchor::Middle),
        ));
        let name = lines(y_name, TextStyle::LABEL.size, WIDTH - 16.0);
        let middle = top - 8.0 - name.len() as f64 * LINE / 2.0;
        frame.append(text_lines(6.0, middle, &name, &TextStyle::LABEL));
        canvas.add(frame);
        under + tall
    }

    /// Draws a horizontal line at a value.
    pub(super) fn reference(&self, canvas: &mut Canvas, reference: &Reference) {
        if !reference.value.is_finite() {
            return;
        }
        let y = self.y.at(reference.value);
        canvas.add(element(
            "line",
            [
                ("class", "reference".into()),
                ("x1", px(self.area.left)),
                ("y1", px(y)),
                ("x2", px(self.area.left + self.area.width)),
                ("y2", px(y)),
                ("stroke", GREY.into()),
                ("stroke-width", px(1.5)),
                ("stroke-dasharray", "5 3".into()),
            ],
        ));
    }

    /// Draws the label of such a line at its right end, and returns the area of the label.
    pub(super) fn reference_label(
        &self,
        canvas: &mut Canvas,
        reference: &Reference,
    ) -> Option<Area> {
        let line = self.y.at(finite(Some(reference.value))?);
        // Above the line where there is room.
        let y = if line - LINE > self.area.top {
            line - 9.0
        } else {
            line + 9.0
        };
        let label = clean(&reference.label);
        let right = self.area.left + self.area.width - 4.0;
        let style = TextStyle {
            halo: true,
            ..TextStyle::QUIET.at(Anchor::End)
        };
        canvas.add(text(right, y, &label, &style));
        let width = width(&label, SMALL);
        Some(Area {
            left: right - width,
            top: y - LINE / 2.0,
            width,
            height: LINE,
        })
    }
}

/// The range with the value of a line in it.
pub(super) fn with_reference((low, high): (f64, f64), reference: Option<&Reference>) -> (f64, f64) {
    match reference.and_then(|reference| finite(Some(reference.value))) {
        Some(value) => (low.min(value), high.max(value)),
        None => (low, high),
    }
}

/// The height over a plot that the name of its vertical axis needs.
pub(super) fn head(y_name: &str) -> f64 {
    lines(y_name, TextStyle::LABEL.size, WIDTH - 16.0).len() as f64 * LINE + 19.0
}

/// Whether the texts of a horizontal axis would touch their neighbours, so that they are turned by 45 degrees.
pub(super) fn turned(axis: &Axis, ticks: &Ticks) -> bool {
    let mut places: Vec<f64> = ticks.iter().map(|(value, _)| axis.at(*value)).collect();
    places.sort_by(f64::total_cmp);
    let widest = widest(ticks);
    places
        .windows(2)
        .any(|pair| pair[1] - pair[0] < widest + 6.0)
}

/// The width of the widest text of an axis.
pub(super) fn widest(ticks: &Ticks) -> f64 {
    let widths = ticks.iter().map(|(_, tick)| width(tick, SMALL));
    widths.fold(0.0, f64::max)
}

/// The room that the texts of a vertical axis need on its left.
pub(super) fn room(ticks: &Ticks) -> f64 {
    widest(ticks) + 14.0
}
