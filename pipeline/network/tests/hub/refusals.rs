use crate::{
    TestCache, chain, hint,
    server::{COMMIT, Repository, Stored, error, is_get, listing, path},
};
use clika_network::hub::HubError;
use secrecy::SecretString;
use std::time::Duration;
use stub_server::{StubResponse, StubServer};

/// What comes of a server that always answers so, and how often it was asked.
fn outcome(
    answer: impl Fn(usize) -> StubResponse + Send + 'static,
) -> (HubError, usize, Vec<String>) {
    let server = StubServer::start(move |nth, _| answer(nth));
    let (located, seen) = TestCache::new(&server).locate("org/tiny");
    let notes = seen.notes.lock().unwrap().clone();
    (located.unwrap_err(), server.requests().len(), notes)
}

#[test]
fn tells_strangers_to_set_a_token() {
    let refuse = |_| StubResponse::new(401, "text/plain", "Invalid username or password.");
    let (error, asked, _) = outcome(refuse);
    assert_eq!(
        error.to_string(),
        "the hub does not show `org/tiny` to anonymous users (401)"
    );
    assert!(hint(&error).contains("HF_TOKEN"));
    assert_eq!(asked, 1);
    let (error, ..) = outcome(|_| crate::server::error(401, "RepoNotFound", "Not found"));
    assert!(matches!(error, HubError::Unauthorized { token: false, .. }));

    let server = StubServer::start(move |nth, _| refuse(nth));
    let mut place = TestCache::new(&server);
    place.settings.token = Some(SecretString::from("hf_old"));
    let error = place.locate("org/tiny").0.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the hub does not show `org/tiny` to this token (401)"
    );
    assert!(!format!("{error:?}").contains("hf_old"));
}

#[test]
fn tells_where_to_accept_a_licence() {
    // The list of a gated model is public; its files are not. To strangers it says 401.
    for (status, code) in [(403, "GatedRepo"), (401, "GatedRepo"), (403, "Other")] {
        let repository = Repository::model();
        let server = StubServer::start(move |_, request| {
            if path(request).contains("/resolve/") {
                let message = "You are not in the authorized list.";
                return error(status, code, message);
            }
            repository.answer(request)
        });
        let error = TestCache::new(&server).locate("org/tiny").0.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "the hub refuses access to `org/tiny` ({status}): You are not in the authorized list."
            )
        );
        assert_eq!(
            hint(&error),
            format!(
                "accept the licence at {}/org/tiny with your account, and set HF_TOKEN to a token \
                 of that account",
                server.origin()
            )
        );
    }
}

#[test]
fn tells_repositories_revisions_and_files_apart() {
    let (error, asked, _) = outcome(|_| error(404, "RepoNotFound", "Repository not found"));
    assert!(matches!(error, HubError::NoRepository { .. }), "{error}");
    assert_eq!(asked, 1);

    let server = StubServer::start(|_, _| {
        crate::server::error(404, "RevisionNotFound", "Invalid rev id: v9")
    });
    let missing = TestCache::new(&server).locate("org/tiny@v9").0.unwrap_err();
    assert_eq!(
        missing.to_string(),
        format!(
            "the model `org/tiny` has no revision `v9` at {}/ (404)",
            server.origin()
        )
    );

    // A mirror without the hub's codes.
    let (error, ..) = outcome(|_| StubResponse::new(404, "text/html", "<h1>Not Found</h1>"));
    assert!(matches!(error, HubError::NoRepository { .. }), "{error}");

    let repository = Repository::model();
    let server = StubServer::start(move |_, request| {
        if path(request).contains("/resolve/") && path(request).ends_with(".safetensors") {
            return crate::server::error(404, "EntryNotFound", "Entry not found");
        }
        repository.answer(request)
    });
    let error = TestCache::new(&server).locate("org/tiny").0.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the model `org/tiny` has no file `model.safetensors` at revision {COMMIT}")
    );
}

#[test]
fn waits_as_long_as_the_hub_wants() {
    let repository = Repository::model();
    let server = StubServer::start(move |nth, request| match nth {
        0 => StubResponse::new(429, "text/plain", "Slow down").with_header("Retry-After: 1"),
        3 => StubResponse::new(503, "text/plain", "Oops"),
        _ => repository.answer(request),
    });
    let (located, seen) = TestCache::new(&server).locate("org/tiny");
    located.unwrap();
    let notes = seen.notes.lock().unwrap();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert_eq!(
        notes[0],
        format!(
            "{}/api/models/org/tiny/revision/main is busy (429); trying again in 1 s",
            server.origin()
        )
    );
    assert!(notes[1].contains("is busy (503)"));
}

#[test]
fn does_not_wait_forever() {
    let (error, asked, _) = outcome(|_| {
        StubResponse::new(429, "text/plain", "Slow down").with_header("Retry-After: 3600")
    });
    assert!(matches!(error, HubError::Busy { .. }), "{error}");
    assert_eq!(asked, 1);
    let (error, asked, notes) = outcome(|_| StubResponse::new(500, "text/plain", "Oops"));
    assert!(matches!(error, HubError::Busy { .. }), "{error}");
    assert_eq!((asked, notes.len()), (3, 2));

    let server = StubServer::start(|_, _| StubResponse::Stall);
    let mut place = TestCache::new(&server);
    place.settings.stall = Duration::from_millis(100);
    let error = place.locate("org/tiny").0.unwrap_err();
    assert!(matches!(error, HubError::Unreachable { .. }), "{error}");
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn takes_no_name_that_leads_out() {
    for name in [
        "../evil.safetensors",
        "/etc/evil.safetensors",
        "..\\evil.bin",
    ] {
        let (error, asked, _) = outcome(move |_| listing(["config.json", name].into_iter()));
        let HubError::Outside { source, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(source.name, name);
        assert_eq!(asked, 1);
    }
}

/// A model with an index, and whether its shards were asked for.
fn with_index(index: &str) -> (HubError, bool) {
    let repository = Repository::model()
        .without("model.safetensors")
        .with(Stored::small("model.safetensors.index.json", index));
    let server = StubServer::start(move |_, request| repository.answer(request));
    let error = TestCache::new(&server).locate("org/tiny").0.unwrap_err();
    let asked = server
        .requests()
        .iter()
        .any(|request| is_get(request, "evil.safetensors"));
    (error, asked)
}

#[test]
fn takes_no_shard_that_leads_out() {
    let (error, asked) = with_index(
        r#"{"weight_map": {"a": "model.safetensors", "b": "../../../evil.safetensors"}}"#,
    );
    let text = chain(&error);
    assert!(
        text.contains(&format!(
            "{COMMIT}/model.safetensors.index.json names a file"
        )),
        "{text}"
    );
    assert!(text.contains("`../../../evil.safetensors`"), "{text}");
    assert!(text.ends_with("it leads to a folder above"), "{text}");
    assert!(!asked);
}

#[test]
fn takes_no_index_that_is_none() {
    let (error, _) = with_index(r#"{"weights": {}}"#);
    assert!(matches!(error, HubError::Index { .. }), "{error}");
    let (error, _) = with_index(r#"{"weight_map": {}}"#);
    assert!(matches!(error, HubError::EmptyIndex { .. }), "{error}");
    let (error, _) = with_index(r#"{"weight_map": {"a": "model-1.safetensors"}}"#);
    match error {
        HubError::NoFile { file, .. } => assert_eq!(file, "model-1.safetensors"),
        other => panic!("{other}"),
    }
}

#[test]
fn takes_no_repository_that_is_no_model() {
    let (error, ..) = outcome(|_| listing(["config.json", "model.onnx"].into_iter()));
    assert_eq!(
        error.to_string(),
        "the model `org/tiny` has no weights that can be read; its files: config.json, model.onnx"
    );
    let (error, ..) = outcome(|_| listing(["model.safetensors"].into_iter()));
    assert!(matches!(error, HubError::NoFile { .. }), "{error}");
}

#[test]
fn takes_no_answer_that_is_none_of_the_hub() {
    let (error, ..) = outcome(|_| StubResponse::new(200, "text/html", "<h1>Please log in</h1>"));
    assert!(matches!(error, HubError::Listing { .. }), "{error}");
    for commit in ["../..", "", "main"] {
        let text = format!(r#"{{"sha": "{commit}", "siblings": []}}"#);
        let (error, ..) =
            outcome(move |_| StubResponse::new(200, "application/json", text.clone()));
        assert!(matches!(error, HubError::BadAnswer { .. }), "{error}");
    }
    for line in [
        "ETag: \"../../../evil\"",
        "ETag: \"\"",
        "Server: without an ETag",
    ] {
        let repository = Repository::model();
        let server = StubServer::start(move |_, request| {
            if path(request).contains("/resolve/") {
                return StubResponse::new(200, "text/plain", "{}").with_header(line);
            }
            repository.answer(request)
        });
        let error = TestCache::new(&server).locate("org/tiny").0.unwrap_err();
        assert!(matches!(error, HubError::BadAnswer { .. }), "{error}");
    }
    let repository = Repository::model();
    let server = StubServer::start(move |_, request| {
        if path(request).contains("/resolve/") {
            return StubResponse::new(200, "text/plain", "{}")
                .with_header("ETag: \"abc\"")
                .with_header("X-Repo-Commit: 89abcdef");
        }
        repository.answer(request)
    });
    let error = TestCache::new(&server).locate("org/tiny").0.unwrap_err();
    assert!(error.to_string().contains("another commit"), "{error}");
}
