//! Configurations of families that differ in more than sizes: what is refused, and what a published one amounts to.

#![allow(clippy::unwrap_used)]

use clika_checkpoint::parse_architecture;
use serde_json::{Value, json};
use std::path::Path;

#[test]
fn what_the_newer_families_do_not_compute_is_refused() {
    let fail = |kind: &str, change: Value| {
        let mut config = json!({
            "model_type": kind, "vocab_size": 96, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
            "num_attention_heads": 4,
        });
        let keys = config.as_object_mut().unwrap();
        keys.extend(change.as_object().unwrap().clone());
        let read = parse_architecture(Path::new("config.json"), &config.to_string());
        read.expect_err(&config.to_string()).to_string()
    };
    for (kind, change, said) in [
        // A bound of 0 would make every score the same.
        (
            "gemma2",
            json!({ "attn_logit_softcapping": 0.0 }),
            "`attn_logit_softcapping` is 0, and has to be positive",
        ),
        (
            "gemma2",
            json!({ "final_logit_softcapping": 0 }),
            "`final_logit_softcapping` is 0, and has to be positive",
        ),
        (
            "gemma3_text",
            json!({ "attn_logit_softcapping": 50.0 }),
            "`attn_logit_softcapping in a Gemma 3` is not supported",
        ),
        (
            "gemma3_text",
            json!({ "use_bidirectional_attention": true }),
            "`use_bidirectional_attention = true` is not supported",
        ),
        (
            "gemma3_text",
            json!({ "query_pre_attn_scalar": 0 }),
            "`query_pre_attn_scalar` is 0, and has to be positive",
        ),
        (
            "gemma3_text",
            json!({ "num_attention_heads": 5 }),
            "a hidden size of 32 cannot be split into 5 heads",
        ),
        (
            "gemma3_text",
            json!({ "sliding_window_pattern": 0 }),
            "`sliding_window_pattern` is 0",
        ),
        (
            "gemma3_text",
            json!({ "rope_parameters": { "rope_theta": 5.0 } }),
            "`rope_parameters with `rope_theta`` is not supported",
        ),
        (
            "gemma3_text",
            json!({ "rope_parameters": { "full_attention": 5 } }),
            "RoPE's `full_attention` is 5",
        ),
        (
            "gemma2",
            json!({ "hidden_activation": "relu" }),
            "`hidden_activation = relu` is not supported",
        ),
        (
            "olmo2",
            json!({ "num_attention_heads": 5 }),
            "a hidden size of 32 cannot be split into 5 heads",
        ),
        (
            "cohere",
            json!({ "use_qk_norm": true }),
            "`use_qk_norm = true (Command R+)` is not supported",
        ),
        (
            "cohere",
            json!({ "logit_scale": 0.0 }),
            "`logit_scale` is 0",
        ),
        (
            "cohere2",
            json!({ "sliding_window": 0 }),
            "`sliding_window` is 0",
        ),
        // Heads of 8, of which PyTorch would rotate three as four.
        (
            "gpt_neox",
            json!({ "rotary_pct": 0.4 }),
            "a head of odd width 3 cannot be rotated",
        ),
        (
            "gpt_neox",
            json!({ "rotary_pct": 1.5 }),
            "`rotary_pct` does not say which part of a head of width 8 is rotated",
        ),
        (
            "gpt_neox",
            json!({ "rotary_pct": null }),
            "`rotary_pct` does not say which part of a head of width 8 is rotated",
        ),
        // Gemma 3 from 4B on has a vision tower.
        (
            "gemma3",
            json!({ "architectures": ["Gemma3ForConditionalGeneration"], "text_config": {}, "vision_config": {} }),
            "Gemma3ForConditionalGeneration is a model of more than text",
        ),
    ] {
        let error = fail(kind, change);
        assert!(error.contains(said), "{error}");
    }
}

/// By hand from the published configuration of Gemma 3's 270M: five layers with a window before each that sees everything.
#[test]
fn a_gemma_3_has_two_rotations_and_windows_longer_than_a_prompt_do_no_harm() {
    let config = json!({
        "architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text", "vocab_size": 262144, "hidden_size": 640,
        "intermediate_size": 2048, "num_hidden_layers": 18, "num_attention_heads": 4, "num_key_value_heads": 1,
        "head_dim": 256, "max_position_embeddings": 32768, "sliding_window": 512, "query_pre_attn_scalar": 256,
        "rope_theta": 1000000.0, "rope_local_base_freq": 10000.0, "_sliding_window_pattern": 6,
    });
    let read = parse_architecture(Path::new("config.json"), &config.to_string()).unwrap();
    let window = |layer: usize| (!(layer + 1).is_multiple_of(6)).then_some(512);
    assert_eq!(read.windows, (0..18).map(window).collect::<Vec<_>>());
    let thetas: Vec<f32> = read.ropes().iter().map(|rope| rope.theta).collect();
    assert_eq!(thetas, [10_000.0, 1_000_000.0]);
    assert_eq!(
        (read.rope_number(4), read.rope_number(5)),
        (Some(0), Some(1))
    );
    // By hand: 18 layers of 640·(4 + 4 + 1 + 1)·256 and 3·640·2048, and one embedding of 262144·640.
    assert_eq!(
        read.parameters(),
        18 * (1_638_400 + 3_932_160) + 167_772_160
    );
}
