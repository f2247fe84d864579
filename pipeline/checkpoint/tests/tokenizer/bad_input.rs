//! Files that are missing, cut, or lie.

#![allow(clippy::unwrap_used)]

use crate::model;

use clika_checkpoint::tokenizer::{Tokenizer, TokenizerError};
use serde_json::{Value, json};
use std::error::Error;
use std::path::Path;

fn fails(folder: &Path) -> TokenizerError {
    Tokenizer::load(folder).unwrap_err()
}

/// The error for a tokenizer.json that was changed.
fn fails_with(change: impl FnOnce(&mut Value)) -> TokenizerError {
    let text = std::fs::read_to_string(model::fixture("qwen2.json")).unwrap();
    let mut tokenizer: Value = serde_json::from_str(&text).unwrap();
    change(&mut tokenizer);
    let folder = model::folder(&json!({}), &json!({"tokenizer.json": tokenizer}));
    fails(folder.path())
}

#[test]
fn an_empty_folder_lists_what_was_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let message = fails(folder.path()).to_string();
    assert!(
        message.ends_with(
            "it has neither tokenizer.json nor tokenizer.model nor vocab.json with merges.txt nor a GGUF file"
        ),
        "{message}"
    );
}

#[test]
fn a_tokenizer_json_that_is_no_json() {
    let folder = tempfile::tempdir().unwrap();
    for text in [
        "",
        "version https://git-lfs.github.com/spec/v1",
        "[]",
        "{}",
        "{\"model\": 3}",
    ] {
        std::fs::write(folder.path().join("tokenizer.json"), text).unwrap();
        let error = fails(folder.path());
        assert!(
            matches!(
                error,
                TokenizerError::Json { .. } | TokenizerError::Unusable { .. }
            ),
            "{text}: {error:?}"
        );
        assert!(error.to_string().contains("tokenizer.json"), "{error}");
    }
}

#[test]
fn a_cut_tokenizer_json() {
    let bytes = std::fs::read(model::fixture("qwen2.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("tokenizer.json"),
        &bytes[..bytes.len() / 2],
    )
    .unwrap();
    assert!(matches!(fails(folder.path()), TokenizerError::Json { .. }));
}

#[test]
fn merges_that_the_vocabulary_does_not_have() {
    for (merge, missing) in [
        (json!(["no such", "token"]), "no such"),
        (json!(["a", "no such"]), "no such"),
        (json!(["<|im", "x"]), "<|im"),
        // Both are there, and what they make is longer than every token.
        (json!(["a", "\u{120}"]), "a\u{120}"),
    ] {
        let error = fails_with(|tokenizer| {
            tokenizer["model"]["merges"]
                .as_array_mut()
                .unwrap()
                .push(merge.clone());
        });
        match error {
            TokenizerError::Merge { missing: found, .. } => assert_eq!(found, missing, "{merge}"),
            other => panic!("{merge}: {other:?}"),
        }
    }
}

#[test]
fn a_prefix_that_no_token_has() {
    let error = fails_with(|tokenizer| {
        tokenizer["model"]["continuing_subword_prefix"] = json!("####");
    });
    assert!(matches!(error, TokenizerError::Merge { .. }), "{error:?}");
}

#[test]
fn parts_that_the_library_does_not_have() {
    for (part, value) in [
        ("pre_tokenizer", json!({"type": "Telepathy"})),
        (
            "normalizer",
            json!({"type": "Replace", "pattern": {"Regex": "("}, "content": ""}),
        ),
        ("version", json!("7")),
        (
            "model",
            json!({"type": "BPE", "vocab": {"a": -1}, "merges": []}),
        ),
        (
            "model",
            json!({"type": "Unigram", "vocab": [["a", 0.0]], "unk_id": 5}),
        ),
    ] {
        let error = fails_with(|tokenizer| tokenizer[part] = value.clone());
        assert!(
            matches!(
                error,
                TokenizerError::Json { .. } | TokenizerError::Unusable { .. }
            ),
            "{value}: {error:?}"
        );
    }
}

#[test]
fn a_rule_with_an_id_that_no_token_has() {
    let error = fails_with(|tokenizer| {
        tokenizer["post_processor"] = json!({
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [70000], "tokens": ["<s>"]}},
        });
    });
    assert!(
        matches!(
            error,
            TokenizerError::NoToken {
                id: 70000,
                vocabulary: 504
            }
        ),
        "{error:?}"
    );
}

#[test]
fn a_token_that_is_declared_with_another_id() {
    let settings = json!({"added_tokens.json": {"<pad>": 905}});
    let folder = model::folder(&json!({"tokenizer.model": "llama1.model"}), &settings);
    match fails(folder.path()) {
        TokenizerError::AddedToken {
            token,
            declared,
            actual,
            ..
        } => {
            assert_eq!((token.as_str(), declared, actual), ("<pad>", 905, 900));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_tokenizer_config_that_is_none() {
    for (file, content) in [
        ("tokenizer_config.json", json!({"bos_token": 1})),
        ("tokenizer_config.json", json!({"add_bos_token": "yes"})),
        (
            "tokenizer_config.json",
            json!({"added_tokens_decoder": {"x": "y"}}),
        ),
        ("added_tokens.json", json!(["<pad>"])),
    ] {
        let folder = model::folder(
            &json!({"tokenizer.model": "llama1.model"}),
            &json!({ (file): content.clone() }),
        );
        let error = fails(folder.path());
        assert!(
            matches!(error, TokenizerError::Json { .. }),
            "{content}: {error:?}"
        );
        assert!(error.to_string().contains(file), "{error}");
    }
}

#[test]
fn a_tokenizer_model_that_is_cut_or_something_else() {
    let whole = std::fs::read(model::fixture("llama1.model")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (bytes, problem) in [
        (&whole[..whole.len() / 2], "at byte"),
        (&[][..], "there are no pieces"),
        // Llama 3 ships tiktoken's format under this name.
        (b"IQ== 0\nIg== 1\nIw== 2\n".as_slice(), "at byte"),
    ] {
        std::fs::write(folder.path().join("tokenizer.model"), bytes).unwrap();
        let error = fails(folder.path());
        assert!(
            matches!(error, TokenizerError::SentencePiece { .. }),
            "{error:?}"
        );
        let source = error.source().unwrap().to_string();
        assert!(source.contains(problem), "{source}");
    }
}

#[test]
fn vocabulary_and_merges_that_do_not_fit() {
    let slow = |vocabulary: &str, merges: &str, class: Value| {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        put("vocab.json", vocabulary);
        put("merges.txt", merges);
        put(
            "tokenizer_config.json",
            &json!({ "tokenizer_class": class }).to_string(),
        );
        fails(folder.path()).to_string()
    };
    let vocabulary = r#"{"a": 0, "b": 1, "ab": 2}"#;
    let gpt2 = json!("GPT2Tokenizer");
    for (merges, problem) in [
        (
            "#version: 0.2\na c\n",
            "merges `a` and `c`, but `c` is not in its vocabulary",
        ),
        (
            "b a\n",
            "merges `b` and `a`, but `ba` is not in its vocabulary",
        ),
        ("ab\n", "has the line `ab`, which is not a pair of tokens"),
        (
            "a b c\n",
            "has the line `a b c`, which is not a pair of tokens",
        ),
        (
            "a b\n\na b\n",
            "has the line ``, which is not a pair of tokens",
        ),
    ] {
        let message = slow(vocabulary, merges, gpt2.clone());
        assert!(message.contains("merges.txt"), "{message}");
        assert!(message.ends_with(problem), "{message}");
    }
    assert!(
        slow("[]", "a b\n", gpt2)
            .ends_with("vocab.json does not have the form that transformers writes")
    );
    // transformers has other rules for it, or none.
    for (class, problem) in [
        (
            json!("RobertaTokenizer"),
            "their class `RobertaTokenizer` is not supported",
        ),
        (
            json!("LlamaTokenizer"),
            "their class `LlamaTokenizer` is not supported",
        ),
        (Value::Null, "no tokenizer_class says how to split text"),
    ] {
        let message = slow(vocabulary, "a b\n", class);
        assert!(message.ends_with(problem), "{message}");
    }
}
