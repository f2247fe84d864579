//! Small files with what a test wants in them. Not every test that has this module uses all of it.

#![allow(dead_code, clippy::unwrap_used)]

use std::path::Path;

/// A value of a key.
#[derive(Clone, Copy)]
pub enum Key {
    Text(&'static str),
    U32(u32),
    I32(i32),
    F32(f32),
    Bool(bool),
    Texts(&'static [&'static str]),
}

/// A file to be written.
pub struct Gguf {
    keys: Vec<(&'static str, Key)>,
    /// Names, the format's codes of types, dimensions in the file's order.
    tensors: Vec<(&'static str, u32, Vec<u64>)>,
    overlapping: bool,
}

impl Gguf {
    /// A llama of one layer, four wide, with two tokens.
    pub fn model() -> Self {
        let matrix = |name| (name, 0, vec![4, 4]);
        Self {
            keys: vec![
                ("general.architecture", Key::Text("llama")),
                ("llama.context_length", Key::U32(8)),
                ("llama.embedding_length", Key::U32(4)),
                ("llama.block_count", Key::U32(1)),
                ("llama.feed_forward_length", Key::U32(4)),
                ("llama.attention.head_count", Key::U32(1)),
                ("llama.attention.layer_norm_rms_epsilon", Key::F32(1e-5)),
                ("tokenizer.ggml.model", Key::Text("gpt2")),
                ("tokenizer.ggml.pre", Key::Text("gpt-2")),
                ("tokenizer.ggml.tokens", Key::Texts(&["a", "b"])),
                ("tokenizer.ggml.merges", Key::Texts(&[])),
            ],
            tensors: vec![
                ("token_embd.weight", 0, vec![4, 2]),
                ("blk.0.attn_norm.weight", 0, vec![4]),
                matrix("blk.0.attn_q.weight"),
                matrix("blk.0.attn_k.weight"),
                matrix("blk.0.attn_v.weight"),
                matrix("blk.0.attn_output.weight"),
                ("blk.0.ffn_norm.weight", 0, vec![4]),
                matrix("blk.0.ffn_gate.weight"),
                matrix("blk.0.ffn_up.weight"),
                matrix("blk.0.ffn_down.weight"),
                ("output_norm.weight", 0, vec![4]),
            ],
            overlapping: false,
        }
    }

    /// With another value of a key, or one key more.
    pub fn key(mut self, key: &'static str, value: Key) -> Self {
        self.keys.retain(|(name, _)| *name != key);
        self.keys.push((key, value));
        self
    }

    pub fn without(mut self, key: &str) -> Self {
        self.keys.retain(|(name, _)| *name != key);
        self
    }

    pub fn twice(mut self, key: &'static str) -> Self {
        let first = self.keys.iter().find(|(name, _)| *name == key).copied();
        self.keys.extend(first);
        self
    }

    /// With one tensor more, of f32.
    pub fn tensor(mut self, name: &'static str, dimensions: &[u64]) -> Self {
        self.tensors.push((name, 0, dimensions.to_vec()));
        self
    }

    /// With another shape of a tensor.
    pub fn shape(mut self, name: &str, dimensions: &[u64]) -> Self {
        for (known, _, shape) in &mut self.tensors {
            if *known == name {
                *shape = dimensions.to_vec();
            }
        }
        self
    }

    /// With a tensor in blocks of 32.
    pub fn quantized(mut self) -> Self {
        self.tensors.push(("output.weight", 8, vec![32, 1]));
        self
    }

    /// With all tensors in one place.
    pub fn overlapping(mut self) -> Self {
        self.overlapping = true;
        self
    }

    /// The whole file; all numbers are 0.
    pub fn bytes(&self) -> Vec<u8> {
        let (mut bytes, length) = self.header();
        bytes.resize(length as usize, 0);
        bytes
    }

    /// The header, and the length of the file.
    fn header(&self) -> (Vec<u8>, u64) {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(3_u32.to_le_bytes());
        bytes.extend((self.tensors.len() as u64).to_le_bytes());
        bytes.extend((self.keys.len() as u64).to_le_bytes());
        for (key, value) in &self.keys {
            text(&mut bytes, key);
            match value {
                Key::Text(value) => {
                    bytes.extend(8_u32.to_le_bytes());
                    text(&mut bytes, value);
                }
                Key::U32(value) => {
                    bytes.extend(4_u32.to_le_bytes());
                    bytes.extend(value.to_le_bytes());
                }
                Key::I32(value) => {
                    bytes.extend(5_u32.to_le_bytes());
                    bytes.extend(value.to_le_bytes());
                }
                Key::F32(value) => {
                    bytes.extend(6_u32.to_le_bytes());
                    bytes.extend(value.to_le_bytes());
                }
                Key::Bool(value) => {
                    bytes.extend(7_u32.to_le_bytes());
                    bytes.push(u8::from(*value));
                }
                Key::Texts(values) => {
                    bytes.extend([9_u32.to_le_bytes(), 8_u32.to_le_bytes()].concat());
                    bytes.extend((values.len() as u64).to_le_bytes());
                    for value in *values {
                        text(&mut bytes, value);
                    }
                }
            }
        }
        let mut data: u64 = 0;
        for (name, code, dimensions) in &self.tensors {
            text(&mut bytes, name);
            bytes.extend((dimensions.len() as u32).to_le_bytes());
            for size in dimensions {
                bytes.extend(size.to_le_bytes());
            }
            bytes.extend(code.to_le_bytes());
            let offset = if self.overlapping { 0 } else { data };
            bytes.extend(offset.to_le_bytes());
            let numbers: u64 = dimensions.iter().product();
            let size = if *code == 8 {
                numbers / 32 * 34
            } else {
                numbers * 4
            };
            data = (data + size).next_multiple_of(32);
        }
        let length = (bytes.len() as u64).next_multiple_of(32) + data;
        (bytes, length)
    }

    /// Writes the file; numbers take no room on the disk.
    pub fn write(&self, path: &Path) {
        let (bytes, length) = self.header();
        std::fs::write(path, bytes).unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(length).unwrap();
    }
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}
