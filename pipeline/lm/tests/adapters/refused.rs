//! What is refused, and by which name.

use super::{base, config, fixtures};
use clika_lm::{ADAPTER_FIELDS, Adapter, FieldSupport, LmError};
use miette::Diagnostic;
use safetensors::{SafeTensors, tensor::TensorView};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Shapes and numbers by name.
type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// What is said to a row whose files are changed; the base is the row's.
fn refusal(
    row: &str,
    change_config: impl FnOnce(&mut Map<String, Value>),
    change_tensors: impl FnOnce(&mut Tensors),
) -> Result<(), LmError> {
    let row = fixtures().join(row);
    let folder = tempfile::tempdir().unwrap();
    let mut keys = config(&row);
    change_config(&mut keys);
    std::fs::write(
        folder.path().join("adapter_config.json"),
        Value::Object(keys).to_string(),
    )
    .unwrap();
    let bytes = std::fs::read(row.join("adapter_model.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let mut numbers: BTreeMap<_, _> = tensors
        .tensors()
        .into_iter()
        .map(|(name, tensor)| {
            let (values, _) = tensor.data().as_chunks::<4>();
            let values = values.iter().map(|it| f32::from_le_bytes(*it)).collect();
            (name, (tensor.shape().to_vec(), values))
        })
        .collect();
    change_tensors(&mut numbers);
    let data: BTreeMap<&String, Vec<u8>> = numbers
        .iter()
        .map(|(name, (_, values))| {
            (
                name,
                values.iter().flat_map(|it| it.to_le_bytes()).collect(),
            )
        })
        .collect();
    let views = numbers.iter().map(|(name, (shape, _))| {
        let view = TensorView::new(safetensors::Dtype::F32, shape.clone(), &data[name]).unwrap();
        (name.clone(), view)
    });
    safetensors::serialize_to_file(
        views,
        None,
        &folder.path().join("adapter_model.safetensors"),
    )
    .unwrap();
    let mut decoder = base(&row);
    decoder.attach(&Adapter::read(folder.path())?)
}

/// What is said to a changed field.
fn field(row: &str, name: &str, value: Value) -> String {
    let set = |keys: &mut Map<String, Value>| {
        keys.insert(name.to_owned(), value);
    };
    let error = refusal(row, set, |_| ()).expect_err("it is refused");
    assert!(error.help().is_some(), "{error}");
    error.to_string()
}

#[test]
fn what_is_not_supported_is_refused_by_its_name() {
    refusal("plain", |_| (), |_| ()).expect("as it is, it is fine");
    for known in ADAPTER_FIELDS {
        let FieldSupport::OnlyOff(_) = known.support else {
            continue;
        };
        // Nothing that switches a field off.
        for value in [json!(true), json!([[0, 1]]), json!({ "x": 1 })] {
            let text = field("plain", known.name, value);
            assert!(text.contains(&format!("`{}`", known.name)), "{text}");
        }
    }
    for way in [
        "pissa",
        "pissa_niter_4",
        "olora",
        "OLoRA",
        "corda",
        "loftq",
        "lora_ga",
        "new",
    ] {
        let text = field("plain", "init_lora_weights", json!(way));
        assert!(
            text.contains("`init_lora_weights`") && text.contains(way),
            "{text}"
        );
    }
    for (name, value) in [
        ("new_field", json!(null)),
        ("peft_type", json!("LOHA")),
        ("peft_type", json!(null)),
        ("r", json!(0)),
        ("r", json!(2.5)),
        ("use_dora", json!("yes")),
        ("bias", json!("some")),
        ("rank_pattern", json!({ "q_proj": 0 })),
        ("rank_pattern", json!({ "q_proj(": 3 })),
        ("target_modules", json!([1])),
        ("trainable_token_indices", json!([3, 3])),
        ("layers_pattern", json!("layers")),
    ] {
        let text = field("plain", name, value);
        assert!(text.contains(&format!("`{name}`")), "{text}");
    }
}

#[test]
fn a_field_that_the_model_or_the_tensors_do_not_bear_out_is_refused() {
    // A module that the model does not have, alone or with others, and one that PEFT cannot adapt.
    for (name, value, named) in [
        ("target_modules", json!(["zzz"]), "zzz"),
        ("target_modules", json!(["q_proj", "v_proj", "zzz"]), "zzz"),
        ("target_modules", json!("zzz.*"), "zzz"),
        (
            "target_modules",
            json!(["q_proj", "v_proj", "norm"]),
            "model.norm",
        ),
        ("modules_to_save", json!(["score"]), "score"),
        ("trainable_token_indices", json!({ "wte": [1] }), "wte"),
        (
            "trainable_token_indices",
            json!({ "q_proj": [1] }),
            "q_proj",
        ),
        ("trainable_token_indices", json!([96]), "96"),
        ("layers_to_transform", json!([7]), "target_modules"),
        // Layers that are asked for and not there.
        (
            "target_modules",
            json!(["q_proj", "v_proj", "k_proj"]),
            "k_proj.lora_A.weight",
        ),
        ("modules_to_save", json!(["lm_head"]), "lm_head.weight"),
        (
            "trainable_token_indices",
            json!([1]),
            "embed_tokens.token_adapter",
        ),
        ("use_dora", json!(true), "lora_magnitude_vector"),
        ("lora_bias", json!(true), "lora_B.bias"),
        ("r", json!(5), "lora_A.weight"),
        (
            "rank_pattern",
            json!({ "v_proj": 1 }),
            "v_proj.lora_A.weight",
        ),
        // Layers that are there and not asked for.
        ("target_modules", json!(["q_proj"]), "v_proj.lora_A.weight"),
        ("exclude_modules", json!(["q_proj"]), "q_proj.lora_A.weight"),
        ("layers_to_transform", json!([0]), "layers.1.self_attn"),
        ("layers_to_transform", json!(1), "layers.0.self_attn"),
    ] {
        let text = field("plain", name, value);
        assert!(text.contains(named), "{name}: {text}");
    }
}

#[test]
fn a_changed_field_of_other_adapters_than_the_plain_one_is_refused() {
    for (row, name, value, named) in [
        ("dora", "use_dora", json!(false), "lora_magnitude_vector"),
        ("lora-bias", "lora_bias", json!(false), "lora_B.bias"),
        ("bias-all", "bias", json!("none"), ".bias"),
        (
            "modules-to-save-norms",
            "modules_to_save",
            json!(null),
            "input_layernorm.weight",
        ),
        (
            "tokens",
            "trainable_token_indices",
            json!(null),
            "trainable_tokens_delta",
        ),
        (
            "tokens",
            "trainable_token_indices",
            json!([5]),
            "trainable_tokens_delta",
        ),
        ("embedding", "lora_bias", json!(true), "model.embed_tokens"),
        (
            "embedding",
            "trainable_token_indices",
            json!([5]),
            "model.embed_tokens",
        ),
        (
            "embedding",
            "base_model_name_or_path",
            json!("bloom"),
            "no such module",
        ),
    ] {
        let text = match name {
            "base_model_name_or_path" => other_base(row),
            _ => field(row, name, value),
        };
        assert!(text.contains(named), "{row}: {text}");
    }
}

/// What is said where an adapter is put on BLOOM.
fn other_base(row: &str) -> String {
    let adapter = Adapter::read(&fixtures().join(row)).unwrap();
    let mut bloom = base(&fixtures().join("bias-all"));
    bloom.attach(&adapter).unwrap_err().to_string()
}

#[test]
fn a_tensor_that_is_missing_too_many_or_no_number_is_named() {
    let name = "base_model.model.model.layers.1.self_attn.v_proj.lora_B.weight";
    let short = "model.layers.1.self_attn.v_proj.lora_B.weight";
    let of =
        |change: &dyn Fn(&mut Tensors)| refusal("plain", |_| (), change).unwrap_err().to_string();
    let missing = of(&|tensors| {
        tensors.remove(name);
    });
    assert!(
        missing.contains(short) && missing.contains("missing"),
        "{missing}"
    );
    let nan = of(&|tensors| tensors.get_mut(name).unwrap().1[0] = f32::NAN);
    assert!(nan.contains(short) && nan.contains("not finite"), "{nan}");
    let infinite = of(&|tensors| tensors.get_mut(name).unwrap().1[3] = f32::INFINITY);
    assert!(
        infinite.contains(short) && infinite.contains("not finite"),
        "{infinite}"
    );
    let narrow = of(&|tensors| {
        tensors.insert(name.to_owned(), (vec![5, 3], vec![0.0; 15]));
    });
    assert!(
        narrow.contains(short) && narrow.contains("[5, 3]"),
        "{narrow}"
    );
    for other in [
        "base_model.model.model.layers.1.self_attn.v_proj.lora_C.weight",
        "base_model.model.model.layers.7.self_attn.v_proj.lora_A.weight",
        "base_model.model.model.norm.weight",
        "model.layers.1.self_attn.v_proj.lora_A.weight",
    ] {
        let many = of(&|tensors| {
            tensors.insert(other.to_owned(), (vec![3], vec![0.0; 3]));
        });
        let other = other.trim_start_matches("base_model.model.");
        assert!(many.contains(other), "{many}");
    }
    // The name that a magnitude has in PEFT's module, which PEFT reads too.
    let longer = refusal(
        "dora",
        |_| (),
        |tensors| {
            for name in tensors.keys().cloned().collect::<Vec<_>>() {
                if name.ends_with("magnitude_vector") {
                    let numbers = tensors.remove(&name).unwrap();
                    tensors.insert(format!("{name}.weight"), numbers);
                }
            }
        },
    );
    longer.unwrap();
    // Two matrices for one place.
    let apart = refusal(
        "tied-embedding-saved",
        |_| (),
        |tensors| {
            let name = "base_model.model.lm_head.weight";
            tensors.insert(name.to_owned(), (vec![96, 32], vec![0.0; 96 * 32]));
        },
    );
    let apart = apart.unwrap_err().to_string();
    assert!(
        apart.contains("lm_head.weight") && apart.contains("tied"),
        "{apart}"
    );
}

#[test]
fn an_adapter_of_a_larger_vocabulary_names_the_way_out() {
    // Two tokens more than the base's 96.
    let more = |tensors: &mut Tensors| {
        for (name, (shape, values)) in tensors {
            let is_end = name.contains("embed_tokens") || name.contains("lm_head");
            if let (true, Some(at)) = (is_end, shape.iter().position(|size| *size == 96)) {
                shape[at] += 2;
                values.resize(shape.iter().product(), 0.0);
            }
        }
    };
    for row in [
        "modules-to-save-embedding",
        "modules-to-save-head",
        "embedding",
        "head",
    ] {
        let error = refusal(row, |_| (), more).expect_err("it is refused");
        let said = error.to_string();
        assert!(
            said.starts_with("the adapter was trained on a model with more tokens"),
            "{said}"
        );
        let help = error.help().unwrap().to_string();
        assert!(help.contains("resize_token_embeddings"), "{help}");
    }
}
