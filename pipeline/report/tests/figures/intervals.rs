//! Values with intervals in rows.

use crate::drawing::{classed, count, drawn, elements, inside, number, read, size, texts};
use crate::{HOSTILE, HOSTILE_DRAWN, caption, estimate};
use clika_report::figures::{
    Estimate, IntervalGroup, IntervalRow, Intervals, Reference, intervals,
};

fn row(label: &str, value: Option<Estimate>, failed: bool) -> IntervalRow {
    IntervalRow {
        label: label.into(),
        value,
        failed,
    }
}

fn figure(range: Option<(f64, f64)>, reference: Option<f64>, rows: Vec<IntervalRow>) -> Intervals {
    Intervals {
        caption: caption(),
        value_name: "XRR".into(),
        range,
        reference: reference.map(|value| Reference {
            value,
            label: "chance".into(),
        }),
        groups: vec![IntervalGroup {
            name: "demo, ranking".into(),
            rows,
        }],
    }
}

#[test]
fn ends_of_intervals_are_at_their_values() {
    let data = figure(
        Some((0.0, 1.0)),
        Some(0.25),
        vec![row("de", estimate(0.5, 0.25, 0.75), false)],
    );
    read(&intervals(&data), |document| {
        // The axis from the ticks: 0.0 and 1.0.
        let (zero, one) = (
            number(drawn(document, "0.0"), "x"),
            number(drawn(document, "1.0"), "x"),
        );
        let at = |value: f64| zero + value * (one - zero);
        let line = classed(document, "interval")[0];
        assert!((number(line, "x1") - at(0.25)).abs() < 0.02);
        assert!((number(line, "x2") - at(0.75)).abs() < 0.02);
        assert_eq!(number(line, "y1"), number(line, "y2"));
        assert_eq!(classed(document, "cap").len(), 2);
        let mark = classed(document, "mark")[0];
        assert!((number(mark, "cx") - at(0.5)).abs() < 0.02);
        assert_eq!(number(mark, "cy"), number(line, "y1"));
        let chance = classed(document, "reference")[0];
        assert!((number(chance, "x1") - at(0.25)).abs() < 0.02);
        assert_eq!(number(chance, "x1"), number(chance, "x2"));
        assert_eq!(count(document, "chance"), 1);
        assert_eq!(count(document, "XRR"), 1);
        assert_eq!(count(document, "demo, ranking"), 1);
    });
}

#[test]
fn the_range_has_the_data_and_the_reference() {
    let rows = vec![row("de", estimate(0.62, 0.55, 0.78), false)];
    read(
        &intervals(&figure(None, Some(0.25), rows.clone())),
        |document| {
            let (width, _) = size(document);
            for name in ["x1", "x2"] {
                let x = number(classed(document, "interval")[0], name);
                assert!(x > 0.0 && x < width);
            }
            // 0.25 to 0.78 in steps of 0.2: from 0.2 to 0.8.
            assert_eq!(
                texts(document)
                    .iter()
                    .filter(|text| text.starts_with("0."))
                    .collect::<Vec<_>>(),
                ["0.2", "0.4", "0.6", "0.8"]
            );
        },
    );
    read(
        &intervals(&figure(Some((0.5, 1.0)), Some(0.25), rows)),
        |document| {
            let chance = number(classed(document, "reference")[0], "x1");
            assert!(chance < number(drawn(document, "0.4"), "x"));
        },
    );
}

#[test]
fn failed_rows_are_struck_out_and_hollow() {
    let rows = vec![
        row("de", estimate(0.5, 0.4, 0.6), false),
        row("ja", estimate(0.9, 0.8, 1.0), true),
        row("he", None, true),
    ];
    read(
        &intervals(&figure(Some((0.0, 1.0)), None, rows)),
        |document| {
            let failed = classed(document, "failed");
            assert_eq!(failed.len(), 2);
            assert_eq!(inside(failed[0], "strike").len(), 1);
            let mark = inside(failed[0], "mark")[0];
            assert_eq!(mark.attribute("fill"), Some("#ffffff"));
            assert_eq!(mark.attribute("stroke"), Some("#666666"));
            for label in ["ja", "he"] {
                assert_eq!(
                    drawn(document, label).attribute("text-decoration"),
                    Some("line-through")
                );
            }
            assert_eq!(drawn(document, "de").attribute("text-decoration"), None);
            assert!(inside(failed[1], "mark").is_empty());
            assert_eq!(count(document, "gate failed"), 2);
            assert_eq!(count(document, "not run"), 0);
        },
    );
}

#[test]
fn what_was_not_run_has_words_and_no_mark() {
    let rows = vec![
        row("de", None, false),
        row("ja", estimate(f64::NAN, 0.0, 1.0), false),
    ];
    read(&intervals(&figure(None, None, rows)), |document| {
        assert_eq!(count(document, "not run"), 2);
        assert!(classed(document, "mark").is_empty() && classed(document, "interval").is_empty());
    });
}

#[test]
fn values_beyond_the_range_have_an_arrow() {
    let rows = vec![row("de", estimate(0.9, 0.4, 0.95), false)];
    read(
        &intervals(&figure(Some((0.0, 0.5)), None, rows)),
        |document| {
            let end = number(drawn(document, "0.5"), "x");
            assert!((number(classed(document, "mark")[0], "cx") - end).abs() < 0.02);
            assert!((number(classed(document, "interval")[0], "x2") - end).abs() < 0.02);
            // The end that is beyond has no cap.
            assert_eq!(classed(document, "cap").len(), 1);
            assert_eq!(classed(document, "beyond").len(), 1);
            assert_eq!(
                count(document, "An arrow: the value is beyond the axis."),
                1
            );
        },
    );
}

#[test]
fn an_estimate_without_interval_is_a_mark() {
    let value = Some(Estimate {
        value: 0.5,
        interval: None,
    });
    read(
        &intervals(&figure(None, None, vec![row("de", value, false)])),
        |document| {
            assert_eq!(classed(document, "mark").len(), 1);
            assert!(classed(document, "interval").is_empty());
        },
    );
}

#[test]
fn many_rows_and_long_labels() {
    let long = "a language whose name is long + a control whose name is longer than that";
    let mut data = figure(
        None,
        Some(0.0),
        vec![row(long, estimate(0.5, 0.1, 0.9), true)],
    );
    for group in 0..8 {
        data.groups.push(IntervalGroup {
            name: format!("training {group}, free answers"),
            rows: (0..10)
                .map(|index| {
                    row(
                        &format!("עברית {group} {index}"),
                        estimate(0.1 * f64::from(index), -0.1, 1.0),
                        index == 3,
                    )
                })
                .collect(),
        });
    }
    read(&intervals(&data), |document| {
        assert_eq!(count(document, long), 1);
        assert_eq!(count(document, "עברית 7 9"), 1);
        assert_eq!(classed(document, "row").len(), 81);
    });
}

#[test]
fn hostile_text_stays_text() {
    let mut data = figure(
        None,
        Some(0.5),
        vec![row(HOSTILE, estimate(0.5, 0.4, 0.6), true)],
    );
    data.value_name = HOSTILE.into();
    data.groups[0].name = HOSTILE.into();
    data.reference.as_mut().unwrap().label = HOSTILE.into();
    read(&intervals(&data), |document| {
        assert_eq!(count(document, HOSTILE_DRAWN), 4);
        assert_eq!(elements(document, "b").count(), 0);
    });
}

#[test]
fn nothing_at_all() {
    let mut data = figure(None, None, vec![]);
    data.groups.clear();
    read(&intervals(&data), |document| {
        assert!(classed(document, "mark").is_empty())
    });
}
