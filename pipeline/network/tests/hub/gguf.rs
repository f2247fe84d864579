//! GGUF files on the hub: one is chosen by its quantization, and nothing else is fetched.

use crate::{
    TestCache, chain,
    server::{COMMIT, Repository, Stored},
};
use clika_network::hub::HubError;
use std::fs;
use stub_server::StubServer;

/// A repository as people publish them, but for capitals, which the server here takes for small letters: several quantizations, a large one in parts, no config.json.
fn repository() -> Repository {
    Repository::model()
        .without("config.json")
        .without("tokenizer.json")
        .without("model.safetensors")
        .with(Stored::small("readme.md", "# Tiny"))
        .with(Stored::large("tiny-q4_k_m.gguf", 1_000))
        .with(Stored::large("tiny-q8_0.gguf", 2_000))
        .with(Stored::large(
            "tiny-f16/tiny-f16-00001-of-00002.gguf",
            3_000,
        ))
        .with(Stored::large(
            "tiny-f16/tiny-f16-00002-of-00002.gguf",
            4_000,
        ))
        .with(Stored::large("mmproj-q8_0.gguf", 500))
}

#[test]
fn one_quantization_is_fetched_and_found_again_without_a_connection() {
    let server = StubServer::start(move |_, request| repository().answer(request));
    let mut place = TestCache::new(&server);
    let snapshot = place.repository().join("snapshots").join(COMMIT);
    for (model, file) in [
        ("org/tiny:Q4_K_M", "tiny-q4_k_m.gguf"),
        ("org/tiny@main:q8_0", "tiny-q8_0.gguf"),
        ("org/tiny:F16", "tiny-f16/tiny-f16-00001-of-00002.gguf"),
    ] {
        place.settings.offline = false;
        let located = place.locate(model).0.unwrap();
        assert_eq!(located.folder, snapshot.join(file));
        let quantization = model.rsplit(':').next().unwrap();
        assert_eq!(located.name, format!("org/tiny:{quantization}"));
        place.settings.offline = true;
        assert_eq!(place.locate(model).0.unwrap(), located);
    }
    let second = snapshot.join("tiny-f16/tiny-f16-00002-of-00002.gguf");
    assert_eq!(fs::read(second).unwrap().len(), 4_000);
    // Nothing that was not asked for.
    assert!(!snapshot.join("readme.md").exists());
    assert!(!snapshot.join("mmproj-q8_0.gguf").exists());
}

#[test]
fn what_is_not_there_or_not_one_is_said() {
    let server = StubServer::start(move |_, request| repository().answer(request));
    let mut place = TestCache::new(&server);
    let error = place.locate("org/tiny:Q5_0").0.unwrap_err();
    assert!(
        matches!(error, HubError::NoWeights { .. }),
        "{}",
        chain(&error)
    );
    assert!(error.to_string().contains("tiny-q4_k_m.gguf"), "{error}");
    let error = place.locate("org/tiny").0.unwrap_err();
    assert!(
        matches!(error, HubError::SeveralWeights { .. }),
        "{}",
        chain(&error)
    );
    place.settings.offline = true;
    let error = place.locate("org/tiny:Q4_K_M").0.unwrap_err();
    assert!(
        matches!(error, HubError::Offline { .. }),
        "{}",
        chain(&error)
    );
}

#[test]
fn a_repository_with_one_file_needs_no_quantization() {
    let repository = || {
        Repository::model()
            .without("config.json")
            .without("tokenizer.json")
            .without("model.safetensors")
            .with(Stored::large("tiny-q8_0.gguf", 2_000))
    };
    let server = StubServer::start(move |_, request| repository().answer(request));
    let mut place = TestCache::new(&server);
    let located = place.locate("org/tiny").0.unwrap();
    assert_eq!(located.folder.file_name().unwrap(), "tiny-q8_0.gguf");
    assert_eq!(located.name, "org/tiny");
    place.settings.offline = true;
    assert!(place.locate("org/tiny").0.unwrap().folder.exists());
}
