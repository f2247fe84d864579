//! Rows become the tokens that another program gives for their texts: Hugging Face's tokenizers 0.23.3 encoded them.

#![allow(clippy::unwrap_used)]

use clika_base::types::NoProgress;
use clika_checkpoint::tokenizer::TemplateVariables;
use clika_datasets::{FictionalRow, RowKind};
use clika_evaluate::{EvaluateError, GenerationLimits, LocalModel};
use clika_finetune::{example, row_prompt};
use clika_lm::{DeviceChoice, GenerationConfig, Generator};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

fn pipeline() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn fixture() -> PathBuf {
    pipeline().join("lm/tests/fixtures/llama-tokenizer")
}

fn load(folder: &Path, format: &str) -> Result<LocalModel, EvaluateError> {
    LocalModel::load(
        folder,
        "llama-tokenizer",
        (Some(format), &pipeline().join("../templates/formats")),
        &DeviceChoice::Cpu.device().unwrap(),
        None,
        &NoProgress,
    )
}

fn model(format: &str) -> LocalModel {
    load(&fixture(), format).unwrap()
}

/// The fixture's model in a folder of its own with further files.
fn with(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(fixture()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn end_tokens(model: &LocalModel) -> Vec<u32> {
    model.ends().unwrap().tokens.iter().copied().collect()
}

fn row(prompt: &str, query: &str, response: &str) -> FictionalRow {
    FictionalRow {
        id: "row".to_owned(),
        kind: RowKind::Qa,
        language: "en".to_owned(),
        relation: None,
        entity: "place-000".to_owned(),
        template: 1,
        type_: None,
        prompt: prompt.to_owned(),
        query: query.to_owned(),
        response: response.to_owned(),
        answer: response.to_owned(),
        choices: None,
        label: None,
    }
}

/// BOS, and Alpaca's text up to the instruction.
const OPENING: [u32; 96] = [
    1, 36, 71, 78, 81, 89, 285, 223, 67, 80, 223, 75, 267, 86, 84, 87, 69, 288, 268, 277, 223, 70,
    278, 69, 84, 75, 68, 278, 223, 67, 262, 67, 85, 77, 16, 223, 57, 84, 75, 86, 71, 223, 67, 223,
    84, 278, 82, 265, 85, 71, 268, 277, 223, 67, 82, 82, 84, 81, 82, 84, 75, 277, 71, 78, 91, 282,
    81, 79, 82, 78, 71, 86, 278, 287, 223, 279, 83, 87, 278, 86, 16, 201, 201, 5, 5, 5, 223, 43,
    267, 86, 84, 87, 69, 288, 28, 201,
];
/// `\n\n### Response:\n`.
const RESPONSE: [u32; 14] = [201, 201, 5, 5, 5, 223, 52, 278, 82, 265, 85, 71, 28, 201];

/// The prompt around the tokens of an instruction.
fn alpaca(instruction: &[u32]) -> Vec<u32> {
    [&OPENING, instruction, &RESPONSE].concat()
}

#[test]
fn a_question_in_alpacas_format() {
    let model = model("alpaca");
    let row = row("Which one is it?", "", "The other one.");
    let example = example(&model, " ", &row).unwrap();
    // Which, one, is, it, ?
    let prompt = alpaca(&[293, 299, 290, 285, 223, 75, 86, 33]);
    // A space, The other one., and the end of the sequence, which is learned too.
    let answer = [223, 292, 71, 272, 86, 74, 269, 290, 16, 2];
    assert_eq!(example.answer, 118);
    assert_eq!(example.tokens[..118], prompt);
    assert_eq!(example.tokens[118..], answer);
    // What the model is asked with later.
    assert_eq!(model.encode(&row_prompt(&row), "").unwrap(), prompt);
}

#[test]
fn a_name_to_translate_stands_on_a_line_of_its_own() {
    let row = row("In {source}:", "Oz", "Oz-Tal");
    assert_eq!(row_prompt(&row), "In {source}:\nOz");
    let example = example(&model("alpaca"), " ", &row).unwrap();
    let prompt = alpaca(&[43, 80, 223, 93, 85, 81, 280, 69, 71, 95, 28, 201, 49, 92]);
    assert_eq!(example.tokens[..example.answer], prompt);
    assert_eq!(
        example.tokens[example.answer..],
        [223, 49, 92, 15, 54, 67, 78, 2]
    );
}

#[test]
fn a_template_of_the_models_own_says_what_stands_around_the_answer() {
    // `<s>[INST] … [/INST]` and ` … </s>`.
    let row = row("Which one is it?", "", "The other one.");
    let example = example(&model("own"), "not looked at", &row).unwrap();
    assert_eq!(
        example.tokens[..example.answer],
        [
            1, 61, 43, 48, 53, 54, 63, 223, 293, 299, 290, 285, 223, 75, 86, 33, 223, 61, 17, 43,
            48, 53, 54, 63
        ]
    );
    assert_eq!(
        example.tokens[example.answer..],
        [223, 292, 71, 272, 86, 74, 269, 290, 16, 223, 2]
    );
}

#[test]
fn an_answer_that_would_grow_together_with_the_prompt_stays_apart() {
    // `The` is `Th` and `e`; the model is asked with `T`, and so is trained with it.
    let example = example(&model("none"), "", &row("T", "", "he")).unwrap();
    assert_eq!(example.answer, 2);
    assert_eq!(example.tokens, [1, 54, 74, 71, 2]);
}

/// A template whose turns end with `end`.
fn ending(end: &str) -> String {
    "{% for m in messages %}{{ 'Q' if m.role == 'user' else '' }}{{ m.content }}{{ 'A' if m.role == 'user' else '"
        .to_owned()
        + end
        + "' }}{% endfor %}"
}

#[test]
fn an_answer_ends_where_the_template_ends_it_in_training_and_in_writing() {
    // The tokenizer's end is </s>, 2; the template's is <unk>, 0, and the line's end belongs to the next turn.
    let folder = with(&[("chat_template.jinja", &ending("<unk>\\n"))]);
    let model = load(folder.path(), "own").unwrap();
    let turn = model.encode_turn("x", "", "The other one.").unwrap();
    assert_eq!(turn.end, [0]);
    assert_eq!(end_tokens(&model), [0, 2]);
    // config.json names 2 only, so that a trained model has to be given a generation_config.json of both.
    assert_eq!(model.unnamed_ends().unwrap(), Some(&[0, 2].into()));
    assert_eq!(self::model("own").unnamed_ends().unwrap(), None);
    assert!(model.ends().unwrap().texts.is_empty());
    // An end without a token of its own is a text, trained as a whole.
    let folder = with(&[("chat_template.jinja", &ending("##"))]);
    let model = load(folder.path(), "own").unwrap();
    let turn = model.encode_turn("x", "", "The other one.").unwrap();
    assert_eq!(turn.end, [5, 5]);
    assert_eq!(end_tokens(&model), [2]);
    assert_eq!(model.ends().unwrap().texts, ["##"]);
}

/// The rule names both; `bos_token` is the first of them.
#[test]
fn a_prompt_begins_with_all_that_the_tokenizer_puts_before_a_text() {
    let tokenizer = fs::read_to_string(fixture().join("tokenizer.json")).unwrap();
    let mut tokenizer: serde_json::Value = serde_json::from_str(&tokenizer).unwrap();
    let token = |id: &str| serde_json::json!({"SpecialToken": {"id": id, "type_id": 0}});
    let rule = &mut tokenizer["post_processor"];
    let text = rule["single"][1].clone();
    rule["single"] = vec![token("<s>"), token("<unk>"), text, token("</s>")].into();
    for (name, id) in [("<unk>", 0), ("</s>", 2)] {
        rule["special_tokens"][name] =
            serde_json::json!({"id": name, "ids": [id], "tokens": [name]});
    }
    let folder = with(&[("tokenizer.json", &tokenizer.to_string())]);
    let model = load(folder.path(), "none").unwrap();
    // `#` is 5.
    assert_eq!(model.encode("#", "").unwrap(), [1, 0, 5]);
    assert_eq!(model.encode_turn("#", "", "#").unwrap().prompt, [1, 0, 5]);
    assert_eq!(self::model("none").encode("#", "").unwrap(), [1, 5]);
}

#[test]
fn the_ends_of_generation_config_stand_beside_the_tokenizers() {
    let ends = |files: &[(&str, &str)]| {
        let folder = with(files);
        load(folder.path(), "alpaca").map(|model| end_tokens(&model))
    };
    let name = "generation_config.json";
    assert_eq!(
        ends(&[(name, r#"{"eos_token_id": [7, 2, 9]}"#)]).unwrap(),
        [2, 7, 9]
    );
    assert_eq!(ends(&[(name, r#"{"eos_token_id": 7}"#)]).unwrap(), [2, 7]);
    assert_eq!(ends(&[(name, r#"{"eos_token_id": null}"#)]).unwrap(), [2]);
    assert_eq!(ends(&[(name, "{}")]).unwrap(), [2]);
    assert_eq!(ends(&[(name, r#"{"eos_token_id": -1}"#)]).unwrap(), [2]);
    // Without the file transformers takes the model's own, which is </s> here as well.
    assert_eq!(ends(&[]).unwrap(), [2]);
    let config = fs::read_to_string(fixture().join("config.json")).unwrap();
    let config = config.replace("\"eos_token_id\": 2", "\"eos_token_id\": 8");
    assert_eq!(ends(&[("config.json", &config)]).unwrap(), [2, 8]);
    let error = ends(&[(name, r#"{"eos_token_id": "</s>"}"#)]).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("generation_config.json does not say what ends an answer"),
        "{error}"
    );
}

/// The neutral values are transformers' own defaults, which its older versions wrote into every file.
#[test]
fn settings_that_change_what_transformers_writes_are_named() {
    let ignored = |content: &str| {
        let folder = with(&[("generation_config.json", content)]);
        let model = load(folder.path(), "none").unwrap();
        let stop = model.ends().unwrap().texts.clone();
        (model.generation_ignored().to_vec(), stop)
    };
    let none = (Vec::<String>::new(), Vec::<String>::new());
    assert_eq!(ignored("{}"), none);
    let neutral = r#"{"repetition_penalty": 1.0, "encoder_repetition_penalty": 1, "no_repeat_ngram_size": 0, "min_length": 0,
        "min_new_tokens": null, "num_beams": 1, "bad_words_ids": null, "suppress_tokens": [], "forced_eos_token_id": null,
        "guidance_scale": 1.0, "stop_strings": null, "length_penalty": 1.0}"#;
    assert_eq!(ignored(neutral), none);
    // What is drawn by chance is not asked for here.
    let sampling =
        r#"{"do_sample": true, "temperature": 0.6, "top_k": 20, "top_p": 0.95, "min_p": 0.1}"#;
    assert_eq!(ignored(sampling), none);
    for (name, value) in [
        ("repetition_penalty", "1.1"),
        ("no_repeat_ngram_size", "3"),
        ("encoder_repetition_penalty", "1.2"),
        ("encoder_no_repeat_ngram_size", "2"),
        ("suppress_tokens", "[0]"),
        ("begin_suppress_tokens", "[5]"),
        ("bad_words_ids", "[[7]]"),
        ("sequence_bias", "[[[7], -1.0]]"),
        ("min_length", "4"),
        ("min_new_tokens", "10"),
        ("forced_bos_token_id", "1"),
        ("forced_eos_token_id", "2"),
        ("num_beams", "4"),
        ("guidance_scale", "1.5"),
        ("exponential_decay_length_penalty", "[5, 1.1]"),
    ] {
        let content = format!("{{\"{name}\": {value}}}");
        assert_eq!(ignored(&content), (vec![name.to_owned()], vec![]), "{name}");
    }
    let stop = |content: &str| ignored(content).1;
    assert_eq!(stop(r#"{"stop_strings": "Q:"}"#), ["Q:"]);
    assert_eq!(stop(r#"{"stop_strings": ["Q:", "A:"]}"#), ["Q:", "A:"]);
}

#[test]
fn a_text_goes_no_further_than_any_end() {
    let model = model("none");
    let prompts = [model.encode("Which one is it?", "").unwrap()];
    let limits = GenerationConfig {
        max_new_tokens: 12,
        stop_tokens: Vec::new(),
        batch_tokens: 1024,
        batch_size: 1,
    };
    let mut endless = Generator::new(&model.decoder, &prompts, limits, &|_| false).unwrap();
    let (_, tokens) = endless.next().unwrap().unwrap().remove(0);
    assert_eq!(tokens.len(), 12);
    // Any of the tokens as an end: the text is what stands before the first of it.
    for end in &tokens {
        let place = tokens.iter().position(|token| token == end).unwrap();
        let folder = with(&[(
            "generation_config.json",
            &format!("{{\"eos_token_id\": [2, {end}]}}"),
        )]);
        let model = load(folder.path(), "none").unwrap();
        let writing = GenerationLimits {
            max_tokens: 12,
            batch_tokens: 1024,
        };
        let mut texts = Vec::new();
        model
            .write(&model.decoder, &prompts, Vec::new(), writing, |batch| {
                texts.extend(batch);
                Ok::<(), EvaluateError>(())
            })
            .unwrap();
        let expected = model.tokenizer.decode(&tokens[..place]).unwrap();
        assert_eq!(texts, [(0, expected)], "{end} of {tokens:?}");
    }
}

#[test]
fn template_variables_change_what_is_read_and_how_it_ends() {
    let template = ending("<unk>").replace("'A'", "('A' if think else 'B')");
    let folder = with(&[("chat_template.jinja", &template)]);
    let mut model = load(folder.path(), "own").unwrap();
    let thinking = |value: bool| TemplateVariables::from([("think".to_owned(), value.into())]);
    let without = model.encode("x", "").unwrap();
    model.set_variables(&thinking(false)).unwrap();
    assert_eq!(model.encode("x", "").unwrap(), without);
    model.set_variables(&thinking(true)).unwrap();
    // Q, x and A instead of B: 35 is A, and 36 is B.
    let with_a = model.encode("x", "").unwrap();
    assert_eq!((with_a.last(), without.last()), (Some(&35), Some(&36)));
    let other = TemplateVariables::from([("thinks".to_owned(), true.into())]);
    let error = model.set_variables(&other).unwrap_err().to_string();
    assert!(
        error.contains("`thinks`") && error.ends_with("is not used by it"),
        "{error}"
    );
    let error = self::model("alpaca").set_variables(&other).unwrap_err();
    assert_eq!(
        error.to_string(),
        "template variables are for the model's own chat template, and format `alpaca` has none"
    );
}
