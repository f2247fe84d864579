//! The header of a safetensors file: what it accepts lies inside the file and does not overlap.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u64, &[u8])| {
    let (length, json) = input;
    if let Ok(header) = clika_checkpoint::parse_header(json, length) {
        for entry in header.values() {
            assert!(entry.bytes.start <= entry.bytes.end && entry.bytes.end <= length);
        }
    }
});
