//! What crosses against how alike the names are.

use crate::drawing::{classed, count, drawn, elements, inside, number, read};
use crate::{HOSTILE, HOSTILE_DRAWN, caption, estimate};
use clika_report::figures::{
    Estimate, Likeness, LikenessPoint, LikenessSeries, Reference, likeness,
};

fn point(label: &str, likeness: f64, value: Option<Estimate>) -> LikenessPoint {
    LikenessPoint {
        label: label.into(),
        control: false,
        likeness: Some(likeness),
        value,
        failed: false,
    }
}

fn control(label: &str, likeness: f64, value: f64) -> LikenessPoint {
    LikenessPoint {
        control: true,
        ..point(label, likeness, estimate(value, value - 0.1, value + 0.1))
    }
}

fn figure(points: Vec<LikenessPoint>) -> Likeness {
    Likeness {
        caption: caption(),
        x_name: "likeness".into(),
        y_name: "XRR".into(),
        y_range: Some((0.0, 1.0)),
        reference: None,
        series: vec![LikenessSeries {
            name: "demo".into(),
            points,
        }],
    }
}

/// The coordinates of a likeness and of a value, from the ticks.
fn at(document: &roxmltree::Document, likeness: f64, value: f64) -> (f64, f64) {
    let ticks = |text: &str| -> Vec<roxmltree::Node> {
        elements(document, "text")
            .filter(|node| node.text() == Some(text))
            .collect()
    };
    // Of both ticks with a text, that of the vertical axis is drawn first and ends at the axis.
    let (zero, one) = (ticks("0.0"), ticks("1.0"));
    let (left, right) = (number(zero[1], "x"), number(one[1], "x"));
    let (bottom, top) = (number(zero[0], "y") - 4.2, number(one[0], "y") - 4.2);
    (
        left + likeness * (right - left),
        bottom + value * (top - bottom),
    )
}

#[test]
fn marks_and_intervals_are_at_their_values() {
    let data = figure(vec![
        point("de", 0.25, estimate(0.5, 0.25, 0.75)),
        point("ja", 0.0, estimate(0.0, 0.0, 0.1)),
    ]);
    read(&likeness(&data), |document| {
        let points = classed(document, "point");
        let mark = inside(points[0], "mark")[0];
        let (x, y) = at(document, 0.25, 0.5);
        assert!((number(mark, "cx") - x).abs() < 0.02 && (number(mark, "cy") - y).abs() < 0.02);
        let interval = inside(points[0], "interval")[0];
        assert!((number(interval, "y1") - at(document, 0.0, 0.25).1).abs() < 0.02);
        assert!((number(interval, "y2") - at(document, 0.0, 0.75).1).abs() < 0.02);
        for text in ["de", "ja", "likeness", "XRR"] {
            assert_eq!(count(document, text), 1);
        }
        assert!(classed(document, "controls").is_empty());
    });
}

#[test]
fn controls_are_joined_from_the_least_to_the_most_alike() {
    let data = figure(vec![
        control("cognate", 1.0, 0.9),
        point("de", 0.5, estimate(0.5, 0.4, 0.6)),
        control("alias", 0.0, 0.2),
    ]);
    read(&likeness(&data), |document| {
        let line = classed(document, "controls")[0]
            .attribute("points")
            .unwrap();
        let points: Vec<(f64, f64)> = line
            .split(' ')
            .map(|pair| pair.split_once(',').unwrap())
            .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
            .collect();
        for (point, expected) in points
            .iter()
            .zip([at(document, 0.0, 0.2), at(document, 1.0, 0.9)])
        {
            assert!((point.0 - expected.0).abs() < 0.02 && (point.1 - expected.1).abs() < 0.02);
        }
        // A control is no circle.
        for control in classed(document, "control") {
            assert!(inside(control, "mark")[0].has_tag_name("path"));
        }
        assert_eq!(classed(document, "control").len(), 2);
    });
}

#[test]
fn failed_points_are_struck_out_and_no_end_of_the_line() {
    let mut failed = control("cognate", 1.0, 0.8);
    failed.failed = true;
    read(
        &likeness(&figure(vec![failed, control("alias", 0.0, 0.2)])),
        |document| {
            let point = classed(document, "failed")[0];
            assert_eq!(inside(point, "strike").len(), 1);
            assert_eq!(inside(point, "mark")[0].attribute("fill"), Some("#ffffff"));
            assert_eq!(
                drawn(document, "cognate").attribute("fill"),
                Some("#666666")
            );
            let note = "Struck out: gate failed, so the value is no result.";
            assert_eq!(count(document, note), 1);
            assert!(classed(document, "controls").is_empty());
        },
    );
}

#[test]
fn the_range_from_the_data_has_zero() {
    let mut data = figure(vec![point("de", 0.5, estimate(0.75, 0.7, 0.79))]);
    data.y_range = None;
    read(&likeness(&data), |document| {
        // 0 to 0.79 in steps of 0.2. The horizontal axis has the same texts, and 1.0.
        for (tick, times) in [("0.0", 2), ("0.8", 2), ("1.0", 1)] {
            assert_eq!(count(document, tick), times, "{tick}");
        }
    });
}

#[test]
fn values_beyond_the_axis_are_named() {
    let mut data = figure(vec![point("de", 0.5, estimate(0.9, 0.8, 1.0))]);
    data.y_range = Some((0.0, 0.5));
    data.reference = Some(Reference {
        value: -0.5,
        label: "below".into(),
    });
    read(&likeness(&data), |document| {
        let note = "Values beyond an axis are drawn at its end.";
        assert_eq!(count(document, note), 1);
        // The axis is widened to have the line at its lower end, and the value is at its upper end.
        let line = number(classed(document, "reference")[0], "y1");
        let mark = number(classed(document, "mark")[0], "cy");
        assert!((line - mark - 300.0).abs() < 0.02, "{line} {mark}");
        assert_eq!(count(document, "below"), 1);
    });
}

#[test]
fn what_is_not_known_is_named_and_not_drawn() {
    let mut unknown = point("he", 0.0, estimate(0.5, 0.4, 0.6));
    unknown.likeness = None;
    let mut failed = point("ar", 0.1, None);
    failed.failed = true;
    let data = figure(vec![
        point("ja", 0.2, None),
        point("zh", 0.2, estimate(f64::NAN, 0.0, 1.0)),
        unknown,
        failed,
    ]);
    read(&likeness(&data), |document| {
        assert!(classed(document, "mark").is_empty());
        for text in [
            "Not run: ja, zh.",
            "Likeness not known: he.",
            "Gate failed: ar.",
        ] {
            assert_eq!(count(document, text), 1, "{text}");
        }
    });
}

#[test]
fn labels_of_a_crowd_do_not_overlap() {
    let mut data = figure(Vec::new());
    data.reference = Some(Reference {
        value: 0.25,
        label: "chance".into(),
    });
    data.series = (0..3)
        .map(|series| LikenessSeries {
            name: format!("training {series}"),
            points: (0..10)
                .map(|index| {
                    let value = 0.4 + 0.02 * f64::from(index);
                    point(
                        &format!("עברית{series}{index}"),
                        0.1 * f64::from(index),
                        estimate(value, value - 0.1, value + 0.1),
                    )
                })
                .collect(),
        })
        .collect();
    read(&likeness(&data), |document| {
        for series in 0..3 {
            assert_eq!(count(document, &format!("training {series}")), 1);
            for index in 0..10 {
                assert_eq!(count(document, &format!("עברית{series}{index}")), 1);
            }
        }
    });
}

#[test]
fn hostile_text_stays_text() {
    let mut data = figure(vec![control(HOSTILE, 0.5, 0.5)]);
    data.series[0].name = HOSTILE.into();
    data.x_name = HOSTILE.into();
    data.y_name = HOSTILE.into();
    read(&likeness(&data), |document| {
        assert_eq!(count(document, HOSTILE_DRAWN), 4);
        assert_eq!(elements(document, "b").count(), 0);
    });
}

#[test]
fn nothing_at_all() {
    read(&likeness(&figure(vec![])), |document| {
        assert!(classed(document, "mark").is_empty())
    });
}
