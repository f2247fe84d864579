//! Revisions of one model, one after the other.

use super::*;

/// A cache as `huggingface_hub` lays it out: the tiny model as `step1`, and with another rotation as `step20`.
fn cache(project: &TestProject) -> std::path::PathBuf {
    let cache = project.path("hub");
    let repository = cache.join("models--org--tiny");
    fs::create_dir_all(repository.join("refs")).unwrap();
    for (revision, digit, theta) in [("step1", "1", "10000.0"), ("step20", "2", "3.0")] {
        let commit = digit.repeat(40);
        fs::write(repository.join("refs").join(revision), &commit).unwrap();
        let folder = repository.join("snapshots").join(commit);
        copy_of_model(&folder);
        let config = folder.join("config.json");
        let text = fs::read_to_string(&config).unwrap();
        assert!(text.contains("10000.0"), "{text}");
        fs::write(&config, text.replace("10000.0", theta)).unwrap();
    }
    cache
}

#[test]
fn every_revision_is_asked_and_a_missing_one_is_said() {
    let project = project();
    let cache = cache(&project);
    let run = |options: &[&str]| {
        let fixed = [
            "evaluate",
            "--model",
            "org/tiny",
            "--languages",
            "en,de",
            "--quiet",
        ];
        let mut command = project.command(&[&fixed, options].concat());
        command
            .env("HF_HUB_CACHE", &cache)
            .env("HF_HUB_OFFLINE", "1");
        command.output().unwrap()
    };
    let output = run(&["--revisions", "step1,step9,step20"]);
    // The others are evaluated, but not all was done that was asked for.
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(
        error.contains("1 of 3 revisions are missing: step9"),
        "{error}"
    );
    let printed = text(&output.stdout);
    assert!(
        printed.contains("org/tiny: accuracy, mean over languages")
            && printed.contains("| step9 | 9 | – |"),
        "{printed}"
    );
    // Each revision has predictions of its own name, which score what the curve says.
    let curve =
        fs::read_to_string(project.path("artifacts/learning-curves/org--tiny.csv")).unwrap();
    let mut lines = curve.lines();
    assert_eq!(
        lines.next(),
        Some("model,revision,step,task,language,items,right,accuracy,low,high,missing")
    );
    let lines: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let of = |revision: &'static str| lines.iter().filter(move |line| line[1] == revision);
    assert_eq!(
        ["step1", "step20", "step9"].map(|revision| of(revision).count()),
        [2, 2, 1]
    );
    let missing = of("step9").next().unwrap();
    assert_eq!(missing[2..10], ["9", "", "", "", "", "", "", ""]);
    assert!(missing[10..].concat().contains("is not in the cache"));
    for (revision, digit) in [("step1", "1"), ("step20", "2")] {
        let folder = cache
            .join("models--org--tiny/snapshots")
            .join(digit.repeat(40));
        let out = project.path(revision);
        let alone = project.run(&[
            "evaluate",
            "--model",
            folder.to_str().unwrap(),
            "--languages",
            "en,de",
            "--quiet",
            "--json",
            "--out",
            out.to_str().unwrap(),
        ]);
        let alone: Value = serde_json::from_str(&alone).unwrap();
        for score in alone["scores"].as_array().unwrap() {
            let line = of(revision)
                .find(|line| score["language"] == line[4])
                .unwrap();
            assert_eq!(score["right"].to_string(), line[6], "{revision}");
            assert_eq!(score["items"].to_string(), line[5], "{revision}");
        }
    }
    // Without missing ones, as objects: the answers of before are kept.
    let output = run(&["--revisions", "step1,step20", "--json"]);
    assert!(output.status.success());
    let printed = text(&output.stdout);
    let last: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    assert_eq!(last["revisions"][1]["step"], 20);
    assert_eq!(last["revisions"].as_array().unwrap().len(), 2);
}

#[test]
fn revisions_of_what_has_none_are_refused() {
    let project = project();
    let model = model();
    for (options, said) in [
        (
            vec!["--model", &model, "--revisions", "step1"],
            "--revisions are those of a model of the hub",
        ),
        (
            vec!["--model", "demo", "--revisions", "step1"],
            "--revisions are those of a model of the hub",
        ),
        (
            vec!["--model", "org/a@main", "--revisions", "step1"],
            "--revisions are those of a model of the hub",
        ),
        (
            vec![
                "--model",
                "org/a",
                "--model",
                "org/b",
                "--revisions",
                "step1",
            ],
            "--revisions are those of one model",
        ),
        (
            vec!["--model", "org/a", "--revisions", "step1,step1"],
            "--revisions names `step1` twice",
        ),
        (vec!["--model", "org/a", "--curve", "x.csv"], "--revisions"),
    ] {
        let output = project
            .command(&[&["evaluate"], &options[..]].concat())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let error = text(&output.stderr);
        assert!(error.contains(said), "{error}");
    }
}
