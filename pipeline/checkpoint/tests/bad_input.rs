//! Damaged and mismatched checkpoints end in an error that names what is wrong.

#![allow(clippy::unwrap_used)]

use clika_checkpoint::{
    Checkpoint, CheckpointError, Dtype, TensorValues, parse_architecture, parse_header,
};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// A safetensors file with a header of our own making and `bytes` behind it.
fn safetensors(header: &Value, bytes: &[u8]) -> Vec<u8> {
    let header = header.to_string();
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.extend(bytes);
    file
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// A folder with one file of two tensors.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let header = json!({
        "__metadata__": { "format": "pt" },
        "a": { "dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16] },
        "b": { "dtype": "I64", "shape": [1], "data_offsets": [16, 24] },
    });
    let mut content = bytes(&[1.0, -2.0, 0.5, 4.0]);
    content.extend(7_i64.to_le_bytes());
    fs::write(
        folder.path().join("model.safetensors"),
        safetensors(&header, &content),
    )
    .unwrap();
    folder
}

fn edit(folder: &Path, change: impl Fn(&mut Vec<u8>)) {
    let path = folder.join("model.safetensors");
    let mut content = fs::read(&path).unwrap();
    change(&mut content);
    fs::write(path, content).unwrap();
}

fn error(folder: &Path) -> String {
    let opened = Checkpoint::open(folder);
    let taken =
        opened.and_then(|mut checkpoint| checkpoint.take("a", &[2, 2], Dtype::F32).map(|_| ()));
    taken
        .unwrap_err()
        .to_string()
        .replace(&folder.display().to_string(), "DIR")
}

#[test]
fn numbers_are_read_in_the_type_that_is_wished() {
    let folder = folder();
    let mut checkpoint = Checkpoint::open(folder.path()).unwrap();
    assert_eq!(checkpoint.dtype(), Some(Dtype::F32));
    let TensorValues::F32(values) = checkpoint.take("a", &[2, 2], Dtype::F32).unwrap() else {
        panic!("f32 was asked for")
    };
    assert_eq!(values, [1.0, -2.0, 0.5, 4.0]);
    let TensorValues::Bf16(values) = checkpoint.take("a", &[2, 2], Dtype::Bf16).unwrap() else {
        panic!("bf16 was asked for")
    };
    assert_eq!(
        values
            .iter()
            .map(|value| value.to_f32())
            .collect::<Vec<_>>(),
        [1.0, -2.0, 0.5, 4.0]
    );
    assert_eq!(checkpoint.unused(), ["b"]);
}

#[test]
fn a_tensor_that_does_not_fit_is_named_with_both_shapes() {
    let folder = folder();
    let mut checkpoint = Checkpoint::open(folder.path()).unwrap();
    let mut fail = |name: &str, shape: &[usize]| {
        let error = checkpoint
            .take(name, shape, Dtype::F32)
            .map(|_| ())
            .unwrap_err();
        error
            .to_string()
            .replace(&folder.path().display().to_string(), "DIR")
    };
    assert_eq!(
        fail("a", &[4]),
        "`a` in DIR/model.safetensors has shape [2, 2], but the configuration says [4]"
    );
    assert_eq!(
        fail("c", &[3, 1]),
        "the weights lack `c` of shape [3, 1]: it is not in DIR/model.safetensors"
    );
    assert_eq!(
        fail("b", &[1]),
        "I64 is not supported: `b` in DIR/model.safetensors has that type"
    );
}

#[test]
fn damaged_files_are_refused() {
    let cut = folder();
    edit(cut.path(), |content| content.truncate(content.len() - 20));
    assert!(error(cut.path()).contains("`a` should be at 0 to 16, but the file ends at 4"));
    let short = folder();
    edit(short.path(), |content| content.truncate(5));
    assert_eq!(
        error(short.path()),
        "DIR/model.safetensors is damaged: it has 5 bytes, too few for a header"
    );
    let long = folder();
    edit(long.path(), |content| {
        content[..8].copy_from_slice(&u64::MAX.to_le_bytes())
    });
    assert!(error(long.path()).contains("its header claims 18446744073709551615 bytes"));
    let html = folder();
    fs::write(
        html.path().join("model.safetensors"),
        "<!doctype html><title>Not found</title>",
    )
    .unwrap();
    assert!(error(html.path()).contains("its header claims"));
    let nan = folder();
    edit(nan.path(), |content| {
        let start = content.len() - 24;
        content[start..start + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    assert_eq!(
        error(nan.path()),
        "`a` in DIR/model.safetensors has 1 values that are not finite"
    );
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(error(empty.path()), "no weights in DIR");
    let bin = tempfile::tempdir().unwrap();
    fs::write(
        bin.path().join("pytorch_model.bin"),
        b"PK\x03\x04 not an archive",
    )
    .unwrap();
    assert!(error(bin.path()).contains("pytorch_model.bin is damaged"));
}

#[test]
fn headers_that_lie_are_refused() {
    let lie = |header: Value, length: u64| {
        parse_header(header.to_string().as_bytes(), length).unwrap_err()
    };
    let tensor = |shape: Value, offsets: Value| json!({ "dtype": "F32", "shape": shape, "data_offsets": offsets });
    assert!(
        lie(json!({ "a": tensor(json!([2]), json!([0, 4])) }), 500)
            .contains("`a` of shape [2] in F32 cannot have 4 bytes")
    );
    assert!(
        lie(json!({ "a": tensor(json!([2]), json!([8, 0])) }), 500).contains("should be at 8 to 0")
    );
    assert!(
        lie(
            json!({ "a": tensor(json!([u64::MAX, 4]), json!([0, 8])) }),
            500
        )
        .contains("cannot have 8 bytes")
    );
    assert!(
        lie(
            json!({ "a": tensor(json!([1]), json!([0, u64::MAX])) }),
            500
        )
        .contains("the file ends at")
    );
    let twice = r#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}"#;
    assert_eq!(
        parse_header(twice.as_bytes(), 500).unwrap_err(),
        "its header names `a` twice"
    );
    let both =
        json!({ "a": tensor(json!([2]), json!([0, 8])), "b": tensor(json!([2]), json!([4, 12])) });
    assert_eq!(lie(both, 500), "`a` and `b` overlap");
    assert!(lie(json!([1, 2]), 500).contains("not a JSON object"));
    assert!(lie(json!({ "a": { "dtype": "F32" } }), 500).contains("`a`: missing field `shape`"));
}

#[test]
fn an_index_names_only_files_of_its_folder_that_are_there() {
    let with = |map: Value| {
        let folder = folder();
        fs::rename(
            folder.path().join("model.safetensors"),
            folder.path().join("part.safetensors"),
        )
        .unwrap();
        let index = json!({ "weight_map": map }).to_string();
        fs::write(folder.path().join("model.safetensors.index.json"), index).unwrap();
        folder
    };
    let good = with(json!({ "a": "part.safetensors" }));
    assert!(
        Checkpoint::open(good.path())
            .unwrap()
            .take("a", &[2, 2], Dtype::F32)
            .is_ok()
    );
    let missing = with(json!({ "a": "part.safetensors", "c": "part-2.safetensors" }));
    assert_eq!(
        error(missing.path()),
        "DIR/model.safetensors.index.json names the shard `part-2.safetensors`, which is missing"
    );
    let outside = with(json!({ "a": "../part.safetensors" }));
    assert!(error(outside.path()).contains("it leads to a folder above"));
    let liar = with(json!({ "c": "part.safetensors" }));
    assert!(
        error(liar.path())
            .contains("it says that `part.safetensors` contains `c`, which it does not")
    );
}

/// A folder with two shards that both have `a`; `index` is the one that an index names for it, if there is an index.
fn shards(first: [f32; 4], second: [f32; 4], index: Option<usize>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let names = [1, 2].map(|number| format!("model-{number}-of-2.safetensors"));
    for (name, a) in names.iter().zip([first, second]) {
        let header = json!({
            "a": { "dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16] },
            name: { "dtype": "F32", "shape": [0], "data_offsets": [16, 16] },
        });
        fs::write(folder.path().join(name), safetensors(&header, &bytes(&a))).unwrap();
    }
    if let Some(index) = index {
        let map = json!({ "a": names[index], &names[0]: names[0], &names[1]: names[1] });
        let path = folder.path().join("model.safetensors.index.json");
        fs::write(path, json!({ "weight_map": map }).to_string()).unwrap();
    }
    folder
}

#[test]
fn a_tensor_in_two_files_counts_where_it_is_clear_which() {
    let (ours, other) = ([1.0, -2.0, 0.5, 4.0], [1.0, -2.0, 0.5, 5.0]);
    // transformers 5.23 takes the last file's, whatever the index says.
    for (first, index) in [
        (other, Some(1)),
        (ours, Some(1)),
        (ours, Some(0)),
        (ours, None),
    ] {
        let folder = shards(first, ours, index);
        let mut checkpoint = Checkpoint::open(folder.path()).unwrap();
        let TensorValues::F32(values) = checkpoint.take("a", &[2, 2], Dtype::F32).unwrap() else {
            panic!("f32 was asked for")
        };
        assert_eq!(values, ours);
    }
    for index in [Some(0), None] {
        assert_eq!(
            error(shards(ours, other, index).path()),
            "`a` is in DIR/model-1-of-2.safetensors and, with other values, in DIR/model-2-of-2.safetensors"
        );
    }
    // A set without its index is read if it is whole.
    let folder = shards(ours, ours, None);
    fs::remove_file(folder.path().join("model-1-of-2.safetensors")).unwrap();
    assert_eq!(
        error(folder.path()),
        "`model-1-of-2.safetensors` is missing from DIR, which has other shards of the set"
    );
    let folder = shards(ours, ours, None);
    fs::copy(
        folder.path().join("model-1-of-2.safetensors"),
        folder.path().join("model-1-of-1.safetensors"),
    )
    .unwrap();
    assert_eq!(
        error(folder.path()),
        "several sets of weights are in DIR: model-1-of-1.safetensors, model-1-of-2.safetensors, model-2-of-2.safetensors"
    );
}

#[test]
fn element_types_that_are_not_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let fail = |dtype: &str, name: &str| {
        let header = json!({
            name: { "dtype": dtype, "shape": [2, 2], "data_offsets": [0, 4] },
            "c": { "dtype": "F32", "shape": [1], "data_offsets": [4, 8] },
        });
        let content = safetensors(&header, &[0; 8]);
        fs::write(folder.path().join("model.safetensors"), content).unwrap();
        let mut checkpoint = Checkpoint::open(folder.path()).unwrap();
        let error = checkpoint.take("a.weight", &[2, 2], Dtype::F32).map(|_| ());
        let error = error.unwrap_err().to_string();
        error.replace(&folder.path().display().to_string(), "DIR")
    };
    for dtype in ["F8_E4M3", "F8_E5M2", "I8", "U8", "BOOL"] {
        assert_eq!(
            fail(dtype, "a.weight"),
            format!("{dtype} is not supported: `a.weight` in DIR/model.safetensors has that type")
        );
    }
    assert_eq!(
        fail("I32", "a.qweight"),
        "the weights are quantized: DIR/model.safetensors has `a.qweight` instead of `a.weight`"
    );
    assert_eq!(
        fail("I32", "b.weight"),
        "the weights lack `a.weight` of shape [2, 2]: it is not in DIR/model.safetensors"
    );
}

#[test]
fn f64_is_read_and_pytorch_files_name_what_they_hold() {
    // By `torch.save({"a": torch.tensor([[1, -2], [0.5, 4]], dtype=torch.float64), "b": torch.tensor([7])}, …)`, and of a
    // tensor of torch.float8_e4m3fn: tests/pytorch.py.
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str| {
        let path = folder.path().join("pytorch_model.bin");
        fs::copy(fixtures.join(name), path).unwrap();
    };
    put("f64.bin");
    let mut checkpoint = Checkpoint::open(folder.path()).unwrap();
    assert_eq!(checkpoint.dtype(), Some(Dtype::F32));
    let TensorValues::F32(values) = checkpoint.take("a", &[2, 2], Dtype::F32).unwrap() else {
        panic!("f32 was asked for")
    };
    assert_eq!(values, [1.0, -2.0, 0.5, 4.0]);
    let error_of_b = checkpoint.take("b", &[1], Dtype::F32).map(|_| ());
    let error_of_b = error_of_b.unwrap_err().to_string();
    assert!(error_of_b.starts_with("I64 is not supported: `b` in "));
    put("f8.bin");
    assert_eq!(
        error(folder.path()),
        "DIR/pytorch_model.bin: torch.float8_e4m3fn is not supported"
    );
}

/// The keys of a small Llama.
fn llama() -> Value {
    json!({
        "architectures": ["LlamaForCausalLM"], "vocab_size": 96, "hidden_size": 32, "intermediate_size": 48,
        "num_hidden_layers": 2, "num_attention_heads": 4, "rms_norm_eps": 1e-5, "hidden_act": "silu",
        "max_position_embeddings": 64,
    })
}

#[test]
fn configurations_that_we_do_not_compute_are_refused_with_what_there_is() {
    let read = |change: Value| {
        let mut config = llama();
        config
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        parse_architecture(Path::new("config.json"), &config.to_string())
    };
    let plain = read(json!({})).unwrap();
    assert_eq!((plain.heads, plain.kv_heads, plain.head_dim), (4, 4, 8));
    // By hand: 2 layers of 4·32·32 + 3·32·48, and two embeddings of 96·32.
    assert_eq!(plain.parameters(), 2 * (4096 + 4608) + 2 * 3072);
    let fail = |change: Value| read(change).unwrap_err().to_string();
    assert_eq!(
        fail(json!({ "architectures": ["GPT2LMHeadModel"] })),
        "architecture `GPT2LMHeadModel` is not supported"
    );
    let error = read(json!({ "architectures": ["GPT2LMHeadModel"] })).unwrap_err();
    let CheckpointError::Architecture { supported, .. } = error else {
        panic!("{error}")
    };
    for known in [
        "LlamaForCausalLM",
        "Qwen3ForCausalLM",
        "BloomForCausalLM",
        "BaichuanForCausalLM",
    ] {
        assert!(supported.contains(known), "{supported}");
    }
    assert_eq!(
        fail(json!({ "hidden_act": "relu" })),
        "config.json: `hidden_act = relu` is not supported"
    );
    assert!(fail(json!({ "quantization_config": { "bits": 4 } })).contains("quantization_config"));
    assert!(
        fail(json!({ "rope_scaling": { "type": "longrope", "factor": 4.0 } }))
            .contains("rope_type = longrope")
    );
    assert!(fail(json!({ "rope_scaling": { "type": "linear" } })).contains("no positive `factor`"));
    assert!(fail(json!({ "num_attention_heads": 5 })).contains("cannot be split into 5 heads"));
    assert!(fail(json!({ "num_key_value_heads": 3 })).contains("4 attention heads cannot share 3"));
    assert!(fail(json!({ "num_hidden_layers": 0 })).contains("`num_hidden_layers` is 0"));
    assert!(fail(json!({ "num_hidden_layers": usize::MAX })).contains("`num_hidden_layers` is"));
    assert!(fail(json!({ "vocab_size": 1e30 })).contains("is not a usable configuration"));
    assert!(fail(json!({ "vocab_size": 18446744073709551615_u64 })).contains("`vocab_size` is"));
    assert!(fail(json!({ "vocab_size": null })).contains("is not a usable configuration"));
}
