//! What crosses against how alike the names are.

use super::axis::{Axis, Scale, range_of};
use super::canvas::{
    Anchor, Canvas, GREY, LINE, SMALL, TextStyle, WIDTH, element, group, px, remarks, round,
    straight, text,
};
use super::labels::{Area, beside};
use super::legend::legend_of;
use super::marks::{Along, Fill, mark, strike, whisker};
use super::palette::{Shape, colour};
use super::plot::{Plot, head, room, with_reference};
use super::text::{clean, isolated, width};
use super::{Caption, Estimate, Reference, finite, finite_estimate};
use svg::node::Node;
use svg::node::element::Element;

const HEIGHT: f64 = 300.0;
/// Shapes of the languages and of the controls, by series.
const SHAPES: [(Shape, Shape); 3] = [
    (Shape::Circle, Shape::Diamond),
    (Shape::Square, Shape::Triangle),
    (Shape::Pentagon, Shape::Down),
];

/// Conductivity against likeness of names.
#[derive(Clone, Debug, PartialEq)]
pub struct Likeness {
    /// The title and the description.
    pub caption: Caption,
    /// What is on the horizontal axis, for example "likeness of names".
    pub x_name: String,
    /// What is on the vertical axis, for example "XRR".
    pub y_name: String,
    /// The ends of the vertical axis; from the data, with 0, where it is `None`.
    pub y_range: Option<(f64, f64)>,
    /// A horizontal line that values are seen against.
    pub reference: Option<Reference>,
    /// For example one for each training and way of answering.
    pub series: Vec<LikenessSeries>,
}

/// Points that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct LikenessSeries {
    /// The name for the legend.
    pub name: String,
    /// In any order.
    pub points: Vec<LikenessPoint>,
}

/// A language, or a control.
#[derive(Clone, Debug, PartialEq)]
pub struct LikenessPoint {
    /// For example "de", or "cognate".
    pub label: String,
    /// Whether it is a control. The controls of a series have another shape and are joined by a line.
    pub control: bool,
    /// How alike the names in both languages are, 0 to 1; `None` where it is not known: not drawn, named under the figure.
    pub likeness: Option<f64>,
    /// What crosses; `None` where it was not run: not drawn, named under the figure.
    pub value: Option<Estimate>,
    /// Whether a gate failed, so that the value must not be read as a result: hollow and struck out.
    pub failed: bool,
}

impl LikenessPoint {
    /// The likeness and the value, where both are known.
    fn drawn(&self) -> Option<(f64, Estimate)> {
        Some((finite(self.likeness)?, finite_estimate(self.value)?))
    }
}

/// Draws conductivity against likeness.
pub fn likeness(data: &Likeness) -> String {
    let points = || data.series.iter().flat_map(|series| &series.points);
    let top = head(&data.y_name);
    let y = Axis::new(Scale::Linear, range(data), top + HEIGHT, top);
    let y_ticks = y.ticks(6);
    let left = room(&y_ticks);
    let area = Area {
        left,
        top,
        width: WIDTH - left - 14.0,
        height: HEIGHT,
    };
    // Marks at 0 and at 1 are not on the edge.
    let x = Axis::new(
        Scale::Linear,
        (0.0, 1.0),
        left + 14.0,
        left + area.width - 14.0,
    );
    let plot = Plot { x, y, area };
    let mut canvas = Canvas::new();
    let mut under = plot.frame(
        &mut canvas,
        (&plot.x.ticks(5), &y_ticks),
        (&data.x_name, &data.y_name),
    );
    if let Some(reference) = &data.reference {
        plot.reference(&mut canvas, reference);
    }
    let mut taken = Vec::new();
    for (index, series) in data.series.iter().enumerate() {
        if let Some(line) = between_controls(series, index, &plot) {
            canvas.add(line);
        }
        for point in &series.points {
            if let Some((likeness, value)) = point.drawn() {
                canvas.add(drawn_point(
                    point, likeness, &value, index, &plot, &mut taken,
                ));
            }
        }
    }
    let mut labels: Vec<Area> = Vec::new();
    if let Some(reference) = &data.reference {
        labels.extend(plot.reference_label(&mut canvas, reference));
    }
    for point in points() {
        if let Some((likeness, value)) = point.drawn() {
            let label = clean(&point.label);
            let size = (width(&label, SMALL) + 2.0, LINE);
            let at = (plot.x.clamped(likeness), plot.y.clamped(value.value));
            let place = beside(at, size, &area, &taken, &labels);
            labels.push(place);
            canvas.add(point_label(&label, at, &place, point.failed));
        }
    }
    if data.series.len() > 1 || points().any(|point| point.control) {
        under = series_legend(&mut canvas, data, under + 4.0);
    }
    let under = remarks(
        &mut canvas,
        &notes(data, &plot),
        8.0,
        under + 4.0,
        WIDTH - 16.0,
    );
    canvas.finish(&data.caption, WIDTH, under + 4.0)
}

/// The range of the vertical axis: from the data it has 0 and the reference.
fn range(data: &Likeness) -> (f64, f64) {
    if let Some(range) = data
        .y_range
        .filter(|(low, high)| low.is_finite() && high.is_finite())
    {
        return with_reference(range, data.reference.as_ref());
    }
    let points = data.series.iter().flat_map(|series| &series.points);
    let values = points
        .filter_map(LikenessPoint::drawn)
        .flat_map(|(_, estimate)| {
            let (low, high) = estimate
                .interval
                .unwrap_or((estimate.value, estimate.value));
            [estimate.value, low, high]
        });
    let reference = data.reference.iter().map(|reference| reference.value);
    range_of(values.chain(reference).chain([0.0]), Scale::Linear).unwrap_or((0.0, 1.0))
}

/// A dashed line through the controls of a series, from the least to the most alike.
fn between_controls(series: &LikenessSeries, index: usize, plot: &Plot) -> Option<Element> {
    let mut ends: Vec<(f64, f64)> = series
        .points
        .iter()
        .filter(|point| point.control && !point.failed)
        .filter_map(LikenessPoint::drawn)
        .map(|(likeness, value)| (plot.x.clamped(likeness), plot.y.clamped(value.value)))
        .collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    if ends.len() < 2 {
        return None;
    }
    let points: Vec<String> = ends
        .iter()
        .map(|(x, y)| format!("{},{}", round(*x), round(*y)))
        .collect();
    Some(element(
        "polyline",
        [
            ("class", "controls".into()),
            ("points", points.join(" ").into()),
            ("fill", "none".into()),
            ("stroke", colour(index).into()),
            ("stroke-opacity", px(0.7)),
            ("stroke-width", px(1.3)),
            ("stroke-dasharray", "6 4".into()),
        ],
    ))
}

fn drawn_point(
    point: &LikenessPoint,
    likeness: f64,
    value: &Estimate,
    series: usize,
    plot: &Plot,
    taken: &mut Vec<Area>,
) -> Element {
    let mut drawn = group(match (point.control, point.failed) {
        (false, false) => "point",
        (true, false) => "point control",
        (false, true) => "point failed",
        (true, true) => "point control failed",
    });
    let colour = if point.failed { GREY } else { colour(series) };
    let (x, y) = (plot.x.clamped(likeness), plot.y.clamped(value.value));
    for line in whisker(value, &plot.y, x, Along::Y, colour, 3.5) {
        drawn.append(line);
    }
    let fill = if point.failed {
        Fill::Hollow
    } else {
        Fill::Full
    };
    drawn.append(mark(
        shape(series, point.control),
        (x, y),
        5.0,
        colour,
        fill,
    ));
    if point.failed {
        drawn.append(strike((x, y), 8.0));
    }
    taken.push(Area::around((x, y), 7.0));
    if let Some((low, high)) = value.interval {
        let (bottom, top) = (plot.y.clamped(low), plot.y.clamped(high));
        taken.push(Area {
            left: x - 4.0,
            top,
            width: 8.0,
            height: bottom - top,
        });
    }
    drawn
}

fn shape(series: usize, control: bool) -> Shape {
    let (language, other) = SHAPES[series % SHAPES.len()];
    if control { other } else { language }
}

fn point_label(label: &str, at: (f64, f64), place: &Area, failed: bool) -> Element {
    let (x, y) = place.middle();
    let mut drawn = group("label");
    // A label that is not next to its mark has a line to it.
    if (y - at.1).abs() > LINE + 4.0 || (x - at.0).abs() - place.width / 2.0 > 14.0 {
        let near = x
            .clamp(place.left, place.left + place.width)
            .min(at.0.max(place.left));
        drawn.append(straight("leader", at, (near, y), GREY, 0.8));
    }
    let style = TextStyle {
        size: SMALL,
        fill: if failed { GREY } else { TextStyle::LABEL.fill },
        halo: true,
        ..TextStyle::LABEL.at(Anchor::Middle)
    };
    drawn.append(text(x, y, label, &style));
    drawn
}

/// The series with the marks of languages and of controls.
fn series_legend(canvas: &mut Canvas, data: &Likeness, top: f64) -> f64 {
    let names: Vec<&str> = data
        .series
        .iter()
        .map(|series| series.name.as_str())
        .collect();
    let samples = |index: usize, x: f64, y: f64| {
        [(5.0, false), (19.0, true)]
            .map(|(right, control)| {
                mark(
                    shape(index, control),
                    (x + right, y),
                    4.2,
                    colour(index),
                    Fill::Full,
                )
            })
            .into()
    };
    let under = legend_of(canvas, &names, samples, 30.0, (8.0, top), WIDTH - 16.0);
    remarks(
        canvas,
        &["First mark: languages. Second: controls, joined by a dashed line.".to_string()],
        8.0,
        under + 2.0,
        WIDTH - 16.0,
    )
}

/// What is struck out, and what is not drawn.
fn notes(data: &Likeness, plot: &Plot) -> Vec<String> {
    let points = || data.series.iter().flat_map(|series| &series.points);
    let mut notes = Vec::new();
    if points().any(|point| point.failed && point.drawn().is_some()) {
        notes.push("Struck out: gate failed, so the value is no result.".to_string());
    }
    let mut values = points().filter_map(LikenessPoint::drawn);
    if values.any(|(likeness, value)| !plot.x.has(likeness) || !plot.y.has(value.value)) {
        notes.push("Values beyond an axis are drawn at its end.".to_string());
    }
    let several = data.series.len() > 1;
    let mut list = |words: &str, chosen: &dyn Fn(&LikenessPoint) -> bool| {
        let mut names = Vec::new();
        for series in &data.series {
            for point in series.points.iter().filter(|point| chosen(point)) {
                let label = isolated(&point.label);
                names.push(match several {
                    true => format!("{label} ({})", isolated(&series.name)),
                    false => label,
                });
            }
        }
        if !names.is_empty() {
            notes.push(format!("{words}: {}.", names.join(", ")));
        }
    };
    let value = |point: &LikenessPoint| finite_estimate(point.value);
    list("Not run", &|point| value(point).is_none() && !point.failed);
    list("Gate failed", &|point| {
        value(point).is_none() && point.failed
    });
    list("Likeness not known", &|point| {
        value(point).is_some() && finite(point.likeness).is_none()
    });
    notes
}
