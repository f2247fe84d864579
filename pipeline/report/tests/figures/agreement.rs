//! Our values against the printed ones.

use crate::drawing::{classed, count, elements, inside, number, read, texts};
use crate::{HOSTILE, HOSTILE_DRAWN, caption};
use clika_report::figures::{Agreement, AgreementPoint, agreement};

fn point(label: &str, printed: f64, ours: Option<f64>, agrees: bool) -> AgreementPoint {
    AgreementPoint {
        label: label.into(),
        printed,
        ours,
        agrees,
    }
}

fn figure(points: Vec<AgreementPoint>) -> Agreement {
    Agreement {
        caption: caption(),
        printed_name: "printed".into(),
        ours_name: "computed".into(),
        digits: 2,
        listed: 2,
        points,
    }
}

#[test]
fn points_counts_and_the_worst() {
    let data = figure(vec![
        point("zero", 0.0, Some(0.0), true),
        point("hundred", 100.0, Some(100.0), true),
        point("small", 50.0, Some(51.0), false),
        point("worst", 50.0, Some(25.0), false),
        point("second", 25.0, Some(40.0), false),
        point("none", 30.0, None, false),
    ]);
    read(&agreement(&data), |document| {
        // The diagonal runs from (0, 0) to (100, 100).
        let diagonal = classed(document, "diagonal")[0];
        let (left, bottom) = (number(diagonal, "x1"), number(diagonal, "y1"));
        let (right, top) = (number(diagonal, "x2"), number(diagonal, "y2"));
        let agrees = classed(document, "agrees");
        assert_eq!(agrees.len(), 2);
        assert!(
            (number(agrees[0], "cx") - left).abs() < 0.02
                && (number(agrees[0], "cy") - bottom).abs() < 0.02
        );
        assert!(
            (number(agrees[1], "cx") - right).abs() < 0.02
                && (number(agrees[1], "cy") - top).abs() < 0.02
        );
        let differs = classed(document, "differs");
        assert_eq!(differs.len(), 3);
        // Another shape: a diamond is a path, not a circle. Its upper corner is over its middle.
        let corner = differs[1]
            .attribute("d")
            .unwrap()
            .trim_start_matches('M')
            .split(' ')
            .next()
            .unwrap();
        let x: f64 = corner.parse().unwrap();
        assert!((x - f64::midpoint(left, right)).abs() < 0.02);
        assert_ne!(agrees[0].attribute("fill"), differs[0].attribute("fill"));
        for text in [
            "2 agree",
            "3 differ",
            "1 not computed",
            "worst",
            "second",
            "50.00 printed, 25.00 ours",
        ] {
            assert_eq!(count(document, text), 1, "{text}");
        }
        assert_eq!(count(document, "small"), 0);
        let listed = classed(document, "listed");
        assert_eq!(listed.len(), 2);
        assert!(
            listed[0]
                .descendants()
                .any(|node| node.text() == Some("worst"))
        );
        assert_eq!(classed(document, "difference").len(), 2);
    });
}

#[test]
fn all_agree() {
    read(
        &agreement(&figure(vec![point("a", 1.0, Some(1.0), true)])),
        |document| {
            assert_eq!(count(document, "1 agree"), 1);
            assert_eq!(count(document, "0 differ"), 1);
            assert!(classed(document, "listed").is_empty());
            assert!(
                texts(document)
                    .iter()
                    .all(|text| !text.contains("not computed"))
            );
        },
    );
}

#[test]
fn differences_at_one_place_have_numbers_apart() {
    let mut data = figure(
        (0..12)
            .map(|index| point(&format!("cell {index}"), 50.0, Some(40.0), false))
            .collect(),
    );
    data.points.push(point("end", 100.0, Some(0.0), true));
    data.listed = 12;
    read(&agreement(&data), |document| {
        assert_eq!(classed(document, "difference").len(), 12);
        for label in classed(document, "difference") {
            assert!(inside(label, "leader").len() <= 1);
        }
    });
}

#[test]
fn hostile_text_stays_text() {
    let mut data = figure(vec![point(HOSTILE, 1.0, Some(2.0), false)]);
    data.printed_name = HOSTILE.into();
    data.ours_name = HOSTILE.into();
    read(&agreement(&data), |document| {
        assert_eq!(count(document, HOSTILE_DRAWN), 3);
        assert_eq!(elements(document, "b").count(), 0);
    });
}

#[test]
fn nothing_at_all() {
    read(&agreement(&figure(vec![])), |document| {
        assert!(classed(document, "mark").len() == 2)
    });
    read(
        &agreement(&figure(vec![point("a", f64::NAN, Some(1.0), true)])),
        |document| {
            assert!(classed(document, "agrees").is_empty());
            assert_eq!(count(document, "1 not computed"), 1);
        },
    );
}
