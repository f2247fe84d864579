//! The paper's release.

use super::*;

#[test]
fn reads_the_release_as_it_lies_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    release(folder.path());
    let collection = Collection::read(folder.path()).unwrap();
    assert_eq!(
        collection.models().into_iter().collect::<Vec<_>>(),
        ["chatgpt", "llama_13b"]
    );
    let german = collection
        .get("llama_13b", Task::named("xpeo").unwrap(), &code("de"))
        .unwrap();
    let answers: Vec<_> = german.iter().map(|prediction| prediction.answer).collect();
    assert_eq!(
        answers,
        [
            Answer::Choice(1),
            Answer::Choice(2),
            Answer::Choice(1),
            Answer::Invalid
        ]
    );
    // Item 0 and item 2 of four are the birth and the death of one person.
    let clusters: Vec<_> = german
        .iter()
        .map(|prediction| prediction.cluster_id.as_str())
        .collect();
    assert_eq!(clusters, ["0", "1", "0", "1"]);
    assert_eq!(german[2].response.as_deref(), Some("B. 1756"));
    assert_eq!(
        collection.missing(&[]),
        [PredictionKey {
            model: "chatgpt".to_owned(),
            task: Task::named("xpeo").unwrap(),
            language: code("de")
        }]
    );
}

/// Spoils a file of the release; the error as a person sees it.
fn error_after(file: &str, spoil: impl FnOnce(Vec<u8>) -> Vec<u8>) -> String {
    let folder = tempfile::tempdir().unwrap();
    release(folder.path());
    let path = folder.path().join(file);
    let content = spoil(fs::read(&path).unwrap());
    fs::write(&path, content).unwrap();
    let error = Collection::read(folder.path()).unwrap_err();
    let hint = error.help().unwrap();
    format!("{error}\nhint: {hint}").replace(&folder.path().display().to_string(), "release")
}

#[test]
fn a_line_that_is_no_json() {
    insta::assert_snapshot!(error_after(FILE, replace("{\"id\": 2", "\"id\": 2")), @r#"
    invalid type: string "id", expected an object
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl:3
    hint: each line is an object with `id`, `res` (the answer) and `label` (the right letter)
    "#);
}

#[test]
fn a_line_that_breaks_off() {
    let cut = |bytes: Vec<u8>| bytes[..bytes.len() - 20].to_vec();
    insta::assert_snapshot!(error_after(FILE, cut), @r#"
    the line is not JSON: EOF while parsing a string, column 42
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl:4
    hint: each line is an object with `id`, `res` (the answer) and `label` (the right letter)
    "#);
}

#[test]
fn a_missing_field() {
    insta::assert_snapshot!(error_after(FILE, replace("\"res\": \"C.\", ", "")), @r#"
    missing field `res`
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl:2
    hint: each line is an object with `id`, `res` (the answer) and `label` (the right letter)
    "#);
}

#[test]
fn a_label_outside_the_choices() {
    insta::assert_snapshot!(error_after(FILE, replace("\"label\": \"B\"", "\"label\": \"E\"")), @r#"
    `E` is not a choice of xpeo
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl:1
    hint: `label` must be one of the first 4 letters
    "#);
}

#[test]
fn files_of_unequal_length() {
    let first_three = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        text.lines()
            .take(3)
            .fold(String::new(), |text, line| text + line + "\n")
            .into_bytes()
    };
    insta::assert_snapshot!(error_after(FILE, first_three), @r#"
    item 3 is missing in release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl, which has 3 items; the other file has 4
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl
       release/x_name/en/chatgpt_res.jsonl
    hint: all files of a task have the same items, in any order, with equal labels and clusters
    "#);
}

#[test]
fn another_right_choice() {
    insta::assert_snapshot!(error_after(FILE, replace("\"label\": \"B\"", "\"label\": \"A\"")), @r#"
    the right choice of item 0 is number 0 in the first file, 1 in the second
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl
       release/x_name/en/chatgpt_res.jsonl
    hint: all files of a task have the same items, in any order, with equal labels and clusters
    "#);
}

#[test]
fn an_item_twice() {
    insta::assert_snapshot!(error_after(FILE, replace("\"id\": 3", "\"id\": 1")), @r#"
    item 1 occurs twice
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl:4
    hint: every item once
    "#);
}

#[test]
fn an_empty_file() {
    insta::assert_snapshot!(error_after(FILE, |_| Vec::new()), @r#"
    the file is empty
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl:1
    hint: each line is an object with `id`, `res` (the answer) and `label` (the right letter)
    "#);
}

#[test]
fn an_empty_line() {
    insta::assert_snapshot!(error_after(FILE, replace("\n", "\n\n")), @r#"
    the line is not JSON: EOF while parsing a value, column 0
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl:2
    hint: each line is an object with `id`, `res` (the answer) and `label` (the right letter)
    "#);
}

#[test]
fn mixed_encodings() {
    let latin_1 = |bytes: Vec<u8>| {
        let at = bytes.windows(4).position(|four| four == b"1756").unwrap();
        let mut bytes = bytes;
        bytes[at] = 0xFC;
        bytes
    };
    insta::assert_snapshot!(error_after(FILE, latin_1), @r#"
    byte 38 of the line is not UTF-8
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl:3
    hint: UTF-8 throughout; the file may mix encodings
    "#);
}

#[test]
fn a_folder_that_is_no_language() {
    let folder = tempfile::tempdir().unwrap();
    release(folder.path());
    fs::create_dir(folder.path().join("x_name/old results")).unwrap();
    let error = Collection::read(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("`old results` is not a language code"),
        "{error}"
    );
}

#[test]
fn the_release_notes_what_it_leaves_aside() {
    let folder = tempfile::tempdir().unwrap();
    let line = "{\"id\": 0, \"res\": \"A\", \"label\": \"A\"}\n";
    write(folder.path(), "x_geo/en/m_res.jsonl", line);
    write(folder.path(), "x_geo/en/m_res_fp8.jsonl", line);
    write(folder.path(), "x_geo/.git/m_res.jsonl", line);
    write(folder.path(), "x_geo/en/.m_res.jsonl", line);
    let notices = Collection::read(folder.path()).unwrap().notices().to_vec();
    assert_eq!(
        notices,
        [
            "x_geo: no en/en_geo_data.jsonl, so that every item is drawn on its own",
            "not read: x_geo/en/m_res_fp8.jsonl (a file of answers ends in \
             _res_bf16_add_simple_example.jsonl or _res.jsonl)",
        ]
    );

    // With the file, an item that it lacks is an error.
    let questions = "x_geo/en/en_geo_data.jsonl";
    write(
        folder.path(),
        questions,
        "{\"id\": 1, \"answers\": [\"Bavaria\"], \"label\": 0}\n",
    );
    let error = Collection::read(folder.path()).unwrap_err().to_string();
    assert!(
        error.starts_with("item 0 is not in en/en_geo_data.jsonl")
            && error.ends_with("m_res.jsonl:1"),
        "{error}"
    );
}
