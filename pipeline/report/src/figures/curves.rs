//! Curves over steps or revisions, for example losses of trainings, or scores of checkpoints with their intervals.

use super::axis::{Axis, Scale, range_of};
use super::canvas::{
    Canvas, LINE, SMALL, TextStyle, WIDTH, element, group, px, remarks, round, straight, text,
    text_lines,
};
use super::labels::{Area, spread};
use super::legend::{Sample, legend};
use super::marks::{Fill, mark};
use super::palette::{colour, dash, shape};
use super::plot::{Plot, Ticks, head, room, turned, widest, with_reference};
use super::text::{clean, lines, width};
use super::{Caption, Reference, finite};
use svg::node::Node;
use svg::node::element::Element;

const HEIGHT: f64 = 260.0;
/// The widest name at the end of a curve; longer ones are broken into lines.
const NAME: f64 = 130.0;
/// So many marks a curve has at most, spread over its points: enough to tell it by their shape.
const MARKS: usize = 12;

/// Curves.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// The title and the description.
    pub caption: Caption,
    /// What is on the horizontal axis, for example "step".
    pub x_name: String,
    /// What is on the vertical axis, for example "loss".
    pub y_name: String,
    /// How the vertical axis runs. A logarithmic one leaves values out that are not over 0, with a remark.
    pub y_scale: Scale,
    /// The ends of the vertical axis; from the data where it is `None`.
    pub y_range: Option<(f64, f64)>,
    /// Names of places on the horizontal axis, for example of revisions; round numbers where it is empty.
    pub x_ticks: Vec<(f64, String)>,
    /// A horizontal line that values are seen against.
    pub reference: Option<Reference>,
    /// Each with a name at its end, or in a legend where they are many.
    pub curves: Vec<Curve>,
}

/// A curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// For example the language of a training.
    pub name: String,
    /// From left to right.
    pub points: Vec<CurvePoint>,
}

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// The step, or the place of the revision.
    pub x: f64,
    /// The value; `None` is a gap.
    pub y: Option<f64>,
    /// The ends of the value's interval, drawn as a band.
    pub interval: Option<(f64, f64)>,
}

/// Draws curves.
pub fn curves(data: &Curves) -> String {
    let names: Vec<Vec<String>> = data
        .curves
        .iter()
        .map(|curve| lines(&curve.name, SMALL, NAME))
        .collect();
    let sizes: Vec<f64> = names.iter().map(|name| name.len() as f64 * LINE).collect();
    // Names stand at the ends of the curves where there is room for all.
    let direct = !names.is_empty() && sizes.iter().sum::<f64>() <= HEIGHT;
    let widths = names.iter().flatten().map(|line| width(line, SMALL));
    let right = if direct {
        widths.fold(0.0, f64::max) + 34.0
    } else {
        16.0
    };
    let (plot, x_ticks, y_ticks) = plot(data, right);
    let mut canvas = Canvas::new();
    let names_of_axes = (data.x_name.as_str(), data.y_name.as_str());
    let mut under = plot.frame(&mut canvas, (&x_ticks, &y_ticks), names_of_axes);
    let reference = data
        .reference
        .as_ref()
        .filter(|reference| data.drawable(reference.value));
    if let Some(reference) = reference {
        plot.reference(&mut canvas, reference);
    }
    let mut ends = Vec::new();
    for (index, curve) in data.curves.iter().enumerate() {
        let runs = runs(data, curve, &plot);
        let end = runs.last().and_then(|run| run.last());
        ends.push(end.map(|point| (point.x, point.y)));
        canvas.add(drawn_curve(&runs, index));
    }
    if let Some(reference) = reference {
        plot.reference_label(&mut canvas, reference);
    }
    if direct {
        direct_labels(&mut canvas, &plot, &names, &sizes, &ends);
    } else {
        let names: Vec<&str> = data
            .curves
            .iter()
            .map(|curve| curve.name.as_str())
            .collect();
        let sample = Sample::MarkOnLine;
        under = legend(&mut canvas, &names, sample, 8.0, under + 4.0, WIDTH - 16.0);
    }
    let notes = notes(data, &plot);
    let under = remarks(&mut canvas, &notes, 8.0, under + 4.0, WIDTH - 16.0);
    canvas.finish(&data.caption, WIDTH, under + 4.0)
}

impl Curves {
    /// The points that have a place on the horizontal axis.
    fn points(&self) -> impl Iterator<Item = &CurvePoint> {
        let points = self.curves.iter().flat_map(|curve| &curve.points);
        points.filter(|point| point.x.is_finite())
    }

    /// Whether a value has a place on the vertical axis.
    fn drawable(&self, value: f64) -> bool {
        value.is_finite()
            && match self.y_scale {
                Scale::Linear => true,
                Scale::Log => value > 0.0,
            }
    }

    fn y_range(&self) -> (f64, f64) {
        let reference = self
            .reference
            .as_ref()
            .filter(|reference| self.drawable(reference.value));
        if let Some((low, high)) = self.y_range
            && self.drawable(low)
            && self.drawable(high)
        {
            return with_reference((low, high), reference);
        }
        let intervals = self.points().filter_map(|point| point.interval);
        let values = self
            .points()
            .filter_map(|point| point.y)
            .chain(intervals.flat_map(|(low, high)| [low, high]))
            .chain(reference.map(|reference| reference.value));
        range_of(values, self.y_scale).unwrap_or((0.5, 1.0))
    }

    fn x_range(&self) -> (f64, f64) {
        let ticks = self.x_ticks.iter().map(|(x, _)| *x);
        let places = self.points().map(|point| point.x).chain(ticks);
        let range = places.fold(None, |range: Option<(f64, f64)>, x| {
            let (low, high) = range.unwrap_or((x, x));
            Some((low.min(x), high.max(x)))
        });
        range.unwrap_or((0.0, 1.0))
    }
}

/// The plot and its ticks, with room for names on its right.
fn plot(data: &Curves, right: f64) -> (Plot, Ticks, Ticks) {
    let top = head(&data.y_name);
    let y = Axis::new(data.y_scale, data.y_range(), top + HEIGHT, top);
    let y_ticks = y.ticks(5);
    let place = |left: f64| {
        let area = Area {
            left,
            top,
            width: WIDTH - right - left,
            height: HEIGHT,
        };
        let (start, end) = (left + 8.0, left + area.width - 8.0);
        let x = Axis::new(Scale::Linear, data.x_range(), start, end);
        Plot { x, y, area }
    };
    let mut plot = place(room(&y_ticks));
    let x_ticks: Ticks = if data.x_ticks.is_empty() {
        plot.x.ticks(5)
    } else {
        data.x_ticks
            .iter()
            .map(|(x, tick)| (*x, clean(tick)))
            .collect()
    };
    if turned(&plot.x, &x_ticks) {
        // The first text reaches to the left.
        let reach = widest(&x_ticks) * std::f64::consts::FRAC_1_SQRT_2;
        plot = place(room(&y_ticks).max(reach));
    }
    (plot, x_ticks, y_ticks)
}

fn notes(data: &Curves, plot: &Plot) -> Vec<String> {
    let mut notes = Vec::new();
    let values = || data.points().filter_map(|point| finite(point.y));
    if data.points().any(|point| finite(point.y).is_none()) {
        notes.push("A gap in a line: not run.".to_string());
    }
    let left_out = values().filter(|value| !data.drawable(*value)).count();
    if left_out > 0 {
        let values = if left_out == 1 {
            "value is"
        } else {
            "values are"
        };
        notes.push(format!(
            "{left_out} {values} not over 0 and not on the logarithmic axis."
        ));
    }
    if values().any(|value| data.drawable(value) && !plot.y.has(value)) {
        notes.push("Values beyond the axis are drawn at its end.".to_string());
    }
    notes
}

/// A point as it is drawn.
struct Drawn {
    x: f64,
    y: f64,
    /// The coordinates of the interval's ends.
    band: Option<(f64, f64)>,
}

/// The points between gaps.
fn runs(data: &Curves, curve: &Curve, plot: &Plot) -> Vec<Vec<Drawn>> {
    let mut runs = vec![Vec::new()];
    for point in curve.points.iter().filter(|point| point.x.is_finite()) {
        match point.y.filter(|y| data.drawable(*y)) {
            Some(y) => {
                let band = point
                    .interval
                    .filter(|(low, high)| low.is_finite() && high.is_finite());
                runs.last_mut().expect("there is always a run").push(Drawn {
                    x: plot.x.at(point.x),
                    y: plot.y.clamped(y),
                    band: band.map(|(low, high)| (plot.y.clamped(low), plot.y.clamped(high))),
                });
            }
            None => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

fn drawn_curve(runs: &[Vec<Drawn>], index: usize) -> Element {
    let mut curve = group("series");
    let count: usize = runs.iter().map(Vec::len).sum();
    for run in runs {
        for part in run
            .split(|point| point.band.is_none())
            .filter(|part| part.len() > 1)
        {
            let lower = part
                .iter()
                .map(|point| (point.x, point.band.map(|band| band.0)));
            let upper = part
                .iter()
                .rev()
                .map(|point| (point.x, point.band.map(|band| band.1)));
            let corners: Vec<String> = lower
                .chain(upper)
                .filter_map(|(x, y)| Some(format!("{},{}", round(x), round(y?))))
                .collect();
            curve.append(element(
                "polygon",
                [
                    ("class", "band".into()),
                    ("points", corners.join(" ").into()),
                    ("fill", colour(index).into()),
                    ("fill-opacity", px(0.15)),
                ],
            ));
        }
    }
    for run in runs {
        if run.len() > 1 {
            let points: Vec<String> = run
                .iter()
                .map(|point| format!("{},{}", round(point.x), round(point.y)))
                .collect();
            curve.append(element(
                "polyline",
                [
                    ("class", "line".into()),
                    ("points", points.join(" ").into()),
                    ("fill", "none".into()),
                    ("stroke", colour(index).into()),
                    ("stroke-width", px(2.0)),
                    ("stroke-linejoin", "round".into()),
                    ("stroke-dasharray", dash(index).into()),
                ],
            ));
        }
    }
    let step = count.div_ceil(MARKS).max(1);
    let mut index_of_point = 0;
    for run in runs {
        for point in run {
            // A point between two gaps has no line, and would not be seen.
            if index_of_point % step == 0 || run.len() == 1 {
                let at = (point.x, point.y);
                curve.append(mark(shape(index), at, 3.4, colour(index), Fill::Full));
            }
            index_of_point += 1;
        }
    }
    curve
}

/// The names at the right of the curves' ends, moved apart, each with a sample and a line from the end to it.
fn direct_labels(
    canvas: &mut Canvas,
    plot: &Plot,
    names: &[Vec<String>],
    sizes: &[f64],
    ends: &[Option<(f64, f64)>],
) {
    let bottom = plot.area.top + plot.area.height;
    // A curve without any point has its name at the bottom.
    let wanted: Vec<f64> = ends
        .iter()
        .map(|end| end.map_or(bottom, |(_, y)| y))
        .collect();
    let places = spread(
        &wanted,
        sizes,
        plot.area.top - LINE / 2.0,
        bottom + LINE / 2.0,
    );
    let x = plot.area.left + plot.area.width + 6.0;
    for (index, (name, y)) in names.iter().zip(places).enumerate() {
        let mut label = group("end");
        if let Some(end) = ends[index] {
            if (end.1 - y).abs() > 3.0 || x - end.0 > 20.0 {
                label.append(straight("leader", end, (x - 1.0, y), "#aaaaaa", 0.8));
            }
            label.append(mark(
                shape(index),
                (x + 5.0, y),
                3.6,
                colour(index),
                Fill::Full,
            ));
        } else {
            label.append(text(x, y, "–", &TextStyle::QUIET));
        }
        let style = TextStyle {
            size: SMALL,
            ..TextStyle::LABEL
        };
        label.append(text_lines(x + 14.0, y, name, &style));
        canvas.add(label);
    }
}
