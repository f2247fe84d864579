//! Colours, shapes and dashes that people who do not see all colours tell apart.

/// Colours of series: Okabe and Ito's, of which those that are too pale on white are darkened or replaced, so that each
/// has a contrast of 3 to 1 (WCAG 2.2, 1.4.11).
pub(super) const COLOURS: [&str; 8] = [
    "#0072b2", "#d55e00", "#009e73", "#aa3377", "#222222", "#b07a00", "#3a94cc", "#777777",
];

/// The form of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Shape {
    Circle,
    Square,
    Triangle,
    Diamond,
    Down,
    Plus,
    Cross,
    Pentagon,
}

const SHAPES: [Shape; 8] = [
    Shape::Circle,
    Shape::Square,
    Shape::Triangle,
    Shape::Diamond,
    Shape::Down,
    Shape::Plus,
    Shape::Cross,
    Shape::Pentagon,
];

const DASHES: [&str; 4] = ["none", "7 3", "2 2.5", "9 3 2 3"];

/// The colour of a series. They repeat after eight.
pub(super) fn colour(series: usize) -> &'static str {
    COLOURS[series % COLOURS.len()]
}

/// The shape of a series. Colour and shape together repeat after 64.
pub(super) fn shape(series: usize) -> Shape {
    SHAPES[(series + series / COLOURS.len()) % SHAPES.len()]
}

/// The dashes of a series. Colour and dashes together repeat after 32.
pub(super) fn dash(series: usize) -> &'static str {
    DASHES[(series + series / COLOURS.len()) % DASHES.len()]
}

/// A scale of one hue, from nearly white to dark blue, with lightness falling all the way.
const SCALE: [(f64, f64, f64); 6] = [
    (247.0, 251.0, 255.0),
    (208.0, 225.0, 242.0),
    (148.0, 196.0, 223.0),
    (74.0, 152.0, 201.0),
    (23.0, 100.0, 171.0),
    (8.0, 48.0, 107.0),
];

/// The colour at a place of the scale, 0 to 1; places outside are the ends.
pub(super) fn scale(place: f64) -> String {
    let place = place.clamp(0.0, 1.0) * (SCALE.len() - 1) as f64;
    let below = (place.floor() as usize).min(SCALE.len() - 2);
    let part = place - below as f64;
    let (low, high) = (SCALE[below], SCALE[below + 1]);
    let mix = |low: f64, high: f64| (low + part * (high - low)).round() as u8;
    format!(
        "#{:02x}{:02x}{:02x}",
        mix(low.0, high.0),
        mix(low.1, high.1),
        mix(low.2, high.2)
    )
}

/// Black or white, whichever has more contrast to the colour; it is never under 4.5 to 1.
pub(super) fn ink_on(colour: &str) -> &'static str {
    if contrast(colour, "#000000") >= contrast(colour, "#ffffff") {
        "#000000"
    } else {
        "#ffffff"
    }
}

/// The contrast of two colours, 1 to 21, as WCAG defines it.
fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The relative luminance of a colour `#rrggbb`, 0 to 1.
fn luminance(colour: &str) -> f64 {
    let part = |at: usize| {
        let byte = u8::from_str_radix(&colour[at..at + 2], 16).expect("colours here are #rrggbb");
        let share = f64::from(byte) / 255.0;
        if share <= 0.04045 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// Values of WebAIM's contrast checker.
    #[test]
    fn contrast_is_that_of_wcag() {
        for (one, other, expected) in [
            ("#000000", "#ffffff", 21.0),
            ("#0072b2", "#ffffff", 5.19),
            ("#777777", "#ffffff", 4.48),
        ] {
            assert!((contrast(one, other) - expected).abs() < 0.01);
        }
    }

    #[test]
    fn every_series_is_seen_on_white() {
        for colour in COLOURS {
            assert!(contrast(colour, "#ffffff") >= 3.0, "{colour}");
        }
        for grey in [super::super::canvas::GREY, super::super::canvas::INK] {
            assert!(contrast(grey, "#ffffff") >= 4.5, "{grey}");
        }
    }

    #[test]
    fn numbers_are_read_on_every_colour_of_the_scale() {
        let mut before = f64::INFINITY;
        for step in 0..=100 {
            let colour = scale(f64::from(step) / 100.0);
            assert!(contrast(&colour, ink_on(&colour)) >= 4.5, "{colour}");
            assert!(luminance(&colour) < before, "{colour} is not darker");
            before = luminance(&colour);
        }
        assert_eq!(scale(-1.0), "#f7fbff");
        assert_eq!(scale(0.1), "#e4eef9");
        assert_eq!(scale(2.0), "#08306b");
    }

    #[test]
    fn forty_models_are_told_apart_without_colour_alone() {
        let looks: HashSet<_> = (0..40).map(|index| (colour(index), shape(index))).collect();
        assert_eq!(looks.len(), 40);
        let lines: HashSet<_> = (0..32).map(|index| (colour(index), dash(index))).collect();
        assert_eq!(lines.len(), 32);
        // Eight series differ in shape alone.
        let shapes: HashSet<_> = (0..8).map(shape).collect();
        assert_eq!(shapes.len(), 8);
    }
}
