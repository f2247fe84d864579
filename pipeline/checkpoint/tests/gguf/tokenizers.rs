//! Ids as llama.cpp gives them, for every rule, kind and corpus line; `tokenizer_reference.py` recorded them.

use crate::{
    fixture,
    writer::{Gguf, Key},
};
use clika_checkpoint::tokenizer::{Tokenizer, TokenizerError};
use serde_json::Value;
use std::{fs, path::Path};

/// The lines of both corpora.
fn texts() -> Vec<String> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let corpora = ["tokenizer/corpus.txt", "gguf/corpus.txt"];
    let lines = corpora.map(|name| fs::read_to_string(tests.join(name)).unwrap());
    let lines = lines.iter().flat_map(|text| text.lines());
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A file's bytes with another value for a key of its tokenizer; nothing in it has a place that would move.
fn changed(bytes: &[u8], key: &str, value: &Value) -> Vec<u8> {
    let name = [&(key.len() as u64).to_le_bytes()[..], key.as_bytes()].concat();
    let place = bytes
        .windows(name.len())
        .position(|window| window == name)
        .unwrap();
    // The name and the type of the value.
    let start = place + name.len() + 4;
    let (length, new) = match value {
        Value::Bool(flag) => (1, vec![u8::from(*flag)]),
        Value::String(text) => {
            let (size, _) = bytes[start..].split_first_chunk::<8>().unwrap();
            let length = 8 + u64::from_le_bytes(*size) as usize;
            (
                length,
                [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat(),
            )
        }
        other => panic!("{other}"),
    };
    [&bytes[..start], &new, &bytes[start + length..]].concat()
}

fn ids(value: &Value) -> Vec<u32> {
    serde_json::from_value(value.clone()).unwrap()
}

/// The texts whose ids differ from those recorded, and the cases that are refused.
fn compare(cases: &[Value], file: impl Fn(&Value) -> Vec<u8>) -> (Vec<String>, Vec<String>) {
    let texts = texts();
    let named = |name: &str| cases.iter().find(|case| case["name"] == name).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vocabulary.gguf");
    let (mut failed, mut refused) = (Vec::new(), Vec::new());
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let mut bytes = file(case);
        for (key, value) in case["metadata"].as_object().unwrap() {
            bytes = changed(&bytes, key, value);
        }
        fs::write(&path, bytes).unwrap();
        let tokenizer = match Tokenizer::load(&path) {
            Ok(tokenizer) => tokenizer,
            Err(TokenizerError::UnsupportedKey { .. }) => {
                refused.push(name.to_owned());
                continue;
            }
            Err(error) => panic!("{name}: {error}"),
        };
        let base = case["base"].as_str().map(named);
        for (number, text) in texts.iter().enumerate() {
            let wanted = match base {
                Some(base) => match &case["ids"][number.to_string()] {
                    Value::Null => ids(&base["ids"][number]),
                    own => ids(own),
                },
                None => ids(&case["ids"][number]),
            };
            let whole = [ids(&case["before"]), wanted.clone(), ids(&case["after"])].concat();
            for (special, wanted) in [(false, wanted), (true, whole)] {
                let found = tokenizer.encode(text, special).unwrap();
                if found != wanted {
                    failed.push(format!("{name}, {text:?}: {found:?} instead of {wanted:?}"));
                }
            }
        }
    }
    (failed, refused)
}

fn recorded(name: &str) -> Vec<Value> {
    let text = fs::read_to_string(fixture("tokenizers").join(name)).unwrap();
    let mut recorded: Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(recorded["cases"].take()).unwrap()
}

#[test]
fn ids_are_those_of_llama_cpp() {
    let cases = recorded("ids.json");
    assert!(cases.len() >= 30, "only {} cases", cases.len());
    let (failed, refused) = compare(&cases, |case| {
        fs::read(fixture("tokenizers").join(case["file"].as_str().unwrap())).unwrap()
    });
    assert_eq!(refused, ["chatglm-bpe", "glm4"]);
    let few = &failed[..failed.len().min(5)];
    assert!(failed.is_empty(), "{} differ: {few:#?}", failed.len());
}

/// Compares the ids of a real model, whose file a variable names.
fn compare_model(variable: &str, target: &str, recorded_as: &str) {
    let Ok(path) = std::env::var(variable) else {
        println!(
            "SKIPPED the ids of {recorded_as}: {variable} does not name the GGUF file; {target} fetches it"
        );
        return;
    };
    let (failed, refused) = compare(&recorded(recorded_as), |_| fs::read(&path).unwrap());
    assert!(failed.is_empty() && refused.is_empty(), "{failed:#?}");
}

#[test]
fn ids_of_smollm2_are_those_of_llama_cpp() {
    compare_model("CLIKA_TEST_SMOLLM2", "make test", "smollm2.json");
}

#[test]
fn ids_of_gemma3_are_those_of_llama_cpp() {
    compare_model("CLIKA_TEST_GEMMA3", "make test-gemma3", "gemma3.json");
}

#[test]
fn sentencepiece_has_llama_cpps_defaults_for_what_no_key_names() {
    // llama-cpp-python 0.3.36: BOS is 1, EOS 2, a text begins with BOS and with a space.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("defaults.gguf");
    let tokens = ["<unk>", "<s>", "</s>", "\u{2581}a", "<fim_prefix>"];
    Gguf::model()
        .key("tokenizer.ggml.model", Key::Text("llama"))
        .key(
            "tokenizer.ggml.tokens",
            Key::Texts(&["<unk>", "<s>", "</s>", "\u{2581}a", "<fim_prefix>"]),
        )
        .write(&path);
    let tokenizer = Tokenizer::load(&path).unwrap();
    assert_eq!(tokenizer.encode("a", true).unwrap(), [1, 3]);
    assert_eq!(
        (tokenizer.bos(), tokenizer.eos(), tokenizer.unknown()),
        (Some(1), Some(2), Some(0))
    );
    // A token that fills in the middle is a mark without being declared one.
    assert_eq!(tokenizer.encode("<fim_prefix>a", false).unwrap(), [4, 3]);
    assert_eq!(tokenizer.token(4).as_deref(), Some(tokens[4]));
}
