//! Our values against the printed ones.

use super::axis::{Axis, Scale, number, range_of};
use super::canvas::{
    Anchor, Canvas, GREY, LINE, SMALL, TextStyle, WIDTH, group, px, straight, text, text_lines,
};
use super::labels::{Area, beside};
use super::marks::{Fill, mark};
use super::palette::{COLOURS, Shape};
use super::plot::{Plot, head, room};
use super::text::{lines, width};
use super::{Caption, finite};
use svg::node::Node;

const SIDE: f64 = 380.0;
const AGREES: (Shape, &str) = (Shape::Circle, COLOURS[0]);
const DIFFERS: (Shape, &str) = (Shape::Diamond, COLOURS[1]);

/// Values that were computed again.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// The title and the description.
    pub caption: Caption,
    /// What the horizontal axis has, for example "printed".
    pub printed_name: String,
    /// What the vertical axis has, for example "ours".
    pub ours_name: String,
    /// Digits after the point in the list of the greatest differences.
    pub digits: usize,
    /// So many of those that differ are numbered and listed, the greatest difference first.
    pub listed: usize,
    /// The values.
    pub points: Vec<AgreementPoint>,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub struct AgreementPoint {
    /// What it is the value of.
    pub label: String,
    /// As printed.
    pub printed: f64,
    /// As computed; `None` where it cannot be: counted, not drawn.
    pub ours: Option<f64>,
    /// Whether they agree, by the caller's rule.
    pub agrees: bool,
}

/// Draws a scatter plot.
pub fn agreement(data: &Agreement) -> String {
    let drawn: Vec<(&AgreementPoint, f64)> = data
        .points
        .iter()
        .filter(|point| point.printed.is_finite())
        .filter_map(|point| Some((point, finite(point.ours)?)))
        .collect();
    let values = drawn
        .iter()
        .flat_map(|(point, ours)| [point.printed, *ours]);
    let range = range_of(values, Scale::Linear).unwrap_or((0.0, 1.0));
    let top = head(&data.ours_name);
    let y = Axis::new(Scale::Linear, range, top + SIDE, top);
    let ticks = y.ticks(5);
    let left = room(&ticks).max((WIDTH - SIDE) / 2.0);
    let area = Area {
        left,
        top,
        width: SIDE,
        height: SIDE,
    };
    let x = Axis::new(Scale::Linear, range, left, left + SIDE);
    let plot = Plot { x, y, area };
    let mut canvas = Canvas::new();
    let mut under = plot.frame(
        &mut canvas,
        (&ticks, &ticks),
        (&data.printed_name, &data.ours_name),
    );
    canvas.add(straight(
        "diagonal",
        (left, top + SIDE),
        (left + SIDE, top),
        GREY,
        1.2,
    ));
    let place = |point: &AgreementPoint, ours: f64| (plot.x.at(point.printed), plot.y.at(ours));
    // Those that differ are drawn last, above the others.
    for agrees in [true, false] {
        let (shape, colour) = if agrees { AGREES } else { DIFFERS };
        for (point, ours) in drawn.iter().filter(|(point, _)| point.agrees == agrees) {
            let mut mark = mark(
                shape,
                place(point, *ours),
                if agrees { 3.2 } else { 4.4 },
                colour,
                Fill::Full,
            );
            mark.assign(
                "class",
                if agrees {
                    "mark agrees"
                } else {
                    "mark differs"
                },
            );
            if agrees {
                mark.assign("fill-opacity", px(0.55));
            }
            canvas.add(mark);
        }
    }
    counts(&mut canvas, data, &drawn, &area);

    let mut worst: Vec<&(&AgreementPoint, f64)> =
        drawn.iter().filter(|(point, _)| !point.agrees).collect();
    worst.sort_by(|a, b| {
        let difference = |(point, ours): &(&AgreementPoint, f64)| (point.printed - ours).abs();
        difference(b).total_cmp(&difference(a))
    });
    worst.truncate(data.listed);
    let marks: Vec<Area> = drawn
        .iter()
        .map(|(point, ours)| Area::around(place(point, *ours), 4.0))
        .collect();
    // The counts in the corner are labels too.
    let mut labels = vec![Area {
        width: 130.0,
        height: 3.0 * (LINE + 3.0) + 4.0,
        ..area
    }];
    for (index, (point, ours)) in worst.iter().enumerate() {
        let number = (index + 1).to_string();
        let at = place(point, *ours);
        let size = (width(&number, SMALL) + 2.0, LINE);
        let area = beside(at, size, &area, &marks, &labels);
        labels.push(area);
        let (x, y) = area.middle();
        let mut label = group("difference");
        if (x - at.0).hypot(y - at.1) > 22.0 {
            label.append(straight("leader", at, (x, y), GREY, 0.8));
        }
        let style = TextStyle {
            size: SMALL,
            bold: true,
            halo: true,
            ..TextStyle::LABEL.at(Anchor::Middle)
        };
        label.append(text(x, y, &number, &style));
        canvas.add(label);
    }
    under += 4.0;
    for (index, (point, ours)) in worst.iter().enumerate() {
        under = listed(&mut canvas, data, index + 1, point, *ours, under);
    }
    canvas.finish(&data.caption, WIDTH, under + 6.0)
}

/// How many agree, differ and are not computed, in the corner over the diagonal.
fn counts(canvas: &mut Canvas, data: &Agreement, drawn: &[(&AgreementPoint, f64)], area: &Area) {
    let agree = drawn.iter().filter(|(point, _)| point.agrees).count();
    let entries = [
        (Some(AGREES), agree, "agree"),
        (Some(DIFFERS), drawn.len() - agree, "differ"),
        (None, data.points.len() - drawn.len(), "not computed"),
    ];
    let mut y = area.top + 14.0;
    for (look, count, words) in entries {
        if count == 0 && look.is_none() {
            continue;
        }
        let mut entry = group("count");
        if let Some((shape, colour)) = look {
            entry.append(mark(shape, (area.left + 14.0, y), 4.4, colour, Fill::Full));
        }
        let style = TextStyle {
            halo: true,
            ..TextStyle::LABEL
        };
        entry.append(text(
            area.left + 24.0,
            y,
            &format!("{count} {words}"),
            &style,
        ));
        canvas.add(entry);
        y += LINE + 3.0;
    }
}

/// A line of the list under the plot, and the height under it.
fn listed(
    canvas: &mut Canvas,
    data: &Agreement,
    index: usize,
    point: &AgreementPoint,
    ours: f64,
    top: f64,
) -> f64 {
    let numbers = format!(
        "{} printed, {} ours",
        number(point.printed, data.digits),
        number(ours, data.digits)
    );
    let room = WIDTH - 40.0 - width(&numbers, SMALL) - 16.0;
    let name = lines(&point.label, SMALL, room);
    let height = name.len() as f64 * LINE + 1.0;
    let middle = top + height / 2.0;
    let style = TextStyle {
        size: SMALL,
        ..TextStyle::LABEL
    };
    let mut entry = group("listed");
    let end = style.at(Anchor::End);
    entry.append(text(30.0, middle, &format!("{index}."), &end));
    entry.append(text_lines(36.0, middle, &name, &style));
    entry.append(text(WIDTH - 8.0, middle, &numbers, &end));
    canvas.add(entry);
    top + height
}
