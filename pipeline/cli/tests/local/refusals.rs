//! What is refused.

use super::*;

#[test]
fn what_cannot_run_is_said_before_anything_runs() {
    let project = project();
    let model = model();
    let fail = |options: &[&str]| {
        let mut arguments = vec!["evaluate", "--quiet", "--model"];
        arguments.extend(options);
        project.fail(&arguments)
    };
    let device = fail(&[&model, "--device", "cuda:3"]);
    assert!(
        device.starts_with("error: no device `cuda:3`\nhint: there are cpu"),
        "{device}"
    );
    let format = fail(&[&model, "--format", "vicuña"]);
    assert!(format.contains("alpaca, baichuan2"), "{format}");
    let token = fail(&[&model, "--format", "baichuan2"]);
    assert!(
        token.contains("format `baichuan2` needs the token"),
        "{token}"
    );
    let nothing = project.path("nothing");
    fs::create_dir(&nothing).unwrap();
    let empty = fail(&[&nothing.display().to_string()]);
    assert!(empty.starts_with("error: "), "{empty}");
}

#[test]
fn a_model_that_does_not_fit_is_refused_before_hours_are_lost() {
    let project = project();
    let fail = |from: &str, to: &str| {
        let model = changed(&project, from, to);
        let options = ["--quiet", "--limit", "2", "--format", "none"];
        project.fail(&[&["evaluate", "--model", &model], &options[..]].concat())
    };
    let long = fail(
        "\"max_position_embeddings\": 2048",
        "\"max_position_embeddings\": 50",
    );
    assert!(
        long.contains("tokens, but the model's context is 50"),
        "{long}"
    );
    let small = fail("\"vocab_size\": 300", "\"vocab_size\": 200");
    assert!(
        small.starts_with("error: `model.embed_tokens.weight` in ")
            && small.contains(
                "model.safetensors has shape [300, 32], but the configuration says [200, 32]"
            ),
        "{small}"
    );
    let other = fail("LlamaForCausalLM", "GPT2LMHeadModel");
    assert!(other.starts_with("error: architecture `GPT2LMHeadModel` is not supported\nhint: supported are LlamaForCausalLM"), "{other}");
    // 9,000 layers with three matrices of 32 × 16,000,000 numbers of 4 bytes: 50 TiB.
    let huge = fail(
        "\"num_hidden_layers\": 2",
        "\"num_hidden_layers\": 9000, \"intermediate_size\": 16000000",
    );
    assert!(
        huge.contains(" GiB are needed for the weights in f32")
            && huge.contains("hint: use --dtype bf16"),
        "{huge}"
    );
}

#[test]
fn a_token_without_an_embedding_is_an_error_only_where_it_is_asked_for() {
    let project = project();
    let model = changed(&project, "\"use_cache\": true", "\"use_cache\": false");
    project.edit(
        "model/tokenizer_config.json",
        "\"unk_token\"",
        "\"pad_token\": \"[PAD]\", \"unk_token\"",
    );
    let options = ["evaluate", "--model", &model, "--quiet", "--limit", "2"];
    let english = ["--languages", "en"];
    project.run(&[&options[..], &english, &["--format", "none"]].concat());
    let error = "error: the model has no embedding of the token `[PAD]`: its id is 300, and there are 300 rows for the \
                 tokenizer's 301 tokens";
    let logits = ["logits", "--model", &model, "--quiet", "--prompt"];
    project.run(&[&logits[..], &["an A"]].concat());
    let asked = project.fail(&[&logits[..], &["an A[PAD]"]].concat());
    assert!(asked.starts_with(error), "{asked}");
    // The model's own template writes it.
    project.edit("model/tokenizer_config.json", "'[INST] '", "'[PAD] '");
    let asked = project.fail(&[&options[..], &english, &["--format", "own"]].concat());
    assert!(asked.starts_with(error), "{asked}");
}

#[test]
fn options_for_endpoints_and_models_of_one_name_are_refused() {
    let project = project();
    let other = project.path("other/llama-tokenizer");
    copy_of_model(&other);
    let (one, two) = (model(), other.display().to_string());
    let refused = |options: &[&str]| {
        let arguments = [&["evaluate", "--model", &one], options].concat();
        let output = project.command(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        text(&output.stderr)
    };
    let said = refused(&["--constraint", "free"]);
    assert!(
        said.contains("--constraint is for models behind an endpoint"),
        "{said}"
    );
    let said = refused(&["--model", &two]);
    assert!(
        said.contains("would be `llama-tokenizer` in the predictions"),
        "{said}"
    );
}
