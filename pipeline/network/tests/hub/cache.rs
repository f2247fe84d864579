use crate::{
    TestCache, content, hint, names,
    server::{COMMIT, Repository, Stored},
};
use clika_network::hub::{HubError, HubSettings, ModelFolder};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, ffi::OsString, fs, path::Path};
use stub_server::{StubResponse, StubServer};
use tempfile::TempDir;

/// A cache that has the model.
fn filled() -> (TestCache, ModelFolder) {
    let repository = Repository::model();
    let server = StubServer::start(move |_, request| repository.answer(request));
    let place = TestCache::new(&server);
    let located = place.locate("org/tiny").0.unwrap();
    (place, located)
}

#[test]
fn needs_no_connection_for_what_is_cached() {
    let (mut place, located) = filled();
    let silent = StubServer::start(|_, _| StubResponse::new(500, "text/plain", ""));
    place.settings.endpoint = silent.origin().parse().unwrap();
    place.settings.offline = true;
    for model in ["org/tiny", "org/tiny@main", &format!("org/tiny@{COMMIT}")] {
        let (found, seen) = place.locate(model);
        assert_eq!(found.unwrap(), located);
        assert!(seen.notes.lock().unwrap().is_empty());
    }
    assert!(silent.requests().is_empty());
}

#[test]
fn says_what_the_cache_lacks() {
    let (mut place, located) = filled();
    place.settings.offline = true;
    let lacks = |model: &str| match place.locate(model).0.unwrap_err() {
        HubError::Offline { missing, .. } => missing,
        other => panic!("{other}"),
    };
    assert_eq!(lacks("org/other"), "revision `main`");
    assert_eq!(lacks("org/tiny@v2"), "revision `v2`");
    let commit = "f".repeat(40);
    assert_eq!(
        lacks(&format!("org/tiny@{commit}")),
        format!("revision {commit}")
    );
    let error = place.locate("org/tiny@v2").0.unwrap_err();
    assert!(
        error.to_string().contains("HF_HUB_OFFLINE is set"),
        "{error}"
    );
    assert!(hint(&error).contains("unset HF_HUB_OFFLINE"));

    let rename = |from: &str, to: &str| {
        fs::rename(located.folder.join(from), located.folder.join(to)).unwrap();
    };
    rename("model.safetensors", "model-1.safetensors");
    let index = located.folder.join("model.safetensors.index.json");
    let map = r#"{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}"#;
    fs::write(&index, map).unwrap();
    assert_eq!(lacks("org/tiny"), "model-2.safetensors");
    fs::remove_file(index).unwrap();
    rename("model-1.safetensors", "model-1-of-2.safetensors");
    assert_eq!(lacks("org/tiny"), "model-2-of-2.safetensors");
    rename("model-1-of-2.safetensors", "weights");
    assert_eq!(lacks("org/tiny"), "a file with weights");
    rename("weights", "model.safetensors");
    rename("tokenizer.json", "vocab.json");
    assert_eq!(
        lacks("org/tiny"),
        "tokenizer.json or tokenizer.model or vocab.json with merges.txt"
    );
    rename("config.json", "params.json");
    assert_eq!(lacks("org/tiny"), "config.json");
}

#[test]
fn a_short_commit_is_found_without_a_connection() {
    let (mut place, located) = filled();
    place.settings.offline = true;
    for digits in [7, 12, 39] {
        let model = format!("org/tiny@{}", &COMMIT[..digits]);
        assert_eq!(place.locate(&model).0.unwrap(), located);
    }
    let upper = format!("org/tiny@{}", COMMIT[..12].to_ascii_uppercase());
    assert_eq!(place.locate(&upper).0.unwrap(), located);
    let refused = |digits: &str| {
        let error = place.locate(&format!("org/tiny@{digits}")).0.unwrap_err();
        assert!(
            matches!(&error, HubError::Offline { missing, .. } if *missing == format!("revision `{digits}`")),
            "{error}"
        );
    };
    refused(&COMMIT[..6]);
    refused("0000000");
    // Of two commits that begin alike neither is meant.
    let mut other = COMMIT.to_owned();
    other.replace_range(20.., &"0".repeat(20));
    assert_ne!(other, COMMIT);
    fs::create_dir(located.folder.with_file_name(other)).unwrap();
    refused(&COMMIT[..12]);
}

#[test]
fn a_link_to_nothing_is_no_file() {
    let (mut place, _) = filled();
    place.settings.offline = true;
    let repository = Repository::model();
    let weights = &repository.file("model.safetensors").etag;
    fs::remove_file(place.blob(weights)).unwrap();
    let error = place.locate("org/tiny").0.unwrap_err();
    assert!(
        error.to_string().contains("a file with weights is missing"),
        "{error}"
    );
}

#[test]
fn a_damaged_file_is_fetched_again_or_named() {
    // The hub names large files by their SHA-256, small ones as Git does.
    for (name, digits) in [("model.safetensors", 64), ("config.json", 40)] {
        let repository = Repository::model();
        let expected = repository.file(name).content.clone();
        let etag = repository.file(name).etag.clone();
        assert_eq!(etag.len(), digits);
        let server = StubServer::start(move |_, request| repository.answer(request));
        let mut place = TestCache::new(&server);
        let (located, _) = place.locate("org/tiny");
        let folder = located.unwrap().folder;
        let mut flipped = expected.clone();
        let last = flipped.len() - 1;
        flipped[last] ^= 0x40;
        for damaged in [&flipped[..], &expected[..last]] {
            fs::write(place.blob(&etag), damaged).unwrap();
            let (located, seen) = place.locate("org/tiny");
            located.unwrap();
            assert_eq!(content(&folder, name), expected);
            let notes = seen.notes.lock().unwrap().join(" ");
            assert!(notes.contains("in the cache was damaged"), "{notes}");
        }
        let (_, seen) = place.locate("org/tiny");
        assert!(seen.notes.lock().unwrap().is_empty());
        place.settings.offline = true;
        fs::write(place.blob(&etag), &flipped).unwrap();
        let error = place.locate("org/tiny").0.unwrap_err();
        assert!(error.to_string().contains("was damaged"), "{error}");
    }
}

#[test]
fn a_link_that_leads_to_nothing_is_made_anew() {
    let repository = Repository::model();
    let server = StubServer::start(move |_, request| repository.answer(request));
    let place = TestCache::new(&server);
    let folder = place.locate("org/tiny").0.unwrap().folder;
    let link = folder.join("config.json");
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("../../blobs/none", &link).unwrap();
    place.locate("org/tiny").0.unwrap();
    assert_eq!(
        content(&folder, "config.json"),
        br#"{"model_type": "llama"}"#
    );
    assert_eq!(
        names(&folder),
        ["config.json", "model.safetensors", "tokenizer.json"]
    );
}

#[test]
fn an_index_in_the_cache_stays_inside() {
    let (mut place, located) = filled();
    place.settings.offline = true;
    fs::remove_file(located.folder.join("model.safetensors")).unwrap();
    let index = located.folder.join("model.safetensors.index.json");
    fs::write(
        &index,
        r#"{"weight_map": {"a": "../../../../x.safetensors"}}"#,
    )
    .unwrap();
    let error = place.locate("org/tiny").0.unwrap_err();
    assert!(matches!(error, HubError::Outside { .. }), "{error}");
}

#[test]
fn uses_the_cache_without_a_connection_and_says_so() {
    let (mut place, located) = filled();
    // Nothing listens there, and no test gets it as a free port.
    place.settings.endpoint = "http://127.0.0.1:1".parse().unwrap();
    let (found, seen) = place.locate("org/tiny");
    assert_eq!(found.unwrap(), located);
    let notes = seen.notes.lock().unwrap();
    assert_eq!(notes.len(), 3, "{notes:?}");
    assert!(
        notes[2].ends_with(&format!(
            "does not answer; using revision {COMMIT} of `org/tiny` from the cache, which may not be the newest"
        )),
        "{notes:?}"
    );
    let error = place.locate("org/other").0.unwrap_err();
    assert!(matches!(error, HubError::Unreachable { .. }), "{error}");
}

#[test]
fn a_local_folder_wins() {
    let server = StubServer::start(|_, _| StubResponse::new(500, "text/plain", ""));
    let place = TestCache::new(&server);
    let folder = place.folder.path().join("org/tiny@main");
    fs::create_dir_all(&folder).unwrap();
    let found = place.locate(folder.to_str().unwrap()).0.unwrap();
    assert_eq!(
        found,
        ModelFolder {
            folder: folder.clone(),
            name: "tiny@main".to_owned(),
            revision: None,
        }
    );
    // A link is called what it is called, whatever it points to.
    let link = place.folder.path().join("Qwen2.5-0.5B");
    std::os::unix::fs::symlink(&folder, &link).unwrap();
    for path in [
        link.clone(),
        link.join("."),
        folder.join("../../Qwen2.5-0.5B/"),
    ] {
        let found = place.locate(path.to_str().unwrap()).0.unwrap();
        assert_eq!(found.name, "Qwen2.5-0.5B", "{}", path.display());
    }
    let above = place.locate(folder.join("..").to_str().unwrap()).0.unwrap();
    assert_eq!(above.name, "org");
    // Relative to where the test runs: this crate's folder.
    let found = place.locate("tests/hub").0.unwrap();
    assert_eq!(found.folder, Path::new("tests/hub"));
    assert_eq!(found.name, "hub");
    assert!(server.requests().is_empty());

    let error = place.locate("tests/hub/main.rs").0.unwrap_err();
    assert!(matches!(error, HubError::NotAFolder { .. }), "{error}");
    let error = place.locate("./no/such/folder").0.unwrap_err();
    assert!(matches!(error, HubError::NoFolder { .. }), "{error}");
    assert!(server.requests().is_empty());
}

/// All that is in a folder: links with their targets, files with their text.
fn tree(root: &Path, folder: &Path, found: &mut Map<String, Value>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path
            .strip_prefix(root)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        if path.is_symlink() {
            found.insert(name, json!({"link": fs::read_link(&path).unwrap()}));
        } else if path.is_dir() {
            tree(root, &path, found);
        } else {
            found.insert(name, json!({"text": fs::read_to_string(&path).unwrap()}));
        }
    }
}

/// What huggingface_hub's cache holds after it downloaded a model; see cache_layout.py.
fn recorded() -> Map<String, Value> {
    let text = fs::read_to_string("tests/hub/cache_layout.json").unwrap();
    let recorded: Value = serde_json::from_str(&text).unwrap();
    recorded["files"].as_object().unwrap().clone()
}

#[test]
fn the_layout_is_that_of_huggingface_hub() {
    let repository = Repository {
        id: "org/tiny",
        files: vec![
            Stored::small("config.json", r#"{"model_type": "llama"}"#),
            Stored::small("tokenizer.json", "{}"),
            Stored::small(
                "model.safetensors.index.json",
                r#"{"weight_map": {"a": "parts/model-00001-of-00001.safetensors"}}"#,
            ),
            Stored::new(
                "parts/model-00001-of-00001.safetensors",
                b"weights".to_vec(),
                true,
            ),
        ],
        cdn: None,
    };
    let server = StubServer::start(move |_, request| repository.answer(request));
    let place = TestCache::new(&server);
    place.locate("org/tiny").0.unwrap();
    let mut found = Map::new();
    tree(&place.settings.cache, &place.settings.cache, &mut found);
    assert_eq!(found, recorded());
}

#[test]
fn finds_what_huggingface_hub_downloaded() {
    let server = StubServer::start(|_, _| StubResponse::new(500, "text/plain", ""));
    let mut place = TestCache::new(&server);
    place.settings.offline = true;
    for (name, entry) in recorded() {
        let path = place.settings.cache.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match (entry["link"].as_str(), entry["text"].as_str()) {
            (Some(target), _) => std::os::unix::fs::symlink(target, path).unwrap(),
            (None, text) => fs::write(path, text.unwrap()).unwrap(),
        }
    }
    let located = place.locate("org/tiny").0.unwrap();
    assert_eq!(located.revision.as_deref(), Some(COMMIT));
    assert_eq!(
        content(&located.folder, "parts/model-00001-of-00001.safetensors"),
        b"weights"
    );
}

/// The settings of an environment with these variables.
fn settings(variables: &[(&str, &str)]) -> Result<HubSettings, HubError> {
    let variables: BTreeMap<_, _> = variables.iter().copied().collect();
    HubSettings::from_variables(&|name| variables.get(name).map(OsString::from))
}

#[test]
fn reads_the_environment() {
    let found = settings(&[("HOME", "/home/x")]).unwrap();
    assert_eq!(found.endpoint.as_str(), "https://huggingface.co/");
    assert_eq!(found.cache, Path::new("/home/x/.cache/huggingface/hub"));
    assert!(found.token.is_none() && !found.offline);
    for (variables, cache) in [
        (
            &[("XDG_CACHE_HOME", "/c"), ("HOME", "/h")][..],
            "/c/huggingface/hub",
        ),
        (&[("HF_HOME", "/f"), ("XDG_CACHE_HOME", "/c")], "/f/hub"),
        (&[("HF_HUB_CACHE", "/k"), ("HF_HOME", "/f")], "/k"),
        (&[("HF_HUB_CACHE", ""), ("HF_HOME", "/f")], "/f/hub"),
        // The older name, which huggingface_hub still reads.
        (&[("HUGGINGFACE_HUB_CACHE", "/o"), ("HF_HOME", "/f")], "/o"),
        (
            &[("HUGGINGFACE_HUB_CACHE", "/o"), ("HF_HUB_CACHE", "/k")],
            "/k",
        ),
        (&[("HF_HOME", "~/f"), ("HOME", "/h")], "/h/f/hub"),
    ] {
        assert_eq!(settings(variables).unwrap().cache, Path::new(cache));
    }
    assert!(matches!(settings(&[]).unwrap_err(), HubError::NoHome));

    for (value, offline) in [("1", true), ("yes", true), ("True", true), ("0", false)] {
        let variables = [("HOME", "/h"), ("HF_HUB_OFFLINE", value)];
        assert_eq!(settings(&variables).unwrap().offline, offline);
    }
    let variables = [("HOME", "/h"), ("TRANSFORMERS_OFFLINE", "1")];
    assert!(settings(&variables).unwrap().offline);
    for (variable, value) in [
        ("HF_HUB_OFFLINE", "maybe"),
        ("HF_ENDPOINT", "hub.example.org"),
    ] {
        let error = settings(&[("HOME", "/h"), (variable, value)]).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with(&format!("{variable} is `{value}`"))
        );
    }
}

#[test]
fn finds_the_token() {
    let home = TempDir::new().unwrap();
    let path = home.path().to_str().unwrap();
    let token = |variables: &[(&str, &str)]| {
        let token = settings(variables).unwrap().token;
        token.map(|token| token.expose_secret().to_owned())
    };
    assert_eq!(token(&[("HF_HOME", path)]), None);
    fs::write(home.path().join("token"), "hf_file\n").unwrap();
    assert_eq!(token(&[("HF_HOME", path)]).as_deref(), Some("hf_file"));
    let both = [("HF_HOME", path), ("HF_TOKEN", " hf_variable ")];
    assert_eq!(token(&both).as_deref(), Some("hf_variable"));
    fs::write(home.path().join("other"), "hf_other").unwrap();
    let other = format!("{path}/other");
    let named = [("HF_HOME", path), ("HF_TOKEN_PATH", &other)];
    assert_eq!(token(&named).as_deref(), Some("hf_other"));

    let error = {
        let mut found = settings(&both).unwrap();
        found.token = Some("hf_\nbroken".to_owned().into());
        clika_network::hub::Hub::new(found).err().unwrap()
    };
    assert!(matches!(error, HubError::Token), "{error}");
    assert_eq!(content(home.path(), "token"), b"hf_file\n");
}
