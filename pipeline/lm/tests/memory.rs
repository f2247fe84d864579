//! Loading holds little more than the weights. The only test of this file, since memory is counted by process.

#![allow(clippy::unwrap_used)]

use clika_base::types::NoProgress;
use clika_lm::{Decoder, DeviceChoice, Dtype};
use serde_json::{Map, Value, json};
use std::{fs::File, io::Write, path::Path};

const HIDDEN: usize = 1024;
const INNER: usize = 2816;
const LAYERS: usize = 4;
const VOCABULARY: usize = 16_000;

/// Writes a Llama of zeros, which take no room on most disks, and returns its bytes.
fn write_model(folder: &Path) -> u64 {
    let config = json!({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
        "hidden_size": HIDDEN, "intermediate_size": INNER, "num_hidden_layers": LAYERS,
        "num_attention_heads": 8, "vocab_size": VOCABULARY, "rms_norm_eps": 1e-6,
    });
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    let mut shapes = vec![
        ("model.embed_tokens".to_owned(), vec![VOCABULARY, HIDDEN]),
        ("model.norm".to_owned(), vec![HIDDEN]),
        ("lm_head".to_owned(), vec![VOCABULARY, HIDDEN]),
    ];
    for layer in 0..LAYERS {
        for (name, shape) in [
            ("input_layernorm", vec![HIDDEN]),
            ("post_attention_layernorm", vec![HIDDEN]),
            ("self_attn.q_proj", vec![HIDDEN, HIDDEN]),
            ("self_attn.k_proj", vec![HIDDEN, HIDDEN]),
            ("self_attn.v_proj", vec![HIDDEN, HIDDEN]),
            ("self_attn.o_proj", vec![HIDDEN, HIDDEN]),
            ("mlp.gate_proj", vec![INNER, HIDDEN]),
            ("mlp.up_proj", vec![INNER, HIDDEN]),
            ("mlp.down_proj", vec![HIDDEN, INNER]),
        ] {
            shapes.push((format!("model.layers.{layer}.{name}"), shape));
        }
    }
    let mut header = Map::new();
    let mut end = 0;
    for (name, shape) in shapes {
        let begin = end;
        end += 4 * shape.iter().product::<usize>() as u64;
        let entry = json!({ "dtype": "F32", "shape": shape, "data_offsets": [begin, end] });
        header.insert(format!("{name}.weight"), entry);
    }
    let header = Value::Object(header).to_string();
    let mut file = File::create(folder.join("model.safetensors")).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes())
        .unwrap();
    file.write_all(header.as_bytes()).unwrap();
    file.set_len(8 + header.len() as u64 + end).unwrap();
    end
}

/// Bytes that Linux counts under a name for this process.
fn memory(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[test]
fn loading_takes_a_tenth_more_than_the_weights_at_most() {
    let Some(before) = memory("VmRSS:") else {
        eprintln!("SKIPPED: no /proc/self/status to count memory by");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let weights = write_model(folder.path());
    let device = DeviceChoice::Cpu.device().unwrap();
    let decoder = Decoder::load(folder.path(), &device, Some(Dtype::F32), &NoProgress).unwrap();
    assert_eq!(decoder.unused(), [] as [String; 0]);
    let held = memory("VmHWM:").unwrap() - before;
    let share = held as f64 / weights as f64;
    println!("loading {weights} bytes of weights took {held}: {share:.3} times as much");
    assert!(
        held >= weights,
        "zeros that were never written do not count"
    );
    assert!(share < 1.1, "{held} bytes for {weights} of weights");
}
