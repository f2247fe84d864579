use crate::{SMALL, TestGrid};
use serde_json::Value;
use std::fs;

#[test]
fn finished_cells_are_collected_and_missing_ones_listed() {
    let grid = TestGrid::planned(
        &format!("languages = ['de', 'fr']\nseeds = [0, 1]\n{SMALL}"),
        &[],
    );
    for job in ["0", "1", "2"] {
        grid.clika(&["grid", "run", "grid", "--index", job]);
    }
    let markdown = grid.clika(&["grid", "collect", "grid", "--resamples", "100"]);
    assert!(
        markdown.starts_with("# The grid tiny\n\n3 of 4 cells are finished.\n"),
        "{markdown}"
    );
    assert!(
        markdown.ends_with("## Missing\n\n- llama-tokenizer/fr-seed1: waiting\n"),
        "{markdown}"
    );
    let said = grid.clika(&["grid", "collect", "grid", "--resamples", "100", "--json"]);
    let collected: Value = serde_json::from_str(&said).unwrap();
    let rows = collected["trainings"].as_array().unwrap();
    assert_eq!(rows.len(), 3);
    for row in rows {
        let cell = row["cell"]
            .as_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned();
        let job = grid.clika_cell(&cell);
        assert_eq!(row["xrr"], job["modes"][0]["conductivity"]["xrr"]);
    }
    // German with two seeds; German and French with one.
    let kinds: Vec<&str> = collected["paired_tests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["seeds", "languages"]);
    assert_eq!(collected["paired_tests"][0]["places"], 5);
    assert_eq!(collected["seeds"][0]["seeds"], 2);
    assert!(grid.file("collected/report/report.html").exists());
    assert_eq!(
        fs::read_to_string(grid.file("collected/collected.md")).unwrap(),
        markdown
    );
}

#[test]
fn nothing_finished_is_a_list_of_what_is_missing() {
    let grid = TestGrid::planned(&format!("languages = ['de']\nseeds = [0]\n{SMALL}"), &[]);
    let markdown = grid.clika(&["grid", "collect", "grid"]);
    assert_eq!(
        markdown,
        "# The grid tiny\n\n0 of 1 cells are finished.\n\n## Missing\n\n- llama-tokenizer/de-seed0: waiting\n"
    );
}

impl TestGrid {
    /// The results of a cell as the training wrote them.
    fn clika_cell(&self, cell: &str) -> Value {
        let jobs = fs::read_dir(self.file("jobs")).unwrap();
        let mut found = jobs
            .map(|it| it.unwrap().path().join(cell).join("results.json"))
            .filter(|it| it.exists());
        serde_json::from_slice(&fs::read(found.next().unwrap()).unwrap()).unwrap()
    }
}
