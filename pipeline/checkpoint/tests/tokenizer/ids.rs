//! Ids and texts against what transformers and SentencePiece gave: `reference.py` wrote fixtures/ids.json.

#![allow(clippy::unwrap_used)]

use crate::model;

use clika_checkpoint::tokenizer::Tokenizer;
use serde_json::{Value, json};

fn corpus() -> Vec<String> {
    include_str!("corpus.txt")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn ids(value: &Value) -> Option<Vec<u32>> {
    serde_json::from_value(value.clone()).unwrap()
}

/// What is expected for line `n`; `None` where the reference treats special tokens as text.
fn expected(cases: &[Value], case: &Value, n: usize) -> Option<Vec<u32>> {
    let Some(base) = case["base"].as_str() else {
        return ids(&case["ids"][n]);
    };
    match case["ids"].get(n.to_string()) {
        Some(value) => ids(value),
        None => expected(cases, cases.iter().find(|c| c["name"] == base).unwrap(), n),
    }
}

#[test]
fn every_line_of_the_corpus_as_the_reference() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/ids.json")).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    let corpus = corpus();
    let mut compared = 0;
    let mut wrong = Vec::new();
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let folder = model::folder(&case["files"], &case["settings"]);
        let tokenizer = Tokenizer::load(folder.path()).unwrap();
        let id = |value: &Value| value.as_u64().map(|id| u32::try_from(id).unwrap());
        assert_eq!(tokenizer.bos(), id(&case["bos"]), "{name}");
        assert_eq!(tokenizer.eos(), id(&case["eos"]), "{name}");
        assert_eq!(
            tokenizer.vocabulary() as u64,
            case["vocabulary"].as_u64().unwrap(),
            "{name}"
        );
        let (before, after) = (ids(&case["before"]).unwrap(), ids(&case["after"]).unwrap());
        assert_eq!(tokenizer.before_text(), before, "{name}");
        let batch = tokenizer.encode_batch(&corpus, true).unwrap();
        for (n, text) in corpus.iter().enumerate() {
            let Some(expected) = expected(cases, case, n) else {
                continue;
            };
            let found = tokenizer.encode(text, false).unwrap();
            let special = [&before, expected.as_slice(), &after].concat();
            // A null is a text that is not compared.
            let decoded = match case["decoded"].get(n.to_string()) {
                Some(decoded) => decoded.as_str(),
                None => Some(text.as_str()),
            };
            if found != expected {
                wrong.push(format!("{name} {text:?}: {found:?}, not {expected:?}"));
            } else if tokenizer.encode(text, true).unwrap() != special || batch[n] != special {
                wrong.push(format!("{name} {text:?} with special tokens"));
            } else {
                let found = tokenizer.decode(&special).unwrap();
                if decoded.is_some_and(|decoded| decoded != found) {
                    wrong.push(format!("{name} {text:?}: decoded to {found:?}"));
                }
            }
            compared += 1;
        }
        if let Some(beyond) = case.get("beyond") {
            let found = tokenizer.decode(&ids(beyond).unwrap()).unwrap();
            if found != case["beyond_decoded"].as_str().unwrap() {
                wrong.push(format!("{name} ids without a token: {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(cases.len(), 21);
    assert!(compared > 21 * 100, "{compared}");
}

/// A rule that puts tokens around a text, as a tokenizer.json writes it.
fn rule(before: &[(&str, u32)], after: &[(&str, u32)]) -> Value {
    let special = |(name, _): &(&str, u32)| json!({"SpecialToken": {"id": name, "type_id": 0}});
    let text = json!({"Sequence": {"id": "A", "type_id": 0}});
    let pair = [text.clone(), json!({"Sequence": {"id": "B", "type_id": 0}})];
    let single: Vec<Value> = before
        .iter()
        .map(special)
        .chain([text])
        .chain(after.iter().map(special))
        .collect();
    let named = before.iter().chain(after).map(|(name, id)| {
        let token = json!({"id": name, "ids": [id], "tokens": [name]});
        ((*name).to_owned(), token)
    });
    let named: serde_json::Map<String, Value> = named.collect();
    json!({"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": named})
}

/// The ids are those of the rule itself, which [`Tokenizer::before_text`] has whether a file calls them BOS or not.
#[test]
fn all_that_stands_before_a_text_and_nothing_that_stands_after_it() {
    let file = model::fixture("qwen2.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let added = file["added_tokens"].as_array().unwrap();
    let token = |n: usize| {
        let id = added[n]["id"].as_u64().unwrap();
        let name = added[n]["content"].as_str().unwrap();
        (name, u32::try_from(id).unwrap())
    };
    let (one, two) = (token(0), token(1));
    for (before, after, bos) in [
        (vec![], vec![], one.0),
        (vec![one], vec![], one.0),
        (vec![one], vec![], two.0),
        (vec![one, two], vec![], one.0),
        (vec![one], vec![two], one.0),
        (vec![], vec![one], one.0),
    ] {
        let mut file = file.clone();
        file["post_processor"] = rule(&before, &after);
        let config = json!({"bos_token": bos});
        for settings in [
            json!({"tokenizer.json": file.clone(), "tokenizer_config.json": config}),
            json!({"tokenizer.json": file}),
        ] {
            let folder = model::folder(&json!({}), &settings);
            let tokenizer = Tokenizer::load(folder.path()).unwrap();
            let expected: Vec<u32> = before.iter().map(|(_, id)| *id).collect();
            assert_eq!(tokenizer.before_text(), expected, "{before:?} {after:?}");
        }
    }
}

/// New tokens get the ids after the file's 504, the map's first; a list of the same meaning is read alone.
#[test]
fn special_tokens_without_a_name_are_those_of_both_fields() {
    let files = json!({"tokenizer.json": "qwen2.json"});
    let additional = json!(["@@b"]);
    for (extra, expected) in [
        (json!(null), [None, Some(504)]),
        (json!({}), [None, Some(504)]),
        (json!([]), [None, Some(504)]),
        (json!({"eot": "@@a"}), [Some(504), Some(505)]),
        (json!(["@@a"]), [Some(504), None]),
    ] {
        let config =
            json!({"additional_special_tokens": additional, "extra_special_tokens": extra});
        let settings = json!({"tokenizer_config.json": config});
        let tokenizer = Tokenizer::load(model::folder(&files, &settings).path()).unwrap();
        assert_eq!(
            ["@@a", "@@b"].map(|text| tokenizer.id(text)),
            expected,
            "{extra}"
        );
    }
}

/// transformers' class has a rule of its own next to a tokenizer.json of its kind, `false` where nothing is said, but not
/// for the kinds of models whose file it takes as it is.
#[test]
fn gpt2_begins_with_a_space_where_tokenizer_config_says_so() {
    let file = std::fs::read_to_string(model::fixture("qwen2.json")).unwrap();
    let mut file: Value = serde_json::from_str(&file).unwrap();
    let byte_level = |space: bool| json!({"type": "ByteLevel", "add_prefix_space": space, "trim_offsets": true, "use_regex": true});
    for (in_file, said, model_type, expected) in [
        (false, json!(true), "llama", true),
        (true, json!(false), "llama", false),
        (true, json!(null), "llama", false),
        (false, json!(true), "qwen3", true),
        (false, json!(true), "mistral", false),
        (true, json!(null), "mistral", true),
    ] {
        file["pre_tokenizer"] = byte_level(in_file);
        let config = json!({"tokenizer_class": "GPT2TokenizerFast", "add_prefix_space": said});
        let settings = json!({
            "tokenizer.json": file,
            "tokenizer_config.json": config,
            "config.json": {"model_type": model_type},
        });
        let tokenizer = Tokenizer::load(model::folder(&json!({}), &settings).path()).unwrap();
        let first = tokenizer.encode("the", false).unwrap()[0];
        // A space as the byte-level alphabet has it.
        let space = tokenizer.token(first).unwrap().starts_with('\u{120}');
        assert_eq!(space, expected, "{in_file} {said} {model_type}");
    }
}

/// transformers 5.23 leaves the BOS token out here, against its own documentation; see `Tokenizer::load`.
#[test]
fn llama_begins_with_bos_unless_told_otherwise() {
    let files = serde_json::json!({"tokenizer.model": "llama1.model"});
    for (settings, first) in [
        (
            serde_json::json!({"tokenizer_class": "LlamaTokenizer"}),
            Some(1),
        ),
        (
            serde_json::json!({"tokenizer_class": "LlamaTokenizer", "add_bos_token": false}),
            None,
        ),
        (
            serde_json::json!({"tokenizer_class": "BaichuanTokenizer"}),
            None,
        ),
    ] {
        let settings = serde_json::json!({"tokenizer_config.json": settings});
        let tokenizer = Tokenizer::load(model::folder(&files, &settings).path()).unwrap();
        assert_eq!(tokenizer.encode("", true).unwrap().first().copied(), first);
        assert_eq!(tokenizer.bos(), Some(1));
    }
}

#[test]
fn a_token_without_a_row_is_an_error_where_it_is_asked_for() {
    let files = serde_json::json!({"tokenizer.json": "qwen2.json"});
    let settings = serde_json::json!({"tokenizer_config.json": {"pad_token": "[PAD]"}});
    let mut tokenizer = Tokenizer::load(model::folder(&files, &settings).path()).unwrap();
    // 504 tokens in the file, and the one that was added.
    assert_eq!(tokenizer.vocabulary(), 505);
    let texts = ["no such token".to_owned(), "before [PAD] after".to_owned()];
    let before = tokenizer.encode_batch(&texts, false).unwrap();
    assert!(before[1].contains(&504));
    tokenizer.limit(504);
    assert_eq!(tokenizer.encode(&texts[0], false).unwrap(), before[0]);
    let message = "the model has no embedding of the token `[PAD]`: its id is 504, and there are 504 rows for the \
                   tokenizer's 505 tokens";
    for error in [
        tokenizer.encode(&texts[1], false).unwrap_err(),
        tokenizer.encode_batch(&texts, false).unwrap_err(),
        tokenizer.has_row(504).unwrap_err(),
    ] {
        assert_eq!(error.to_string(), message);
    }
    // It may be written all the same.
    assert_eq!(tokenizer.decode(&before[0]).unwrap(), texts[0]);
}

#[test]
fn tokens_and_ids() {
    let files = serde_json::json!({"tokenizer.model": "llama1.model"});
    let folder = model::folder(&files, &serde_json::json!({}));
    let tokenizer = Tokenizer::load(folder.path()).unwrap();
    // SentencePiece puts the unknown piece, BOS, EOS and the 256 bytes first.
    assert_eq!(tokenizer.token(0).as_deref(), Some("<unk>"));
    assert_eq!(tokenizer.token(2).as_deref(), Some("</s>"));
    assert_eq!(tokenizer.token(3).as_deref(), Some("<0x00>"));
    assert_eq!(tokenizer.id("<0xFF>"), Some(258));
    assert_eq!(tokenizer.id("no such token"), None);
    assert_eq!(tokenizer.token(900), None);
    assert_eq!(tokenizer.vocabulary(), 900);
    assert!(tokenizer.chat_template().is_none());
}
