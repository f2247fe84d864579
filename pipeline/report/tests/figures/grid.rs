//! Small multiples.

use crate::drawing::{classed, count, elements, inside, number, read, texts};
use crate::{HOSTILE, HOSTILE_DRAWN, caption, estimate};
use clika_report::figures::{Estimate, Grid, Panel, grid};

fn panel(name: &str, values: Vec<Vec<Option<Estimate>>>) -> Panel {
    Panel {
        name: name.into(),
        chance: Some(0.25),
        values,
    }
}

fn figure(languages: &[&str], models: usize, panels: Vec<Panel>) -> Grid {
    Grid {
        caption: caption(),
        value_name: "accuracy".into(),
        range: Some((0.0, 1.0)),
        languages: languages
            .iter()
            .map(|language| (*language).into())
            .collect(),
        models: (0..models).map(|index| format!("model {index}")).collect(),
        panels,
    }
}

fn point(value: f64) -> Option<Estimate> {
    Some(Estimate {
        value,
        interval: None,
    })
}

#[test]
fn marks_are_at_their_values_in_their_panel() {
    let data = figure(
        &["en", "de"],
        1,
        vec![
            panel(
                "xgeo",
                vec![vec![estimate(0.5, 0.25, 0.75)], vec![point(0.0)]],
            ),
            panel("xpeo", vec![vec![point(1.0)], vec![None]]),
        ],
    );
    read(&grid(&data), |document| {
        let panels = classed(document, "panel");
        assert_eq!(panels.len(), 2);
        for panel in &panels {
            let ticks: Vec<(String, f64)> = panel
                .children()
                .filter(|node| node.has_tag_name("text"))
                .map(|node| (node.text().unwrap().to_string(), number(node, "x")))
                .collect();
            let (zero, one) = (ticks[0].1, ticks.last().unwrap().1);
            assert_eq!(
                (ticks[0].0.as_str(), ticks.last().unwrap().0.as_str()),
                ("0.0", "1.0")
            );
            let at = |value: f64| zero + value * (one - zero);
            let chance = inside(*panel, "reference")[0];
            assert!((number(chance, "x1") - at(0.25)).abs() < 0.02);
        }
        let ticks = |panel: usize| -> Vec<f64> {
            let texts = panels[panel]
                .children()
                .filter(|node| node.has_tag_name("text"));
            texts.map(|node| number(node, "x")).collect()
        };
        let left = ticks(0);
        let width = left.last().unwrap() - left[0];
        let mark = inside(panels[0], "mark")[0];
        assert!((number(mark, "cx") - left[0] - 0.5 * width).abs() < 0.02);
        let interval = inside(panels[0], "interval")[0];
        assert!((number(interval, "x1") - left[0] - 0.25 * width).abs() < 0.02);
        assert!((number(interval, "x2") - left[0] - 0.75 * width).abs() < 0.02);
        let right = ticks(1);
        assert!((number(inside(panels[1], "mark")[0], "cx") - right.last().unwrap()).abs() < 0.02);
        assert_eq!(inside(panels[1], "mark").len(), 1);
        for text in ["xgeo", "xpeo", "accuracy", "model 0", "not run", "en", "de"] {
            assert_eq!(count(document, text), 1, "{text}");
        }
    });
}

#[test]
fn the_range_has_the_data_and_chance() {
    let mut data = figure(
        &["en"],
        1,
        vec![panel("xgeo", vec![vec![estimate(0.6, 0.55, 0.78)]])],
    );
    data.range = None;
    read(&grid(&data), |document| {
        // 0.25 to 0.78 in steps of 0.2: from 0.2 to 0.8.
        let ticks = texts(document);
        let ticks: Vec<&String> = ticks.iter().filter(|text| text.starts_with("0.")).collect();
        assert_eq!(ticks, ["0.2", "0.4", "0.6", "0.8"]);
    });
}

#[test]
fn models_have_lanes_and_gaps() {
    let values = vec![vec![point(0.1), None, point(0.3)]];
    read(
        &grid(&figure(&["en"], 3, vec![panel("xgeo", values)])),
        |document| {
            let marks = classed(document, "mark");
            // Two in the panel and three in the legend.
            assert_eq!(marks.len(), 5);
            assert_eq!(inside(classed(document, "panel")[0], "mark").len(), 2);
            assert_eq!(
                count(document, "A model that has no mark in a row was not run."),
                1
            );
        },
    );
}

#[test]
fn values_beyond_the_axis_are_named() {
    let mut data = figure(&["en"], 1, vec![panel("xgeo", vec![vec![point(0.9)]])]);
    data.range = Some((0.0, 0.5));
    read(&grid(&data), |document| {
        assert_eq!(
            count(document, "Values beyond the axis are drawn at its end."),
            1
        );
    });
}

#[test]
fn many_models_are_a_strip_with_the_median() {
    // 0.00, 0.02, … 0.38 and two that were not run: the median of the twenty is 0.19.
    let mut row: Vec<Option<Estimate>> = (0..20)
        .map(|index| point(0.02 * f64::from(index)))
        .collect();
    row.extend([None, None]);
    read(
        &grid(&figure(&["en"], 22, vec![panel("xgeo", vec![row])])),
        |document| {
            let panel = classed(document, "panel")[0];
            assert_eq!(inside(panel, "mark").len(), 20);
            let xs: Vec<f64> = panel
                .children()
                .filter(|node| node.has_tag_name("text"))
                .map(|node| number(node, "x"))
                .collect();
            let median = inside(panel, "median")[0];
            let expected = xs[0] + 0.19 * (xs.last().unwrap() - xs[0]);
            assert!((number(median, "x1") - expected).abs() < 0.02);
            assert_eq!(count(document, "model 3"), 0);
            assert!(
                texts(document)
                    .iter()
                    .any(|text| text.starts_with("A dot is one of 22 models"))
            );
        },
    );
}

#[test]
fn every_name_is_there_in_all_sizes() {
    let languages = [
        "ar العربية",
        "de Deutsch",
        "en English",
        "he עברית",
        "ja 日本語",
        "zh 中文",
    ];
    for models in [1, 6, 8, 9, 40] {
        for tasks in 1..=7 {
            let panels = (0..tasks)
                .map(|task| {
                    panel(
                        &format!("task {task}"),
                        vec![vec![estimate(0.5, 0.4, 0.6); models]; languages.len()],
                    )
                })
                .collect();
            read(&grid(&figure(&languages, models, panels)), |document| {
                for task in 0..tasks {
                    assert_eq!(count(document, &format!("task {task}")), 1);
                }
                // The languages are named once for each row of panels.
                let rows = [1, 1, 2, 2, 2, 2, 3][tasks - 1];
                assert_eq!(count(document, "he עברית"), rows);
                if models <= 8 {
                    assert_eq!(count(document, "model 0"), 1);
                }
            });
        }
    }
}

#[test]
fn hostile_text_stays_text() {
    let mut data = figure(&[HOSTILE], 1, vec![panel(HOSTILE, vec![vec![point(0.5)]])]);
    data.models = vec![HOSTILE.into()];
    data.value_name = HOSTILE.into();
    read(&grid(&data), |document| {
        assert_eq!(count(document, HOSTILE_DRAWN), 4);
        assert_eq!(elements(document, "b").count(), 0);
    });
}

#[test]
fn nothing_at_all() {
    read(&grid(&figure(&[], 0, vec![])), |document| {
        assert!(classed(document, "mark").is_empty())
    });
    read(
        &grid(&figure(&["en"], 0, vec![panel("xgeo", vec![])])),
        |document| {
            assert_eq!(count(document, "not run"), 1);
        },
    );
}
