//! Blocks of every type, bit for bit.

use crate::fixture;
use clika_checkpoint::gguf::{BlockType, GgufHeader, GgufValue, read_gguf_header};
use serde_json::Value;
use std::{fs, path::Path};

fn header(path: &Path) -> GgufHeader {
    let bytes = fs::read(path).unwrap();
    let length = bytes.len() as u64;
    read_gguf_header(&*bytes, length).unwrap().unwrap()
}

/// The numbers of a tensor as they are stored in a safetensors file.
fn expected(file: &[u8], name: &str) -> Vec<u32> {
    let (size, _) = file.split_first_chunk::<8>().unwrap();
    let start = 8 + u64::from_le_bytes(*size) as usize;
    let tensors = clika_checkpoint::parse_header(&file[8..start], file.len() as u64).unwrap();
    let bytes = &tensors[name].bytes;
    let bytes = &file[bytes.start as usize..bytes.end as usize];
    let (words, rest) = bytes.as_chunks::<4>();
    assert!(rest.is_empty());
    words.iter().map(|word| u32::from_le_bytes(*word)).collect()
}

#[test]
fn every_type_becomes_the_numbers_of_gguf_bit_for_bit() {
    let path = fixture("types.gguf");
    let file = fs::read(&path).unwrap();
    let numbers = fs::read(fixture("types.safetensors")).unwrap();
    let header = header(&path);
    assert_eq!(header.tensors.len(), BlockType::ALL.len());
    for block in BlockType::ALL {
        let name = block.name().to_lowercase();
        let tensor = &header.tensors[&name];
        assert_eq!(
            (tensor.block, &*tensor.shape),
            (block, &[4, 512][..]),
            "{name}"
        );
        let bytes = &file[tensor.bytes.start as usize..tensor.bytes.end as usize];
        let mut found = vec![0.0; 4 * 512];
        block.dequantize(bytes, &mut found);
        let wanted = expected(&numbers, &name);
        let differs = found
            .iter()
            .zip(&wanted)
            .position(|(found, wanted)| found.to_bits() != *wanted);
        if let Some(place) = differs {
            let (found, wanted) = (found[place], f32::from_bits(wanted[place]));
            panic!("{name}: number {place} is {found:e}, and should be {wanted:e}");
        }
    }
}

#[test]
fn keys_of_every_type_are_read() {
    let header = header(&fixture("types.gguf"));
    let text = fs::read_to_string(fixture("types.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let keys = expected["metadata"].as_object().unwrap();
    assert!(keys.len() > 12, "{keys:?}");
    for (key, wanted) in keys {
        let found = &header.metadata[key];
        assert!(
            equal(found, wanted),
            "`{key}` is {found:?}, and should be {wanted}"
        );
    }
}

fn equal(found: &GgufValue, wanted: &Value) -> bool {
    match (found, wanted) {
        (GgufValue::Integer(found), Value::Number(wanted)) => Some(*found) == wanted.as_i128(),
        (GgufValue::F32(found), Value::Number(wanted)) => {
            wanted.as_f64().map(|wanted| wanted as f32) == Some(*found)
        }
        (GgufValue::F64(found), Value::Number(wanted)) => wanted.as_f64() == Some(*found),
        (GgufValue::Bool(found), Value::Bool(wanted)) => found == wanted,
        (GgufValue::Text(found), Value::String(wanted)) => found == wanted,
        (GgufValue::List(found), Value::Array(wanted)) => {
            found.len() == wanted.len()
                && found
                    .iter()
                    .zip(wanted)
                    .all(|(found, wanted)| equal(found, wanted))
        }
        (_, _) => false,
    }
}

#[test]
fn tensors_lie_where_the_alignment_says() {
    let path = fixture("alignment.gguf");
    let file = fs::read(&path).unwrap();
    let tensor = &header(&path).tensors["blk.0.attn_norm.weight"];
    assert_eq!(tensor.bytes.start % 256, 0);
    let mut numbers = [0.0; 5];
    let bytes = tensor.bytes.start as usize..tensor.bytes.end as usize;
    tensor.block.dequantize(&file[bytes], &mut numbers);
    assert_eq!(numbers, [0.0, 1.0, 2.0, 3.0, 4.0]);
}
