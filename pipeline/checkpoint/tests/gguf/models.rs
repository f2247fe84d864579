//! The architecture that the metadata describe is that of the same model's `config.json`.

use crate::fixture;
use clika_checkpoint::{PositionEncoding, RopeScaling, parse_architecture, read_architecture};
use serde_json::Value;
use std::path::Path;

#[test]
fn the_metadata_describe_what_config_json_does() {
    let mut seen = 0;
    for entry in std::fs::read_dir(fixture("models")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let model: Value = serde_json::from_str(&text).unwrap();
        let file = model["files"][0].as_str().unwrap();
        let found = read_architecture(&path.with_file_name(file)).unwrap();
        let config = model["config"].to_string();
        let mut wanted = parse_architecture(Path::new("config.json"), &config).unwrap();
        // config.json has rules for what the file has as numbers.
        if let Some(factors) = model["rope_factors"].as_array() {
            let factors = factors.iter().map(|factor| factor.as_f64().unwrap() as f32);
            let factors: Vec<f32> = factors.collect();
            for position in &mut wanted.positions {
                if let PositionEncoding::Rope(rope) = position {
                    rope.scaling = RopeScaling::Factors {
                        factors: factors.clone(),
                    };
                }
            }
        }
        assert_eq!(found, wanted, "{file}");
        seen += 1;
    }
    assert!(seen >= 11, "only {seen} models");
}
