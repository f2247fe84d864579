use crate::{
    TestCache, content, names,
    server::{COMMIT, Repository, Stored, bytes, header, is_get, path},
};
use clika_network::hub::{HubError, ModelFolder};
use secrecy::SecretString;
use stub_server::{StubResponse, StubServer};

#[test]
fn brings_what_a_model_needs() {
    let repository = Repository::model()
        .with(Stored::small("generation_config.json", "{}"))
        .with(Stored::small("tokenizer_config.json", "{}"))
        .with(Stored::small("special_tokens_map.json", "{}"))
        .with(Stored::small("added_tokens.json", "{}"))
        .with(Stored::small("chat_template.jinja", "{{ x }}"))
        .with(Stored::small("adapter_config.json", "{}"))
        .with(Stored::large("adapter_model.safetensors", 100))
        .with(Stored::large("tokenizer.model", 1_000))
        .with(Stored::small("readme.md", "# Tiny"))
        .with(Stored::large("pytorch_model.bin", 100))
        .with(Stored::large("onnx/model.safetensors", 100));
    let weights = repository.file("model.safetensors").content.clone();
    let server = StubServer::start(move |_, request| repository.answer(request));
    let place = TestCache::new(&server);
    let (located, seen) = place.locate("org/tiny");
    let located = located.unwrap();
    assert_eq!(
        located,
        ModelFolder {
            folder: place.repository().join("snapshots").join(COMMIT),
            name: "org/tiny".to_owned(),
            revision: Some(COMMIT.to_owned()),
        }
    );
    assert_eq!(
        names(&located.folder),
        [
            "adapter_config.json",
            "added_tokens.json",
            "chat_template.jinja",
            "config.json",
            "generation_config.json",
            "model.safetensors",
            "special_tokens_map.json",
            "tokenizer.json",
            "tokenizer.model",
            "tokenizer_config.json",
        ]
    );
    assert_eq!(content(&located.folder, "model.safetensors"), weights);
    assert_eq!(content(&located.folder, "chat_template.jinja"), b"{{ x }}");
    // 3 MiB and a bit.
    assert_eq!(*seen.stages.lock().unwrap(), ["4 MiB of org/tiny"]);
    assert_eq!(*seen.steps.lock().unwrap(), 4);
    assert!(seen.notes.lock().unwrap().is_empty());
}

#[test]
fn asks_a_second_time_for_the_list_only() {
    let repository = Repository::model();
    let server = StubServer::start(move |_, request| repository.answer(request));
    let place = TestCache::new(&server);
    place.locate("org/tiny").0.unwrap();
    let before = server.requests().len();
    place.locate("org/tiny").0.unwrap();
    let later = &server.requests()[before..];
    assert_eq!(later.len(), 1);
    assert_eq!(path(&later[0]), "/api/models/org/tiny/revision/main");
}

#[test]
fn keeps_the_token_off_the_cdn() {
    let mut repository = Repository::model();
    let weights = repository.file("model.safetensors").clone();
    let cdn = StubServer::start({
        let content = weights.content.clone();
        move |_, request| bytes(request, &content, "\"the-cdns-own\"")
    });
    repository.cdn = Some(cdn.origin());
    let server = StubServer::start(move |_, request| repository.answer(request));
    let mut place = TestCache::new(&server);
    place.settings.token = Some(SecretString::from("hf_abc"));
    let located = place.locate("org/tiny").0.unwrap();
    assert_eq!(
        content(&located.folder, "model.safetensors"),
        weights.content
    );
    assert!(place.blob(&weights.etag).is_file());

    let asked = server.requests();
    // The list; three HEADs, of which two are led on; and as much for the content.
    assert_eq!(asked.len(), 1 + 5 + 5);
    for request in asked {
        assert_eq!(header(&request, "authorization"), Some("bearer hf_abc"));
    }
    let sent = cdn.requests();
    assert_eq!(sent.len(), 1);
    assert!(
        sent[0].head.contains("signature=5ecret"),
        "{}",
        sent[0].head
    );
    assert_eq!(header(&sent[0], "authorization"), None);
    assert!(!sent[0].head.contains("hf_abc"));
}

#[test]
fn follows_a_renamed_repository() {
    let repository = Repository::model();
    let server = StubServer::start(move |_, request| {
        let path = path(request);
        if path.contains("/tiny-old/") {
            let location = path.replace("/tiny-old/", "/tiny/");
            return StubResponse::new(307, "text/plain", "Moved")
                .with_header(&format!("Location: {location}"));
        }
        repository.answer(request)
    });
    let place = TestCache::new(&server);
    let located = place.locate("org/tiny-old").0.unwrap();
    assert_eq!(located.name, "org/tiny-old");
    assert_eq!(content(&located.folder, "tokenizer.json"), b"{}");
}

#[test]
fn gives_up_on_endless_redirects() {
    let server = StubServer::start(|_, request| {
        StubResponse::new(302, "text/plain", "Found")
            .with_header(&format!("Location: {}", path(request)))
    });
    let error = TestCache::new(&server).locate("org/tiny").0.unwrap_err();
    assert!(matches!(error, HubError::Redirect { .. }), "{error}");
    assert_eq!(server.requests().len(), 9);
}

#[test]
fn brings_the_shards_that_an_index_names() {
    for (index, shard) in [
        (
            "model.safetensors.index.json",
            "model-0000{}-of-00002.safetensors",
        ),
        (
            "pytorch_model.bin.index.json",
            "pytorch_model-0000{}-of-00002.bin",
        ),
    ] {
        let (one, two) = (shard.replace("{}", "1"), shard.replace("{}", "2"));
        let map = format!(
            r#"{{"metadata": {{}}, "weight_map": {{"a": "{one}", "b": "{two}", "c": "{one}"}}}}"#
        );
        let repository = Repository::model()
            .without("model.safetensors")
            .with(Stored::small(index, &map))
            .with(Stored::large(&one, 1_000))
            .with(Stored::large(&two, 2_000))
            .with(Stored::large(&shard.replace("{}", "3"), 3_000));
        let server = StubServer::start(move |_, request| repository.answer(request));
        let place = TestCache::new(&server);
        let located = place.locate("org/tiny").0.unwrap();
        let mut wanted = vec!["config.json", "tokenizer.json", index, &one, &two];
        wanted.sort_unstable();
        assert_eq!(names(&located.folder), wanted);
        assert_eq!(content(&located.folder, &two).len(), 2_000);
        // Only then is it whole without a connection.
        let requests = server.requests();
        let last = requests.last().unwrap();
        assert!(is_get(last, &two), "{}", last.head);
    }
}

#[test]
fn brings_the_weights_that_can_be_read_without_an_index() {
    let model = || Repository::model().without("model.safetensors");
    let one = "model-00001-of-00002.safetensors";
    let two = "model-00002-of-00002.safetensors";
    for (there, wanted) in [
        (&[one, two, "consolidated.safetensors"][..], &[one, two][..]),
        (&["consolidated.safetensors"], &["consolidated.safetensors"]),
    ] {
        let repository = there.iter().fold(model(), |model, name| {
            model.with(Stored::large(name, 1_000))
        });
        let server = StubServer::start(move |_, request| repository.answer(request));
        let place = TestCache::new(&server);
        let located = place.locate("org/tiny").0.unwrap();
        let mut wanted = [&["config.json", "tokenizer.json"], wanted].concat();
        wanted.sort_unstable();
        assert_eq!(names(&located.folder), wanted);
    }
    // What cannot be read is refused before anything is fetched.
    for (there, problem) in [
        (&[one][..], format!("has no file `{two}`")),
        (
            &[one, two, "model-00001-of-00001.safetensors"],
            "has several sets of weights".to_owned(),
        ),
    ] {
        let repository = there.iter().fold(model(), |model, name| {
            model.with(Stored::large(name, 1_000))
        });
        let server = StubServer::start(move |_, request| repository.answer(request));
        let error = TestCache::new(&server).locate("org/tiny").0.unwrap_err();
        assert!(error.to_string().contains(&problem), "{error}");
        assert!(!server.requests().iter().any(|request| is_get(request, one)));
    }
}

#[test]
fn brings_a_tokenizer_of_two_files() {
    let repository = Repository::model()
        .without("tokenizer.json")
        .with(Stored::small("vocab.json", "{}"))
        .with(Stored::small("merges.txt", ""));
    let server = StubServer::start(move |_, request| repository.answer(request));
    let mut place = TestCache::new(&server);
    let located = place.locate("org/tiny").0.unwrap();
    let wanted = [
        "config.json",
        "merges.txt",
        "model.safetensors",
        "vocab.json",
    ];
    assert_eq!(names(&located.folder), wanted);
    place.settings.offline = true;
    assert_eq!(place.locate("org/tiny").0.unwrap(), located);
}

#[test]
fn takes_a_branch_with_a_slash_and_a_commit() {
    let repository = Repository::model();
    let server = StubServer::start(move |_, request| repository.answer(request));
    let place = TestCache::new(&server);
    let located = place.locate("org/tiny@refs/pr/1").0.unwrap();
    assert_eq!(located.revision.as_deref(), Some(COMMIT));
    assert_eq!(
        content(&place.repository(), "refs/refs/pr/1"),
        COMMIT.as_bytes()
    );
    let located = place.locate(&format!("org/tiny@{COMMIT}")).0.unwrap();
    assert_eq!(located.revision.as_deref(), Some(COMMIT));
    assert_eq!(names(&place.repository().join("refs")), ["refs"]);
}
