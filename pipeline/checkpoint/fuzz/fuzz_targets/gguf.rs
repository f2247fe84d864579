//! A GGUF file: its header, architecture, tokenizer and numbers, or an error, never a panic.
#![no_main]

use clika_checkpoint::{Checkpoint, Dtype, read_architecture, tokenizer::Tokenizer};
use libfuzzer_sys::fuzz_target;
use std::{fs, path::PathBuf, sync::OnceLock};

fuzz_target!(|bytes: &[u8]| {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    let path = PATH.get_or_init(|| {
        let name = format!("clika-fuzz-{}.gguf", std::process::id());
        std::env::temp_dir().join(name)
    });
    fs::write(path, bytes).expect("the temporary folder can be written");
    let _ = read_architecture(path);
    if let Ok(tokenizer) = Tokenizer::load(path) {
        let _ = tokenizer.encode("Ein Wort, 12 Zahlen\n\n7 und é🎉", true);
    }
    if let Ok(mut checkpoint) = Checkpoint::open(path) {
        for (name, shape) in checkpoint.shapes() {
            let _ = checkpoint.take(&name, &shape, Dtype::F32);
        }
    }
});
