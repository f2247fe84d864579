//! Reads the fixtures that `parity.py` next to this folder wrote. Not every test that has this module uses all of it.

#![allow(dead_code, clippy::unwrap_used)]

use clika_base::types::NoProgress;
use clika_lm::{Decoder, Device, DeviceChoice, Dtype, LmError};
use safetensors::{SafeTensors, tensor::TensorView};
use std::path::{Path, PathBuf};

/// Where the tests run: the processor, or what CLIKA_TEST_DEVICE names (`make test-gpu-path`).
pub fn device() -> Device {
    let device = std::env::var("CLIKA_TEST_DEVICE").unwrap_or_else(|_| "cpu".to_owned());
    let device: DeviceChoice = device.parse().unwrap();
    device.device().unwrap()
}

/// Whether the device computes in this type; if not, what is left out is said.
pub fn computes_in(dtype: Dtype, what: &str) -> bool {
    match Decoder::load(&fixture("llama"), &device(), Some(dtype), &NoProgress) {
        Ok(_) => true,
        Err(error @ LmError::DeviceDtype { .. }) => {
            println!("SKIPPED {what}: {error}");
            false
        }
        Err(error) => panic!("{error}"),
    }
}

/// What the reference gave for one prompt.
pub struct Expected {
    /// The prompt.
    pub ids: Vec<u32>,
    /// `[tokens, vocabulary]`, row by row.
    pub logits: Vec<f32>,
    /// The greedy continuation.
    pub generated: Vec<u32>,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The folder of a variant.
pub fn fixture(variant: &str) -> PathBuf {
    fixtures().join(variant)
}

/// The folders of all variants.
pub fn all() -> Vec<PathBuf> {
    let mut variants: Vec<_> = std::fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("expected.safetensors").is_file())
        .collect();
    variants.sort();
    assert!(variants.len() >= 28, "only {} fixtures", variants.len());
    variants
}

/// The name of a variant's folder.
pub fn name(folder: &Path) -> &str {
    folder.file_name().unwrap().to_str().unwrap()
}

/// The type that the reference computed in.
pub fn dtype(folder: &Path) -> Dtype {
    if name(folder).ends_with("bf16") {
        Dtype::Bf16
    } else {
        Dtype::F32
    }
}

/// What the reference gave for the three prompts of a variant.
pub fn expected(folder: &Path) -> Vec<Expected> {
    let bytes = std::fs::read(folder.join("expected.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let integers = |name: String| -> Vec<u32> {
        let (values, rest) = tensors.tensor(&name).unwrap().data().as_chunks::<8>();
        assert!(rest.is_empty());
        let values = values.iter().map(|bytes| i64::from_le_bytes(*bytes));
        values.map(|value| u32::try_from(value).unwrap()).collect()
    };
    let floats = |name: String| -> Vec<f32> {
        let (values, rest) = tensors.tensor(&name).unwrap().data().as_chunks::<4>();
        assert!(rest.is_empty());
        values
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect()
    };
    (0..3)
        .map(|prompt| Expected {
            ids: integers(format!("ids_{prompt}")),
            logits: floats(format!("logits_{prompt}")),
            generated: integers(format!("generated_{prompt}")),
        })
        .collect()
}

/// A copy of an f32 variant with other weights: `change` gets a tensor's name and its numbers, row by row.
pub fn changed(variant: &str, change: impl Fn(&str, &mut [f32])) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let from = fixture(variant);
    std::fs::copy(from.join("config.json"), folder.path().join("config.json")).unwrap();
    let bytes = std::fs::read(from.join("model.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let numbers: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, tensor)| {
            assert_eq!(tensor.dtype(), safetensors::Dtype::F32);
            let (numbers, _) = tensor.data().as_chunks::<4>();
            let mut numbers: Vec<f32> = numbers.iter().map(|n| f32::from_le_bytes(*n)).collect();
            change(name, &mut numbers);
            let bytes = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
            (name.to_owned(), tensor.shape().to_vec(), bytes)
        })
        .collect();
    let views = numbers.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(safetensors::Dtype::F32, shape.clone(), bytes).unwrap();
        (name.as_str(), view)
    });
    let path = folder.path().join("model.safetensors");
    safetensors::serialize_to_file(views, None, &path).unwrap();
    folder
}
