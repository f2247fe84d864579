//! The figures as a reader of the SVG sees them: coordinates worked out by hand, texts, and what must not be in them.

#![allow(clippy::unwrap_used)]

mod drawing;

mod agreement;
mod curves;
mod grid;
mod heatmap;
mod intervals;
mod likeness;
mod radar;

use clika_report::figures::{Caption, Estimate, Language};

/// A text with everything that breaks markup: what is left of it in a drawing is [`HOSTILE_DRAWN`].
const HOSTILE: &str = "<b a=\"1\" b='2'>&amp;]]>\u{0}\u{1B}\u{202E}\u{2069}\u{FFFE}x";
const HOSTILE_DRAWN: &str = "<b a=\"1\" b='2'>&amp;]]>x";

fn caption() -> Caption {
    Caption {
        prefix: "test".into(),
        title: "A title".into(),
        description: "A description.".into(),
    }
}

fn estimate(value: f64, low: f64, high: f64) -> Option<Estimate> {
    Some(Estimate {
        value,
        interval: Some((low, high)),
    })
}

fn languages(names: &[(&str, &str)]) -> Vec<Language> {
    names
        .iter()
        .map(|(code, own)| Language {
            code: (*code).into(),
            own: (*own).into(),
        })
        .collect()
}
