//! Marks of values: shapes, intervals, and how a mark that must not be read as a result is struck out.

use super::Estimate;
use super::axis::Axis;
use super::canvas::{GREY, element, px, round, straight};
use super::palette::Shape;
use svg::node::Node;
use svg::node::element::Element;

/// How a mark is filled.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Fill {
    Full,
    Hollow,
}

/// A mark of a shape in about a circle of this radius.
pub(super) fn mark(
    shape: Shape,
    (x, y): (f64, f64),
    radius: f64,
    colour: &str,
    fill: Fill,
) -> Element {
    let r = radius;
    let corners = |corners: &[(f64, f64)]| {
        let mut path = String::new();
        for (index, (dx, dy)) in corners.iter().enumerate() {
            let letter = if index == 0 { 'M' } else { 'L' };
            path += &format!("{letter}{} {}", round(x + dx), round(y + dy));
        }
        path
    };
    let (mut mark, stroked) = match shape {
        Shape::Circle => (
            element("circle", [("cx", px(x)), ("cy", px(y)), ("r", px(r))]),
            false,
        ),
        Shape::Square => {
            let s = 0.88 * r;
            (
                closed(corners(&[(-s, -s), (s, -s), (s, s), (-s, s)])),
                false,
            )
        }
        Shape::Triangle => {
            let (w, h) = (1.1 * r, 0.65 * r);
            (closed(corners(&[(0.0, -1.2 * r), (w, h), (-w, h)])), false)
        }
        Shape::Down => {
            let (w, h) = (1.1 * r, 0.65 * r);
            (closed(corners(&[(0.0, 1.2 * r), (w, -h), (-w, -h)])), false)
        }
        Shape::Diamond => {
            let s = 1.25 * r;
            (
                closed(corners(&[(0.0, -s), (s, 0.0), (0.0, s), (-s, 0.0)])),
                false,
            )
        }
        Shape::Pentagon => {
            let points: Vec<_> = (0..5)
                .map(|corner| {
                    let angle = std::f64::consts::TAU * (f64::from(corner) / 5.0 - 0.25);
                    (1.15 * r * angle.cos(), 1.15 * r * angle.sin())
                })
                .collect();
            (closed(corners(&points)), false)
        }
        Shape::Plus => {
            let s = 1.15 * r;
            let path = corners(&[(-s, 0.0), (s, 0.0)]) + &corners(&[(0.0, -s), (0.0, s)]);
            (element("path", [("d", path.into())]), true)
        }
        Shape::Cross => {
            let s = 0.9 * r;
            let path = corners(&[(-s, -s), (s, s)]) + &corners(&[(-s, s), (s, -s)]);
            (element("path", [("d", path.into())]), true)
        }
    };
    mark.assign("class", "mark");
    match fill {
        Fill::Full if stroked => {
            mark.assign("fill", "none");
            mark.assign("stroke", colour);
            mark.assign("stroke-width", px(0.55 * r));
        }
        Fill::Full => {
            mark.assign("fill", colour);
            mark.assign("stroke", "#ffffff");
            mark.assign("stroke-width", px(0.15 * r));
        }
        Fill::Hollow => {
            mark.assign("fill", "#ffffff");
            mark.assign("stroke", colour);
            mark.assign("stroke-width", px(0.35 * r));
        }
    }
    mark
}

fn closed(path: String) -> Element {
    element("path", [("d", (path + "Z").into())])
}

/// A line through a mark, from lower left to upper right.
pub(super) fn strike((x, y): (f64, f64), reach: f64) -> Element {
    straight(
        "strike",
        (x - reach, y + reach),
        (x + reach, y - reach),
        GREY,
        1.6,
    )
}

/// The way that a line of an interval runs.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Along {
    X,
    Y,
}

/// The interval of an estimate with a cap at each end; an end beyond the axis has none.
///
/// `across` is the coordinate on the other axis.
pub(super) fn whisker(
    estimate: &Estimate,
    axis: &Axis,
    across: f64,
    along: Along,
    colour: &str,
    cap: f64,
) -> Vec<Element> {
    let Some((low, high)) = estimate.interval else {
        return Vec::new();
    };
    let point = |value: f64, shift: f64| {
        let place = axis.clamped(value);
        match along {
            Along::X => (place, across + shift),
            Along::Y => (across + shift, place),
        }
    };
    let mut lines = vec![straight(
        "interval",
        point(low, 0.0),
        point(high, 0.0),
        colour,
        1.5,
    )];
    for end in [low, high] {
        if axis.has(end) && cap > 0.0 {
            lines.push(straight(
                "cap",
                point(end, -cap),
                point(end, cap),
                colour,
                1.5,
            ));
        }
    }
    lines
}
