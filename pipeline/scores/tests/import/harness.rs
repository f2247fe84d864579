//! lm-evaluation-harness' samples.

use super::*;

#[test]
fn blank_lines_and_line_ends_of_windows() {
    let sample = |id: u32| {
        format!(
            r#"{{"doc_id": {id}, "target": 1, "filtered_resps": [[-0.5, true], [-2.5, false], [-4.0, false], [-9.0, false]]}}"#
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let text = format!("\r\n{}\r\n\r\n \t\n{}\r\n\r\n", sample(0), sample(1));
    write(folder.path(), "m/samples_xgeo_de.jsonl", &text);
    let collection = Collection::read(folder.path()).unwrap();
    let read = collection
        .get("m", Task::named("xgeo").unwrap(), &code("de"))
        .unwrap();
    assert_eq!(read.len(), 2);

    // Lines are counted as the file has them.
    let folder = tempfile::tempdir().unwrap();
    let text = format!("\r\n{}\r\n\r\n{{\r\n", sample(0));
    write(folder.path(), "m/samples_xgeo_de.jsonl", &text);
    let error = Collection::read(folder.path()).unwrap_err().to_string();
    assert!(error.ends_with("samples_xgeo_de.jsonl:4"), "{error}");

    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "m/samples_xgeo_de.jsonl", "\r\n\r\n");
    let error = Collection::read(folder.path()).unwrap_err().to_string();
    assert!(error.starts_with("the file is empty"), "{error}");
}

#[test]
fn reads_the_samples_of_lm_evaluation_harness() {
    let folder = tempfile::tempdir().unwrap();
    // As versions 0.4.4 and later write it, and as earlier ones do: texts, and numbers.
    let texts = r#"{"doc_id": 0, "doc": {"id": "xgeo-Q1726", "cluster_id": "Q980"}, "target": "1", "arguments": {}, "resps": [], "filtered_resps": [["-2.5", "False"], ["-0.5", "True"], ["-4.0", "False"], ["-9.0", "False"]], "acc": 1.0}"#;
    let numbers = r#"{"doc_id": 0, "doc": {"id": "xgeo-Q1726", "cluster_id": "Q980"}, "target": 1, "filtered_resps": [[-0.5, true], [-2.5, false], [-4.0, false], [-9.0, false]], "acc": 0.0}"#;
    let model = "org__model";
    write(
        folder.path(),
        &format!("{model}/samples_xgeo_de_2026-11-22T10-00-00.1.jsonl"),
        numbers,
    );
    write(
        folder.path(),
        &format!("{model}/samples_xgeo_de_2026-11-23T10-00-00.1.jsonl"),
        texts,
    );
    write(
        folder.path(),
        &format!("{model}/samples_clika_xgeo_zh_2026-11-23T10-00-00.1.jsonl"),
        numbers,
    );
    write(
        folder.path(),
        &format!("{model}/results_2026-11-23T10-00-00.1.json"),
        "{}",
    );
    let collection = Collection::read(folder.path()).unwrap();
    let german = &collection
        .get("org/model", Task::named("xgeo").unwrap(), &code("de"))
        .unwrap()[0];
    assert_eq!(
        *german,
        Prediction {
            item_id: "xgeo-Q1726".to_owned(),
            cluster_id: "Q980".to_owned(),
            scores: Some(vec![-2.5, -0.5, -4.0, -9.0]),
            answer: Answer::Choice(1),
            response: None,
            label: 1,
            item_sha256: None,
            prompt_sha256: None,
        },
        "the newest run counts"
    );
    assert_eq!(
        collection.notices(),
        ["not read: org__model/samples_xgeo_de_2026-11-22T10-00-00.1.jsonl (there is a newer run)"]
    );
    let chinese = &collection
        .get("org/model", Task::named("xgeo").unwrap(), &code("zh"))
        .unwrap()[0];
    assert_eq!(chinese.answer, Answer::Choice(0));

    write(
        folder.path(),
        &format!("{model}/samples_xgeo_pl_2026-11-23T10-00-00.1.jsonl"),
        texts.replace("\"target\": \"1\"", "\"target\": \"4\""),
    );
    let error = Collection::read(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("is neither a position nor a letter among 4 choices"),
        "{error}"
    );
}

#[test]
fn a_sample_has_as_many_scores_as_choices() {
    let many = format!("[{}]", vec!["[-1, 0]"; 300].join(", "));
    for (responses, problem) in [
        (
            "[[-1, 0], [-1, 0], [-1, 0], [-1, 0], [-1, 0], [-1, 0], [-1, 0], [-1, 0]]",
            "`filtered_resps` has 8 entries, and xgeo has 4 choices",
        ),
        (
            many.as_str(),
            "`filtered_resps` has 300 entries, and xgeo has 4 choices",
        ),
        (
            r#"[[-1, 0], ["nan", 0], [-1, 0], [-1, 0]]"#,
            "the log-probability NaN is not finite",
        ),
        (
            r#"[[-1, 0], ["-inf", 0], [-1, 0], [-1, 0]]"#,
            "the log-probability -inf is not finite",
        ),
        (
            r#"["A", "B", "C", "D"]"#,
            "`filtered_resps` holds no log-probabilities",
        ),
    ] {
        let (_folder, read) = samples(&[("m/samples_xgeo_de.jsonl", sample("1", responses))]);
        let error = read.unwrap_err();
        assert!(error.to_string().starts_with(problem), "{error}");
        assert!(
            error.to_string().ends_with("samples_xgeo_de.jsonl:1"),
            "{error}"
        );
        assert!(
            error
                .help()
                .unwrap()
                .to_string()
                .contains("acc_mutual_info doubles")
        );
    }
}

#[test]
fn scores_and_labels_of_a_sample_can_be_right() {
    let doc = |more: &str| sample("1", FOUR).replace("\"cluster_id\"", more);
    let three = doc(r#""choices": ["a", "b", "c"], "cluster_id""#);
    for (line, problem) in [
        // exp(0) + exp(0) + exp(-2) + exp(-2), as findings/lm-eval-merged-letter.sh prints them.
        (
            sample("1", "[[0, 0], [0, 0], [-2, 0], [-2, 0]]"),
            "the choices' probabilities add up to 2.271, and 1 is the most",
        ),
        // exp(-0.5) + 3 exp(-2)
        (
            sample("1", "[[-0.5, 0], [-2, 0], [-2, 0], [-2, 0]]"),
            "the choices' probabilities add up to 1.013, and 1 is the most",
        ),
        (
            sample("1", "[[-3, 0], [0.7, 0], [-2, 0], [-2, 0]]"),
            "the log-probability 0.7 is above 0",
        ),
        (
            three,
            "`filtered_resps` has 4 entries, and `doc` has 3 choices",
        ),
        (
            doc(r#""label": 2, "cluster_id""#),
            "`target` is 1, and the `label` of `doc` is 2",
        ),
        (
            doc(r#""label": "B.", "cluster_id""#),
            "`target` is 1, and the `label` of `doc` is \"B.\"",
        ),
    ] {
        let (_folder, read) = samples(&[("m/samples_xgeo_de.jsonl", line)]);
        let error = read.unwrap_err().to_string();
        assert!(error.starts_with(problem), "{error}");
        assert!(error.ends_with("samples_xgeo_de.jsonl:1"), "{error}");
    }
    // Rounded probabilities, and labels that say the same in another way.
    for line in [
        sample("1", "[[0.0001, 0], [-9, 0], [-9, 0], [-9, 0]]"),
        doc(r#""label": 1, "choices": ["a", "b", "c", "d"], "cluster_id""#),
        doc(r#""label": "B", "cluster_id""#),
    ] {
        let (_folder, read) = samples(&[("m/samples_xgeo_de.jsonl", line)]);
        assert!(read.is_ok(), "{read:?}");
    }
}

#[test]
fn the_target_is_a_position_or_a_letter() {
    for (target, label) in [("2", 2), (r#""2""#, 2), (r#""C""#, 2), (r#""A""#, 0)] {
        let (_folder, read) = samples(&[("m/samples_xgeo_de.jsonl", sample(target, FOUR))]);
        let collection = read.unwrap();
        let predictions = collection
            .get("m", Task::named("xgeo").unwrap(), &code("de"))
            .unwrap();
        assert_eq!(predictions[0].label, label, "{target}");
    }
    for target in ["4", "-1", "1.5", r#""E""#, r#""Bayern""#, "null"] {
        let (_folder, read) = samples(&[("m/samples_xgeo_de.jsonl", sample(target, FOUR))]);
        let error = read.unwrap_err().to_string();
        assert!(
            error.contains("is neither a position nor a letter among 4 choices"),
            "{error}"
        );
    }
}

#[test]
fn the_newest_run_counts_wherever_it_lies() {
    let old = "z/m/samples_xgeo_de_2026-11-22T10-00-00.1.jsonl";
    let new = "a/m/samples_clika_xgeo_de_2026-11-23T10-00-00.1.jsonl";
    let (_folder, read) = samples(&[
        (old, sample("1", FOUR)),
        (new, sample("1", "[[-1, 0], [-2, 0], [-3, 0], [-4, 0]]")),
    ]);
    let collection = read.unwrap();
    let predictions = collection
        .get("m", Task::named("xgeo").unwrap(), &code("de"))
        .unwrap();
    assert_eq!(predictions[0].answer, Answer::Choice(0));
    assert_eq!(
        collection.notices(),
        [format!("not read: {old} (there is a newer run)")]
    );
    // Of files with the same time, none is the newest.
    let (_folder, read) = samples(&[
        ("a/m/samples_xgeo_de_2026.jsonl", sample("1", FOUR)),
        ("b/m/samples_xgeo_de_2026.jsonl", sample("1", FOUR)),
    ]);
    let error = read.unwrap_err().to_string();
    assert!(
        error.starts_with("two files contain m on xgeo in de\n"),
        "{error}"
    );
    assert!(
        error.contains("/a/m/") && error.contains("/b/m/"),
        "{error}"
    );
}

#[test]
fn what_is_not_read_is_noted() {
    let (_folder, read) = samples(&[
        (
            "m/samples_xgeo_de.jsonl",
            sample("1", FOUR).replace("cluster_id", "c"),
        ),
        ("m/samples_arc_easy_2026.jsonl", sample("1", FOUR)),
        ("m/samples_xgeo_2026-11-23.jsonl", sample("1", FOUR)),
        ("m/samples_xgeo_de_hard_2026.jsonl", sample("1", FOUR)),
        ("m/stray.parquet", String::new()),
    ]);
    let collection = read.unwrap();
    assert_eq!(collection.iter().count(), 1);
    let notices = collection.notices();
    for start in [
        "not read: m/samples_arc_easy_2026.jsonl (the name holds no task of ours)",
        "not read: m/samples_xgeo_2026-11-23.jsonl (no language follows xgeo",
        "not read: m/samples_xgeo_de_hard_2026.jsonl (`hard_2026` after the language",
        "not read: m/stray.parquet (no manifest",
        "m: `doc` has no `cluster_id` in 1 of its files, such as m/samples_xgeo_de.jsonl",
    ] {
        assert!(
            notices.iter().any(|notice| notice.starts_with(start)),
            "{start}\n{notices:?}"
        );
    }
    assert_eq!(notices.len(), 5);

    // With nothing to read the error says what was seen.
    let (_folder, read) = samples(&[("m/samples_arc_easy_2026.jsonl", sample("1", FOUR))]);
    let error = read.unwrap_err().to_string();
    assert!(
        error.contains("\n   not read: m/samples_arc_easy"),
        "{error}"
    );
}

#[test]
fn a_document_of_ours_tells_which_question_was_asked() {
    let question = r#""question": "In welcher Region liegt „Nürnberg\"?", "relation": "division", "choices": ["Bayern", "Hessen", "Sachsen", "Tirol"], "cluster_id""#;
    let line = sample("1", FOUR).replace("\"cluster_id\"", question);
    let (_folder, read) = samples(&[
        ("m/samples_xgeo_de.jsonl", line),
        ("old/samples_xgeo_de.jsonl", sample("1", FOUR)),
    ]);
    let collection = read.unwrap();
    let hash = |model: &str| {
        let predictions = collection
            .get(model, Task::named("xgeo").unwrap(), &code("de"))
            .unwrap();
        predictions[0].item_sha256.clone()
    };
    // hashlib.sha256(json.dumps([None, question, "division", choices], ensure_ascii=False, separators=(",", ":")).encode())
    assert_eq!(
        hash("m").as_deref(),
        Some("ee29fb65b75b8c391520da30d528f182f0958ae7f7b00ec1343ea0637eb6a7f3")
    );
    assert_eq!(hash("old"), None);
    assert_eq!(collection.unverified(), ["old"]);
}
