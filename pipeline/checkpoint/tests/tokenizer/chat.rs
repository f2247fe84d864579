//! Chat templates against what transformers' `apply_chat_template` gave: `reference.py` wrote fixtures/chat.json.

#![allow(clippy::unwrap_used)]

use crate::model;

use clika_checkpoint::tokenizer::{
    ChatTemplate, JinjaErrorKind, Message, TemplateVariables, Tokenizer, TokenizerError,
};
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
            let variables: TemplateVariables = match render.get("variables") {
                Some(variables) => serde_json::from_value(variables.clone()).unwrap(),
                None => TemplateVariables::new(),
            };
            let found = template.render(
                &messages(&fixture["conversations"][number]),
                render["add_generation_prompt"].as_bool().unwrap(),
                &variables,
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
    // Ten renders each of nine templates, thirty of one with variables; two refuse some conversations, one all.
    assert_eq!((texts, errors), (94, 16));
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
            .render(&[], true, &TemplateVariables::new())
            .unwrap()
    };
    assert_eq!(render(), "the default");
    // Jinja drops one newline at the end.
    std::fs::write(folder.path().join("chat_template.jinja"), "the file\n").unwrap();
    assert_eq!(render(), "the file");
}

#[test]
fn several_templates_without_a_default_are_refused_where_one_is_needed() {
    let list = json!([{"name": "tool_use", "template": "x"}, {"name": "rag", "template": "y"}]);
    let map = json!({"tool_use": "x", "rag": "y"});
    for (named, names) in [(list, "tool_use, rag"), (map, "rag, tool_use")] {
        let settings = json!({"tokenizer_config.json": {"chat_template": named}});
        // What needs no template works, as in transformers.
        let tokenizer = tokenizer(&settings).unwrap();
        assert!(
            !tokenizer
                .encode("Which one is it?", false)
                .unwrap()
                .is_empty()
        );
        let template = tokenizer.chat_template().unwrap();
        let none = TemplateVariables::new();
        let message = template.render(&[], true, &none).unwrap_err().to_string();
        let end = format!("has the chat templates {names}, and none is called `default`");
        assert!(message.ends_with(&end), "{message}");
    }
}

/// transformers keeps a map as it makes one of a list.
#[test]
fn the_default_of_a_map_is_the_template() {
    let config = json!({"chat_template": {"default": "the default", "rag": "x"}});
    let tokenizer = tokenizer(&json!({"tokenizer_config.json": config})).unwrap();
    let template = tokenizer.chat_template().unwrap();
    let text = template.render(&[], true, &TemplateVariables::new());
    assert_eq!(text.unwrap(), "the default");
}

#[test]
fn a_template_that_is_none_says_where() {
    let config = json!({"chat_template": "fine\n{% for x in %}"});
    let tokenizer = tokenizer(&json!({"tokenizer_config.json": config})).unwrap();
    let error = tokenizer
        .chat_template()
        .unwrap()
        .render(&[], false, &TemplateVariables::new())
        .unwrap_err();
    assert!(
        error.to_string().ends_with("tokenizer_config.json fails"),
        "{error}"
    );
    let source = error.source().unwrap().to_string();
    assert!(source.contains("line 2: "), "{source}");
}

#[test]
fn today_is_written_as_asked() {
    let config = json!({"chat_template": "{{ strftime_now('%Y') }}|{{ strftime_now('%d %b') }}"});
    let tokenizer = tokenizer(&json!({"tokenizer_config.json": config})).unwrap();
    let text = tokenizer
        .chat_template()
        .unwrap()
        .render(&[], false, &TemplateVariables::new())
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

#[test]
fn expressions_are_printed_as_python_prints_them() {
    let fixture: Value = serde_json::from_str(include_str!("expressions.json")).unwrap();
    let variables: TemplateVariables =
        serde_json::from_value(fixture["variables"].clone()).unwrap();
    let conversation = [("user", "Hi"), ("assistant", "Yo")].map(|(role, content)| Message {
        role: role.to_owned(),
        content: content.to_owned(),
    });
    let (mut equal, mut both_fail, mut refused, mut wrong) = (0, 0, 0, Vec::new());
    for case in fixture["cases"].as_array().unwrap() {
        let source = case["template"].as_str().unwrap();
        let template = ChatTemplate::new("expressions".into(), source, []);
        let found = template.render(&conversation, true, &variables);
        match (&found, case["text"].as_str(), case["refused"].as_str()) {
            (Ok(text), Some(expected), None) if text == expected => equal += 1,
            (Err(TokenizerError::Template { source, .. }), _, Some(name))
                if source.kind == JinjaErrorKind::Unsupported && source.message.contains(name) =>
            {
                refused += 1;
            }
            (Err(TokenizerError::Template { source, .. }), None, None)
                if source.kind != JinjaErrorKind::Unsupported =>
            {
                both_fail += 1;
            }
            _ => wrong.push(format!("{source}: {found:?}, not {case}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!((equal, both_fail, refused), (644, 119, 26));
}

#[test]
fn a_template_cannot_exhaust_the_stack() {
    let fails = |source: &str| {
        let template = ChatTemplate::new("deep".into(), source, []);
        let error = template
            .render(&[], true, &TemplateVariables::new())
            .unwrap_err();
        error.source().unwrap().to_string()
    };
    for (open, close) in [("(", ")"), ("[", "]"), ("not ", ""), ("-", ""), ("l[", "]")] {
        let nested = format!("{{{{ {}1{} }}}}", open.repeat(5000), close.repeat(5000));
        assert!(fails(&nested).contains("nests too deep"), "{open}");
    }
    let blocks = "{% if true %}".repeat(5000) + &"{% endif %}".repeat(5000);
    assert!(fails(&blocks).contains("nests too deep"));
    let sum = format!("{{{{ {}1 }}}}", "1 + ".repeat(5000));
    assert!(fails(&sum).contains("maximum recursion depth exceeded"));
    let endless = "{% macro m(n) %}{{ [m(n + 1)] | join }}{% endmacro %}{{ m(0) }}";
    assert!(fails(endless).contains("maximum recursion depth exceeded"));
    // What people write stays well within.
    let sum = format!("{{{{ {}1 }}}}", "1 + ".repeat(200));
    let template = ChatTemplate::new("long".into(), &sum, []);
    assert_eq!(
        template
            .render(&[], true, &TemplateVariables::new())
            .unwrap(),
        "201"
    );
}

#[test]
fn a_variable_that_changes_nothing_is_refused() {
    let source = "{{ messages }}{% if enable_thinking is defined %}x{% endif %}{{ bos_token }}";
    let template = ChatTemplate::new("template".into(), source, []);
    let check = |name: &str, value: Value| {
        let variables = TemplateVariables::from([(name.to_owned(), value)]);
        template
            .check_variables(&variables)
            .map_err(|error| error.to_string())
    };
    assert_eq!(check("enable_thinking", json!(false)), Ok(()));
    // transformers lets a variable stand in for a special token.
    assert_eq!(check("bos_token", json!("<s>")), Ok(()));
    for (name, value, problem) in [
        ("enable_thinkin", json!(false), "is not used by it"),
        ("messages", json!([]), "is set by the conversation itself"),
        ("enable_thinking", json!([{"a": 1}]), "is an object;"),
    ] {
        let error = check(name, value).unwrap_err();
        assert!(
            error.starts_with(&format!(
                "the variable `{name}` for the chat template in template {problem}"
            )),
            "{error}"
        );
    }
}
