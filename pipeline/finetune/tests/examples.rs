//! Rows become the tokens that another program gives for their texts: Hugging Face's tokenizers 0.23.3 encoded them.

#![allow(clippy::unwrap_used)]

use clika_core::NoProgress;
use clika_datasets::{FictionalRow, Kind};
use clika_evaluate::LocalModel;
use clika_finetune::{asked, example};
use clika_lm::DeviceChoice;
use std::path::Path;

fn model(format: &str) -> LocalModel {
    let pipeline = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    LocalModel::load(
        &pipeline.join("lm/tests/fixtures/llama-tokenizer"),
        "llama-tokenizer",
        (Some(format), &pipeline.join("../templates/formats")),
        &DeviceChoice::Cpu.place().unwrap(),
        None,
        &NoProgress,
    )
    .unwrap()
}

fn row(prompt: &str, query: &str, response: &str) -> FictionalRow {
    FictionalRow {
        id: "row".to_owned(),
        kind: Kind::Qa,
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
    assert_eq!(model.encode(&asked(&row), "").unwrap(), prompt);
}

#[test]
fn a_name_to_translate_stands_on_a_line_of_its_own() {
    let row = row("In {source}:", "Oz", "Oz-Tal");
    assert_eq!(asked(&row), "In {source}:\nOz");
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
