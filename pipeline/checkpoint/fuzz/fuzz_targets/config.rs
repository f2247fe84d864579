//! A model's configuration: whatever it says, an architecture or an error, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|text: &str| {
    if let Ok(architecture) = clika_checkpoint::parse_architecture(Path::new("config.json"), text) {
        let _ = architecture.parameters();
        for rope in architecture.ropes() {
            let (cosines, _) = rope.table(3, 5);
            assert_eq!(cosines.len(), 2 * (rope.width / 2));
        }
    }
});
