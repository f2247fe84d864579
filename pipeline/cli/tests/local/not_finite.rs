//! Models that give NaN or infinity: an error that names item, model and type, and nothing that is in the way of a later run.

use super::*;

/// The bytes of a safetensors file of f32 with every number changed.
fn with_weights(file: &[u8], change: impl Fn(usize, f32) -> f32) -> Vec<u8> {
    let (length, _) = file.split_first_chunk::<8>().unwrap();
    let start = 8 + usize::try_from(u64::from_le_bytes(*length)).unwrap();
    let header = str::from_utf8(&file[8..start]).unwrap();
    assert!(!header.contains("\"F16\"") && !header.contains("\"BF16\""));
    let (numbers, rest) = file[start..].as_chunks::<4>();
    assert!(rest.is_empty());
    let numbers = numbers.iter().enumerate();
    let changed =
        numbers.flat_map(|(place, n)| change(place, f32::from_le_bytes(*n)).to_le_bytes());
    file[..start].iter().copied().chain(changed).collect()
}

/// A copy of the model with other weights.
fn reweighted(project: &TestProject, name: &str, change: impl Fn(usize, f32) -> f32) -> String {
    let folder = project.path(name);
    fs::create_dir_all(&folder).unwrap();
    for (name, mut content) in program::files(Path::new(&model())) {
        if name == Path::new("model.safetensors") {
            content = with_weights(&content, &change);
        }
        fs::write(folder.join(name), content).unwrap();
    }
    folder.display().to_string()
}

/// The answers and predictions that a project holds, without the times in manifests.
fn answers(project: &TestProject) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files = program::files(&project.path("artifacts/predictions"));
    files.retain(|(name, _)| name.extension().is_some_and(|end| end == "parquet"));
    files
}

#[test]
fn numbers_beyond_a_type_are_an_error_in_every_way_of_asking_and_are_in_nobodys_way() {
    let project = project();
    // Every weight is one that f16 holds; what is computed from them is not.
    let model = reweighted(&project, "wide", |_, x| 60.0 * x);
    let (half, whole) = (["--dtype", "f16"], ["--dtype", "f32"]);
    let ways: [&[&str]; 5] = [
        &["--answer", "letters"],
        &["--answer", "letters", "--permute"],
        &["--answer", "texts"],
        &["--answer", "texts-per-byte"],
        &["--answer", "free"],
    ];
    let command = |way: &[&str], dtype: &[&str]| -> Vec<String> {
        let start = [
            "evaluate",
            "--quiet",
            "--model",
            &model,
            "--limit",
            "4",
            "--languages",
            "en",
        ];
        let all = [&start[..], way, dtype].concat();
        all.into_iter().map(str::to_owned).collect()
    };
    let run = |project: &TestProject, way: &[&str], dtype: &[&str]| {
        let command = command(way, dtype);
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        project.command(&command).output().unwrap()
    };
    for way in ways {
        let error = project.failure(&run(&project, way, &half));
        assert!(
            error.starts_with("error: wide gives NaN or infinity for item xcopa-mini-")
                && error.ends_with(
                    " of xcopa-mini in en, computed in f16\nhint: f16 overflows: try bf16 or f32\n"
                ),
            "{way:?}: {error}"
        );
        assert!(!project.path("artifacts/predictions").exists(), "{way:?}");
    }
    // The same commands in f32, into the same folders, do as if nothing had been.
    let fresh = TestProject::new();
    fresh.run(&["datasets", "xcopa-mini"]);
    for way in ways {
        for project in [&project, &fresh] {
            let output = run(project, way, &whole);
            assert!(output.status.success(), "{}", text(&output.stderr));
        }
        assert!(answers(&project) == answers(&fresh), "{way:?}");
    }

    let logits = ["logits", "--quiet", "--model", &model, "--prompt", "Oz"];
    insta::assert_snapshot!(project.fail(&[&logits[..], &half].concat()), @r"
    error: wide gives NaN or infinity after position 0 of the text, computed in f16
    hint: f16 overflows: try bf16 or f32
    ");
    project.run(&[&logits[..], &whole].concat());

    let out = project.path("out");
    let path = out.display().to_string();
    let finetune = [
        "finetune",
        "--quiet",
        "--model",
        &model,
        "--out",
        &path,
        "--languages",
        "de",
        "--places",
        "10",
        "--continents",
        "2",
        "--format",
        "alpaca",
        "--max-steps",
        "1",
        "--answer",
        "ranking",
    ];
    let error = project.fail(&[&finetune[..], &half].concat());
    assert!(
        error.starts_with("error: wide (de-seed0 before training) gives NaN or infinity for row ")
            && error.ends_with("computed in f16\nhint: f16 overflows: try bf16 or f32\n"),
        "{error}"
    );
    project.run(&[&finetune[..], &whole].concat());
    assert!(out.join("de-seed0/adapter").is_dir());
}

#[test]
fn weights_that_are_no_numbers_here_or_on_disk_are_named() {
    let project = project();
    let fail = |model: &str, dtype: &str| {
        project.fail(&[
            "evaluate", "--quiet", "--model", model, "--limit", "1", "--dtype", dtype,
        ])
    };
    let broken = reweighted(
        &project,
        "broken",
        |place, x| {
            if place == 7 { f32::NAN } else { x }
        },
    );
    for dtype in ["f32", "bf16"] {
        let error = fail(&broken, dtype);
        assert!(
            error.contains("/broken/model.safetensors has 1 values that are not finite\n"),
            "{error}"
        );
    }
    let wide = reweighted(
        &project,
        "wide",
        |place, x| {
            if place == 7 { 70_000.0 } else { x }
        },
    );
    let error = fail(&wide, "f16");
    assert!(
        error.ends_with(
            "/wide/model.safetensors has 1 values beyond the range of f16\nhint: f16 overflows: try bf16 or f32\n"
        ),
        "{error}"
    );
}

#[test]
fn kept_answers_that_are_none_are_computed_again() {
    let project = project();
    let model = model();
    let options = ["--quiet", "--limit", "4", "--languages", "en", "--json"];
    let command = [&["evaluate", "--model", &model], &options[..]].concat();
    let whole: Value = serde_json::from_str(&project.run(&command)).unwrap();
    let expected = answers(&project);
    let caches = project.path("artifacts/cache/models");
    let [(name, content)] = &program::files(&caches)[..] else {
        panic!("one file of answers")
    };
    // What an older version kept of a model that gave NaN, and an answer to fewer options.
    let lines: Vec<String> = text(content)
        .lines()
        .enumerate()
        .map(|(number, line)| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            if let Some(values) = line["value"].as_array_mut() {
                match number {
                    1 => values.fill(Value::Null),
                    3 => values.truncate(1),
                    _ => {}
                }
            }
            format!("{line}\n")
        })
        .collect();
    fs::write(caches.join(name), lines.concat()).unwrap();
    let again = || {
        let output = project.command(&command).output().unwrap();
        let said: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
        assert_eq!(said, whole);
        assert!(answers(&project) == expected);
        let said = text(&output.stderr);
        let notes = said.lines().filter(|line| line.contains("kept answers"));
        notes.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        again(),
        ["note: 2 kept answers to xcopa-mini en have no usable numbers and are computed again"]
    );
    // Once: then they are replaced.
    assert!(again().is_empty());
}

#[test]
fn a_training_that_goes_astray_is_an_error_and_leaves_no_adapter() {
    let project = TestProject::new();
    let model = model();
    for steps in ["1", "3"] {
        let out = project.path(&format!("out{steps}"));
        let path = out.display().to_string();
        let error = project.fail(&[
            "finetune",
            "--quiet",
            "--model",
            &model,
            "--out",
            &path,
            "--languages",
            "de",
            "--places",
            "10",
            "--continents",
            "2",
            "--format",
            "alpaca",
            "--rank",
            "2",
            "--batch",
            "8",
            "--answer",
            "ranking",
            "--learning-rate",
            "1e30",
            "--max-steps",
            steps,
        ]);
        assert!(
            error.starts_with("error: de-seed0: the training diverged in step ")
                && error.contains("hint: lower --learning-rate; the log of every step"),
            "{error}"
        );
        assert!(!out.join("de-seed0/adapter").exists());
        assert!(!out.join("de-seed0/results.json").exists());
    }
}
