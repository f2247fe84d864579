//! Configurations that lack keys, or have them as null or twice, are read as transformers reads them: `defaults.py` wrote
//! fixtures/defaults.json.

#![allow(clippy::unwrap_used)]

use clika_checkpoint::{Architecture, Norm, parse_architecture};
use serde_json::{Value, json};
use std::path::Path;

/// What the script says of a model, without the angles.
fn described(architecture: &Architecture) -> Value {
    let (Norm::Rms { epsilon, .. } | Norm::Layer { epsilon, .. }) = architecture.norm;
    let biases = architecture.biases;
    let factors = [
        Some(architecture.score_scale),
        architecture.embedding_scale,
        architecture.logit_scale,
        architecture.score_softcap,
        architecture.logit_softcap,
    ]
    .map(|number| number.map(|number| format!("{number:.6}")));
    json!({
        "vocabulary": architecture.vocabulary,
        "hidden": architecture.hidden,
        "intermediate": architecture.intermediate,
        "layers": architecture.layers,
        "heads": architecture.heads,
        "kv_heads": architecture.kv_heads,
        "head_dim": architecture.head_dim,
        "epsilon": epsilon,
        "tied": architecture.tied,
        "query_key_norm": architecture.query_key_norm.is_some(),
        "biases": [biases.query_key_value, biases.output, biases.mlp],
        "windows": architecture.windows,
        "factors": factors,
    })
}

/// Compares the angles of each length's last position, rotation by rotation. Returns the largest difference.
fn compare_angles(architecture: &Architecture, expected: &Value) -> f32 {
    let ropes = architecture.ropes();
    let expected = expected.as_array().unwrap();
    let mut worst = 0.0_f32;
    assert_eq!(ropes.len(), expected.len());
    for (rope, expected) in ropes.into_iter().zip(expected) {
        for (length, wanted) in expected.as_object().unwrap() {
            let length: usize = length.parse().unwrap();
            let (cosines, sines) = rope.table(length - 1, length);
            for (found, wanted) in [(cosines, &wanted["cos"]), (sines, &wanted["sin"])] {
                let wanted: Vec<f32> = serde_json::from_value(wanted.clone()).unwrap();
                assert_eq!(found.len(), wanted.len());
                for (found, wanted) in found.iter().zip(wanted) {
                    worst = worst.max((found - wanted).abs());
                }
            }
        }
    }
    worst
}

#[test]
fn every_configuration_as_transformers() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/defaults.json")).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    assert!(cases.len() > 100, "{}", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let mut case = case.as_object().unwrap().clone();
        let config = case.remove("config").unwrap().to_string();
        let read = parse_architecture(Path::new("config.json"), &config);
        let architecture = match (read, case.get("error")) {
            (Ok(architecture), None) => architecture,
            (Err(_), Some(_)) => continue,
            (Ok(_), Some(error)) => {
                wrong.push(format!(
                    "{config}\n  is read, and transformers says {error}"
                ));
                continue;
            }
            (Err(error), None) => {
                wrong.push(format!("{config}\n  {error}"));
                continue;
            }
        };
        if let Some(angles) = case.remove("angles") {
            let difference = compare_angles(&architecture, &angles);
            if difference > 1e-5 {
                wrong.push(format!("{config}\n  angles differ by {difference:e}"));
            }
        }
        let (found, expected) = (described(&architecture), Value::Object(case));
        if found != expected {
            wrong.push(format!("{config}\n  {found}\n  {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_contradicts_itself_or_would_be_left_out_is_refused() {
    let read = |config: Value| parse_architecture(Path::new("config.json"), &config.to_string());
    let error = read(json!({ "architectures": ["MistralForCausalLM"], "model_type": "llama" }));
    assert_eq!(
        error.unwrap_err().to_string(),
        "config.json is not a usable configuration: `model_type` is llama, and `architectures` names a model of type mistral"
    );
    // Each of them alone says what it is.
    for config in [
        json!({ "architectures": ["MistralForCausalLM"] }),
        json!({ "architectures": ["MistralForCausalLM"], "model_type": null }),
        json!({ "architectures": null, "model_type": "mistral" }),
        json!({ "architectures": [], "model_type": "mistral" }),
    ] {
        assert_eq!(read(config).unwrap().intermediate, 14336);
    }
    for config in [
        json!({}),
        json!({ "architectures": "LlamaForCausalLM" }),
        json!({ "architectures": [3] }),
        json!({ "model_type": 3 }),
        json!({ "architectures": ["LlamaForCausalLM"], "model_type": "gpt2" }),
        json!([]),
    ] {
        assert!(read(config.clone()).is_err(), "{config}");
    }
    // Each alone changes nothing; together transformers computes without some biases.
    let bloom = |exact: bool, slices: usize| {
        read(json!({ "model_type": "bloom", "slow_but_exact": exact, "pretraining_tp": slices }))
    };
    assert!(bloom(true, 1).is_ok() && bloom(false, 2).is_ok());
    assert_eq!(
        bloom(true, 2).unwrap_err().to_string(),
        "config.json: `slow_but_exact with pretraining_tp = 2` is not supported"
    );
    let config =
        json!({ "model_type": "llama", "per_layer_config": { "1": { "rms_norm_eps": 1e-3 } } });
    assert_eq!(
        read(config).unwrap_err().to_string(),
        "config.json: `per_layer_config = {\"1\":{\"rms_norm_eps\":0.001}}` is not supported"
    );
    // Layers of one class are alike; a file that says otherwise contradicts itself.
    let mixed = json!(["sliding_attention", "full_attention"]);
    for (kind, types) in [("llama", &mixed), ("mistral", &mixed)] {
        let config = json!({ "model_type": kind, "num_hidden_layers": 2, "layer_types": types });
        assert!(read(config.clone()).is_err(), "{config}");
    }
    let config = json!({ "model_type": "llama", "layer_types": vec!["full_attention"; 32] });
    assert_eq!(read(config).unwrap().windows, vec![None; 32]);
}
