//! Chat templates against what transformers' `apply_chat_template` gave: `reference.py` wrote fixtures/chat.json.

#![allow(clippy::unwrap_used)]

mod model;

use clika_tokenizer::{Message, Tokenizer, TokenizerError};
use serde_json::{Value, json};
use std::error::Error;

fn messages(conversation: &Value) -> Vec<Message> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    conversation
        .as_array()
        .unwrap()
        .iter()
        .map(|message| Message {
            role: text(&message["role"]),
            content: text(&message["content"]),
        })
        .collect()
}

fn tokenizer(settings: &Value) -> Result<Tokenizer, TokenizerError> {
    let files = json!({"tokenizer.json": "qwen2.json"});
    Tokenizer::load(model::folder(&files, settings).path())
}

#[test]
fn every_template_as_the_reference() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/chat.json")).unwrap();
    let (mut texts, mut errors) = (0, 0);
    for case in fixture["templates"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let tokenizer = tokenizer(&json!({"tokenizer_config.json": case["settings"]})).unwrap();
        let template = tokenizer.chat_template().unwrap();
        for render in case["renders"].as_array().unwrap() {
            let number = usize::try_from(render["conversation"].as_u64().unwrap()).unwrap();
            let found = template.render(
                &messages(&fixture["conversations"][number]),
                render["add_generation_prompt"].as_bool().unwrap(),
            );
            match render["text"].as_str() {
                Some(text) => {
                    assert_eq!(found.unwrap(), text, "{name}, conversation {number}");
                    texts += 1;
                }
                None => {
                    let error = found.unwrap_err();
                    // The words of Python's own errors are Python's; what a template raises is the template's.
                    if name != "mistaken" {
                        let message = error.source().unwrap().to_string();
                        let expected = render["error"].as_str().unwrap();
                        assert!(message.contains(expected), "{message}, not {expected}");
                    }
                    errors += 1;
                }
            }
        }
    }
    // Ten renders each of seven templates; two refuse some conversations, one all.
    assert_eq!((texts, errors), (54, 16));
}

#[test]
fn the_file_wins_over_the_config_and_default_over_other_names() {
    let named = json!([
        {"name": "tool_use", "template": "tools"},
        {"name": "default", "template": "the default"},
    ]);
    let config = json!({"tokenizer_config.json": {"chat_template": named}});
    let files = json!({"tokenizer.json": "qwen2.json"});
    let folder = model::folder(&files, &config);
    let render = || {
        let tokenizer = Tokenizer::load(folder.path()).unwrap();
        tokenizer
            .chat_template()
            .unwrap()
            .render(&[], true)
            .unwrap()
    };
    assert_eq!(render(), "the default");
    // Jinja drops one newline at the end.
    std::fs::write(folder.path().join("chat_template.jinja"), "the file\n").unwrap();
    assert_eq!(render(), "the file");
}

#[test]
fn several_templates_without_a_default_are_refused() {
    let named = json!([{"name": "tool_use", "template": "x"}, {"name": "rag", "template": "y"}]);
    let error = tokenizer(&json!({"tokenizer_config.json": {"chat_template": named}})).unwrap_err();
    let message = error.to_string();
    assert!(
        message.ends_with("has the chat templates tool_use, rag, and none is called `default`"),
        "{message}"
    );
}

#[test]
fn a_template_that_is_none_says_where() {
    let config = json!({"chat_template": "fine\n{% for x in %}"});
    let tokenizer = tokenizer(&json!({"tokenizer_config.json": config})).unwrap();
    let error = tokenizer
        .chat_template()
        .unwrap()
        .render(&[], false)
        .unwrap_err();
    assert!(
        error.to_string().ends_with("tokenizer_config.json fails"),
        "{error}"
    );
    let source = error.source().unwrap().to_string();
    assert!(source.contains("chat_template:2"), "{source}");
}

#[test]
fn today_is_written_as_asked() {
    let config = json!({"chat_template": "{{ strftime_now('%Y') }}|{{ strftime_now('%d %b') }}"});
    let tokenizer = tokenizer(&json!({"tokenizer_config.json": config})).unwrap();
    let text = tokenizer
        .chat_template()
        .unwrap()
        .render(&[], false)
        .unwrap();
    let (year, day) = text.split_once('|').unwrap();
    assert!(
        year.len() == 4 && year.parse::<u32>().unwrap() > 2024,
        "{text}"
    );
    let (day, month) = day.split_once(' ').unwrap();
    assert!((1..=31).contains(&day.parse::<u32>().unwrap()), "{text}");
    assert!(month.len() == 3 && month.is_ascii(), "{text}");
}
