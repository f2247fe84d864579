//! Curves over steps.

use crate::drawing::{classed, count, drawn, elements, inside, number, read};
use crate::{HOSTILE, HOSTILE_DRAWN, caption};
use clika_report::figures::{Curve, CurvePoint, Curves, Reference, Scale, curves};

fn point(x: f64, y: f64) -> CurvePoint {
    CurvePoint {
        x,
        y: Some(y),
        interval: None,
    }
}

fn curve(name: &str, points: Vec<CurvePoint>) -> Curve {
    Curve {
        name: name.into(),
        points,
    }
}

fn figure(y_scale: Scale, y_range: Option<(f64, f64)>, curves: Vec<Curve>) -> Curves {
    Curves {
        caption: caption(),
        x_name: "step".into(),
        y_name: "loss".into(),
        y_scale,
        y_range,
        x_ticks: Vec::new(),
        reference: None,
        curves,
    }
}

fn points(text: &str) -> Vec<(f64, f64)> {
    text.split(' ')
        .map(|pair| {
            let (x, y) = pair.split_once(',').unwrap();
            (x.parse().unwrap(), y.parse().unwrap())
        })
        .collect()
}

/// The middle height of a tick's text, whose baseline is .35 of its 12 pixels lower.
fn tick(document: &roxmltree::Document, text: &str) -> f64 {
    number(drawn(document, text), "y") - 0.35 * 12.0
}

#[test]
fn points_are_at_their_values() {
    let line = curve(
        "de",
        vec![point(0.0, 2.0), point(50.0, 0.5), point(100.0, 0.0)],
    );
    read(
        &curves(&figure(Scale::Linear, Some((0.0, 2.0)), vec![line])),
        |document| {
            let path = points(classed(document, "line")[0].attribute("points").unwrap());
            let (left, right) = (
                number(drawn(document, "0"), "x"),
                number(drawn(document, "100"), "x"),
            );
            assert!((path[0].0 - left).abs() < 0.02 && (path[2].0 - right).abs() < 0.02);
            assert!((path[1].0 - f64::midpoint(left, right)).abs() < 0.02);
            let (top, bottom) = (tick(document, "2.0"), tick(document, "0.0"));
            assert!((path[0].1 - top).abs() < 0.02 && (path[2].1 - bottom).abs() < 0.02);
            assert!((path[1].1 - (bottom - (bottom - top) / 4.0)).abs() < 0.02);
            let name = drawn(document, "step");
            assert_eq!(name.attribute("text-anchor"), Some("middle"));
            assert!((number(name, "x") - f64::midpoint(left, right)).abs() < 0.02);
            for text in ["step", "loss", "de"] {
                assert_eq!(count(document, text), 1);
            }
        },
    );
}

#[test]
fn a_logarithmic_axis_has_equal_ratios() {
    let line = curve(
        "de",
        vec![
            point(0.0, 10.0),
            point(1.0, 1.0),
            point(2.0, 0.1),
            point(3.0, 0.0),
        ],
    );
    read(&curves(&figure(Scale::Log, None, vec![line])), |document| {
        let path = points(classed(document, "line")[0].attribute("points").unwrap());
        assert_eq!(path.len(), 3);
        assert!(((path[2].1 - path[1].1) - (path[1].1 - path[0].1)).abs() < 0.02);
        assert_eq!(
            count(
                document,
                "1 values are not over 0 and not on the logarithmic axis."
            ),
            0
        );
        assert_eq!(
            count(
                document,
                "1 value is not over 0 and not on the logarithmic axis."
            ),
            1
        );
    });
}

#[test]
fn what_was_not_run_is_a_gap() {
    let gap = CurvePoint {
        x: 2.0,
        y: None,
        interval: None,
    };
    let values = vec![
        point(0.0, 1.0),
        point(1.0, 1.0),
        gap,
        point(3.0, 1.0),
        gap,
        point(5.0, 1.0),
        point(6.0, 2.0),
    ];
    read(
        &curves(&figure(Scale::Linear, None, vec![curve("de", values)])),
        |document| {
            let series = classed(document, "series")[0];
            assert_eq!(inside(series, "line").len(), 2);
            assert_eq!(inside(series, "mark").len(), 5);
            assert_eq!(count(document, "A gap in a line: not run."), 1);
        },
    );
    read(
        &curves(&figure(Scale::Linear, None, vec![curve("de", vec![gap])])),
        |document| {
            assert!(classed(document, "mark").is_empty() && classed(document, "line").is_empty());
            assert_eq!(count(document, "de"), 1);
        },
    );
}

#[test]
fn bands_have_the_ends_of_the_intervals() {
    let with = |x, y, low, high| CurvePoint {
        x,
        y: Some(y),
        interval: Some((low, high)),
    };
    let line = curve(
        "de",
        vec![
            with(0.0, 0.5, 0.25, 0.75),
            with(1.0, 0.5, 0.0, 1.0),
            point(2.0, 0.5),
        ],
    );
    let mut data = figure(Scale::Linear, Some((0.0, 1.0)), vec![line]);
    data.reference = Some(Reference {
        value: 0.25,
        label: "chance".into(),
    });
    data.x_ticks = vec![
        (0.0, "main~2".into()),
        (1.0, "main~1".into()),
        (2.0, "main".into()),
    ];
    read(&curves(&data), |document| {
        let band = points(classed(document, "band")[0].attribute("points").unwrap());
        let (top, bottom) = (tick(document, "1.0"), tick(document, "0.0"));
        let at = |value: f64| bottom + value * (top - bottom);
        // Along the lower ends, back along the upper ones.
        for (point, value) in band.iter().zip([0.25, 0.0, 1.0, 0.75]) {
            assert!((point.1 - at(value)).abs() < 0.02);
        }
        assert_eq!(band.len(), 4);
        assert!((number(classed(document, "reference")[0], "y1") - at(0.25)).abs() < 0.02);
        for text in ["main~2", "main~1", "main", "chance"] {
            assert_eq!(count(document, text), 1);
        }
    });
}

#[test]
fn long_curves_have_some_marks() {
    let line = curve(
        "de",
        (0..600).map(|step| point(f64::from(step), 1.0)).collect(),
    );
    read(
        &curves(&figure(Scale::Linear, None, vec![line])),
        |document| {
            let series = classed(document, "series")[0];
            assert_eq!(inside(series, "mark").len(), 12);
        },
    );
}

#[test]
fn a_line_that_a_logarithmic_axis_cannot_have_is_left_out() {
    let mut data = figure(Scale::Log, None, vec![curve("de", vec![point(0.0, 1.0)])]);
    data.reference = Some(Reference {
        value: 0.0,
        label: "zero".into(),
    });
    read(&curves(&data), |document| {
        assert!(classed(document, "reference").is_empty());
        assert_eq!(count(document, "zero"), 0);
    });
}

#[test]
fn values_beyond_the_axis_are_named() {
    let line = curve("de", vec![point(0.0, 5.0), point(1.0, 1.0)]);
    read(
        &curves(&figure(Scale::Linear, Some((0.0, 2.0)), vec![line])),
        |document| {
            let path = points(classed(document, "line")[0].attribute("points").unwrap());
            assert!((path[0].1 - tick(document, "2.0")).abs() < 0.02);
            assert_eq!(
                count(document, "Values beyond the axis are drawn at its end."),
                1
            );
        },
    );
}

#[test]
fn long_names_of_revisions_are_turned_and_inside() {
    let line = curve(
        "de",
        (0..9).map(|step| point(f64::from(step), 1.0)).collect(),
    );
    let mut data = figure(Scale::Linear, None, vec![line]);
    data.x_ticks = (0..9)
        .map(|step| (f64::from(step), format!("stage{step}-step1000000")))
        .collect();
    read(&curves(&data), |document| {
        for step in 0..9 {
            let tick = drawn(document, &format!("stage{step}-step1000000"));
            assert!(
                tick.attribute("transform")
                    .unwrap()
                    .starts_with("rotate(-45 ")
            );
            // 18 characters of 12 pixels are 118 wide in Arial and end at the point.
            assert!(number(tick, "x") - 118.0 * 0.71 > 0.0);
        }
    });
}

#[test]
fn names_at_one_end_are_moved_apart() {
    for number in [1, 6, 17, 40] {
        let lines = (0..number)
            .map(|index| {
                curve(
                    &format!("model {index}"),
                    vec![point(0.0, 1.0 + f64::from(index)), point(9.0, 1.0)],
                )
            })
            .collect();
        read(&curves(&figure(Scale::Linear, None, lines)), |document| {
            for index in 0..number {
                assert_eq!(count(document, &format!("model {index}")), 1);
            }
            assert_eq!(classed(document, "end").is_empty(), number > 17);
        });
    }
}

#[test]
fn hostile_text_stays_text() {
    let mut data = figure(
        Scale::Linear,
        None,
        vec![curve(HOSTILE, vec![point(0.0, 1.0)])],
    );
    data.x_name = HOSTILE.into();
    data.y_name = HOSTILE.into();
    data.x_ticks = vec![(0.0, HOSTILE.into())];
    read(&curves(&data), |document| {
        assert_eq!(count(document, HOSTILE_DRAWN), 4);
        assert_eq!(elements(document, "b").count(), 0);
    });
}

#[test]
fn nothing_at_all() {
    for scale in [Scale::Linear, Scale::Log] {
        read(&curves(&figure(scale, None, vec![])), |document| {
            assert!(classed(document, "line").is_empty())
        });
    }
}
