//! The page of a training.

use crate::program::TestProject;
use serde_json::{Value, json};
use std::fs;

/// A page of a training whose gate failed, in two ways of asking, with a control test.
pub fn check(project: &TestProject, out: &str) {
    let page = project.path("page");
    let named = format!("Taught={out}");
    let said = project.run(&[
        "report",
        "--quiet",
        "--finetune",
        &named,
        "--json",
        "--out",
        page.to_str().unwrap(),
    ]);
    let written: Value = serde_json::from_str(&said).unwrap();
    let figures = [
        "conductivity-by-language",
        "conductivity-by-pair",
        "conductivity-by-likeness",
        "losses",
    ];
    assert_eq!(written["figures"], json!(figures));
    assert_eq!(
        written["notices"],
        json!([
            "Gate failed, so that XRR says nothing: Taught de-seed0 by ranking, Taught de-seed0 by free."
        ])
    );
    let file = |name: &str| fs::read_to_string(page.join(name)).unwrap();
    let conductivity = file("tables/conductivity.md");
    let rows: Vec<_> = conductivity
        .lines()
        .filter(|line| line.starts_with("| Taught |"))
        .collect();
    assert_eq!(rows.len(), 4, "{conductivity}");
    for row in rows {
        assert!(row.contains("gate failed |"), "{row}");
        assert!(
            !row.contains("\\*"),
            "nothing is marked where the gate failed: {row}"
        );
    }
    let gates = file("tables/gates.csv");
    assert_eq!(
        gates
            .lines()
            .filter(|line| line.ends_with(",failed"))
            .count(),
        2,
        "{gates}"
    );
    let losses = file("figures/losses.csv");
    assert_eq!(losses.lines().count(), 1 + 12, "{losses}");
    let html = file("report.html");
    for part in [
        "<section id=\"places\">",
        "<s>",
        "Training of Taught",
        "Manifest of Taught",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert!(
        !html.contains("<section id=\"items\">"),
        "nobody answered items"
    );
}
