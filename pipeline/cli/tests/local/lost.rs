//! Predictions outlive kills, trials and other runs of their name.

use super::*;
use clika_scores::predictions::Collection;

fn sets(folder: &Path) -> Vec<String> {
    let read = Collection::read(folder).unwrap();
    let keys = read.iter().map(|(key, _)| key);
    keys.map(|key| format!("{} {}", key.task, key.language))
        .collect()
}

#[test]
fn a_kill_between_the_renames_of_a_folder_loses_nothing() {
    let project = project();
    evaluate(&project, &["--languages", "en,he", "--name", "m"]);
    let out = project.path("artifacts/predictions");
    let before = program::files(&out.join("m"));
    // The old folder has moved aside, and the new one is not in its place yet.
    let kill = || {
        fs::create_dir_all(out.join(".m.draft")).unwrap();
        for (name, content) in &before {
            let path = out.join(".m.draft").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        fs::rename(out.join("m"), out.join(".m.old")).unwrap();
    };
    kill();
    evaluate(&project, &["--languages", "de", "--name", "m"]);
    let all = ["xcopa-mini de", "xcopa-mini en", "xcopa-mini he"];
    assert_eq!(sets(&out), all);

    let before = program::files(&out.join("m"));
    kill();
    let path = out.display().to_string();
    let reading = ["reproduce", "--resamples", "10", "--predictions", &path];
    project.run(&reading);
    assert!(
        program::files(&out.join("m")) == before,
        "a file has changed"
    );
    assert_eq!(sets(&out), all);
}

#[test]
fn a_trial_does_not_replace_answers_to_all_items() {
    let project = project();
    let model = model();
    let full = [
        "evaluate",
        "--quiet",
        "--model",
        &model,
        "--languages",
        "en",
        "--name",
        "m",
    ];
    project.run(&full);
    let out = project.path("artifacts/predictions");
    let before = program::files(&out);
    let error = project.fail(&[&full[..], &["--limit", "3"]].concat());
    assert!(
        error.contains("it has all 60 items, and --limit 3 would leave fewer"),
        "{error}"
    );
    assert!(error.contains("--name"), "{error}");
    assert!(program::files(&out) == before, "a file has changed");
}

#[test]
fn a_dataset_that_was_being_replaced_is_read_by_all() {
    let project = project();
    let (datasets, model) = (project.path("artifacts/datasets"), model());
    let place = datasets.join("xcopa-mini");
    let whole = datasets.display().to_string();
    let one = place.display().to_string();
    for reading in [
        &["audit", &whole][..],
        &["audit", &one],
        &["export", "lm-eval"],
        &["evaluate", "--model", &model, "--languages", "de"],
    ] {
        // A draft with rows and without a manifest, and the old folder moved aside.
        let rows = datasets.join(".xcopa-mini.draft/data/de");
        fs::create_dir_all(&rows).unwrap();
        let file = "test-00000-of-00001.parquet";
        fs::copy(place.join("data/de").join(file), rows.join(file)).unwrap();
        fs::rename(&place, datasets.join(".xcopa-mini.old")).unwrap();
        project.run(reading);
        assert!(place.is_dir(), "{reading:?}");
    }
}
