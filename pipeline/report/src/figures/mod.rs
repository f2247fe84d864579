//! Figures as SVG text: plain data in, a self-contained drawing out.
//!
//! Every drawing has a title and a description for readers who do not see it, scales to any width, and has no script, no
//! style sheet and no external reference. No meaning rests on colour alone. What is not known is a gap or the words
//! "not run", never 0.

mod axis;
mod canvas;
mod labels;
mod legend;
mod marks;
mod palette;
mod plot;
mod text;

mod agreement;
mod curves;
mod grid;
mod heatmap;
mod intervals;
mod likeness;
mod radar;

pub use agreement::{Agreement, AgreementPoint, agreement};
pub use axis::Scale;
pub use curves::{Curve, CurvePoint, Curves, curves};
pub use grid::{Grid, Panel, grid};
pub use heatmap::{Cell, Heatmap, heatmap};
pub use intervals::{IntervalGroup, IntervalRow, Intervals, intervals};
pub use likeness::{Likeness, LikenessPoint, LikenessSeries, likeness};
pub use radar::{Family, Radar, RadarModel, radar};

/// What a reader who does not see the figure is told, and how its ids begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Caption {
    /// The ids in the drawing begin with it. Two figures of a page need different ones.
    pub prefix: String,
    /// The name of the figure.
    pub title: String,
    /// What the figure shows, in sentences.
    pub description: String,
}

/// A language as a figure names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Language {
    /// The code, for example `he`.
    pub code: String,
    /// What the language calls itself.
    pub own: String,
}

/// A value with the interval that it may lie in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// The ends of the interval, the lower one first; `None` where it is not known.
    pub interval: Option<(f64, f64)>,
}

/// A value that all others are seen against, for example that of guessing.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Where the line is.
    pub value: f64,
    /// What it is, for example "chance".
    pub label: String,
}

/// The value where it is a finite number: what is not one is not drawn.
fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

/// The estimate where its value is finite, without an interval that is not.
fn finite_estimate(estimate: Option<Estimate>) -> Option<Estimate> {
    let Estimate { value, interval } = estimate?;
    value.is_finite().then(|| Estimate {
        value,
        interval: interval.filter(|(low, high)| low.is_finite() && high.is_finite()),
    })
}
