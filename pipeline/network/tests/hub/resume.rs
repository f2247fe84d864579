use crate::{
    Seen, TestCache, content, names,
    server::{COMMIT, Repository, Stored, bytes, cut, header, is_get, weights},
};
use clika_base::types::Progress;
use clika_network::hub::HubError;
use std::{
    cell::Cell,
    fs::{self, File},
    sync::Mutex,
};
use stub_server::{StubResponse, StubServer};

const WEIGHTS: &str = "model.safetensors";

/// A hub that answers the nth request for the weights' content as `tweak` says.
fn hub(
    repository: Repository,
    tweak: impl Fn(usize, StubResponse) -> StubResponse + Send + 'static,
) -> (StubServer, Stored) {
    let weights = repository.file(WEIGHTS).clone();
    let asked = Cell::new(0);
    let server = StubServer::start(move |_, request| {
        let answer = repository.answer(request);
        if !is_get(request, WEIGHTS) {
            return answer;
        }
        asked.set(asked.get() + 1);
        tweak(asked.get() - 1, answer)
    });
    (server, weights)
}

/// The ranges that were asked of the weights, with their conditions.
fn ranges(server: &StubServer) -> Vec<(Option<String>, Option<String>)> {
    let text = |value: Option<&str>| value.map(str::to_owned);
    server
        .requests()
        .iter()
        .filter(|request| is_get(request, WEIGHTS))
        .map(|request| {
            (
                text(header(request, "range")),
                text(header(request, "if-range")),
            )
        })
        .collect()
}

#[test]
fn goes_on_after_a_cut_connection() {
    let (server, weights) = hub(Repository::model(), |nth, answer| match nth {
        0 => cut(answer, 1_000_000),
        1 => cut(answer, 500_000),
        _ => answer,
    });
    let place = TestCache::new(&server);
    let (located, seen) = place.locate("org/tiny");
    assert_eq!(content(&located.unwrap().folder, WEIGHTS), weights.content);
    let condition = Some(format!("\"{}\"", weights.etag));
    assert_eq!(
        ranges(&server),
        [
            (None, None),
            (Some("bytes=1000000-".to_owned()), condition.clone()),
            (Some("bytes=1500000-".to_owned()), condition),
        ]
    );
    assert_eq!(*seen.steps.lock().unwrap(), 4);
    let notes = seen.notes.lock().unwrap();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes[0].contains("broke off at 1000000 of 3145733 bytes"));
    assert_eq!(names(&place.repository().join("blobs")).len(), 3);
}

#[test]
fn goes_on_in_the_next_run() {
    // The second run finds what the first one left, which was cut until it lost patience.
    let (server, weights) = hub(Repository::model(), |nth, answer| match nth {
        0 => cut(answer, 1_000_000),
        1..=3 => cut(answer, 0),
        _ => answer,
    });
    let place = TestCache::new(&server);
    let error = place.locate("org/tiny").0.unwrap_err();
    assert!(
        matches!(
            error,
            HubError::Cut {
                have: 1_000_000,
                size: 3_145_733,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(
        fs::read(place.partial(&weights.etag)).unwrap(),
        weights.content[..1_000_000]
    );
    // What is not whole has no name yet.
    assert!(!place.repository().join("refs").exists());
    assert!(
        !place
            .repository()
            .join("snapshots")
            .join(COMMIT)
            .join(WEIGHTS)
            .exists()
    );

    let located = place.locate("org/tiny").0.unwrap();
    assert_eq!(content(&located.folder, WEIGHTS), weights.content);
    assert!(!place.partial(&weights.etag).exists());
    assert_eq!(
        ranges(&server).last().unwrap().0.as_deref(),
        Some("bytes=1000000-")
    );
}

#[test]
fn goes_on_at_a_cdn_that_has_its_own_names() {
    let mut repository = Repository::model();
    let stored = repository.file(WEIGHTS).clone();
    let cdn = StubServer::start({
        let content = stored.content.clone();
        move |nth, request| {
            let answer = bytes(request, &content, "\"the-cdns-own\"");
            // Cut in the first run until patience is lost, and once more in the second.
            match nth {
                0 | 4 => cut(answer, 1_000_000),
                1..=3 => cut(answer, 0),
                _ => answer,
            }
        }
    });
    repository.cdn = Some(cdn.origin());
    let server = StubServer::start(move |_, request| repository.answer(request));
    let place = TestCache::new(&server);
    let error = place.locate("org/tiny").0.unwrap_err();
    assert!(matches!(error, HubError::Cut { .. }), "{error}");
    let located = place.locate("org/tiny").0.unwrap();
    assert_eq!(content(&located.folder, WEIGHTS), stored.content);
    let asked = ranges(&cdn);
    let own = Some("\"the-cdns-own\"".to_owned());
    assert_eq!(asked[1], (Some("bytes=1000000-".to_owned()), own.clone()));
    // A new process knows no name of the CDN's; the SHA-256 stands in for it.
    assert_eq!(asked[4], (Some("bytes=1000000-".to_owned()), None));
    assert_eq!(asked[5], (Some("bytes=2000000-".to_owned()), own));
}

#[test]
fn starts_over_when_the_file_changes_on_the_hub() {
    let old =
        Repository::model()
            .without(WEIGHTS)
            .with(Stored::new(WEIGHTS, weights(300_000), false));
    let reversed = weights(300_000).into_iter().rev().collect();
    let new = Repository::model()
        .without(WEIGHTS)
        .with(Stored::new(WEIGHTS, reversed, false));
    let (before, after) = (old.file(WEIGHTS).clone(), new.file(WEIGHTS).clone());
    let cached = "/api/resolve-cache/";
    let changed = Cell::new(false);
    let server = StubServer::start(move |_, request| {
        if changed.get() {
            return new.answer(request);
        }
        let answer = old.answer(request);
        if is_get(request, WEIGHTS) && request.head.contains(cached) {
            changed.set(true);
            return cut(answer, 100_000);
        }
        answer
    });
    let place = TestCache::new(&server);
    let (located, seen) = place.locate("org/tiny");
    assert_eq!(content(&located.unwrap().folder, WEIGHTS), after.content);
    assert!(place.blob(&after.etag).is_file());
    assert!(!place.blob(&before.etag).exists());
    assert!(!place.partial(&before.etag).exists());
    let notes = seen.notes.lock().unwrap();
    assert!(
        notes.last().unwrap().contains("it has changed on the hub"),
        "{notes:?}"
    );
}

#[test]
fn starts_over_when_a_cdn_ignores_the_condition() {
    let mut repository = Repository::model();
    let stored = repository.file(WEIGHTS).clone();
    let cdn = StubServer::start({
        let content = stored.content.clone();
        move |nth, request| {
            let etag = format!("\"version-{nth}\"");
            let mut request = request.clone();
            request.head = request.head.replace("if-range: ", "x-ignored: ");
            let answer = bytes(&request, &content, &etag);
            if nth == 0 {
                cut(answer, 1_000_000)
            } else {
                answer
            }
        }
    });
    repository.cdn = Some(cdn.origin());
    let server = StubServer::start(move |_, request| repository.answer(request));
    let place = TestCache::new(&server);
    let (located, seen) = place.locate("org/tiny");
    assert_eq!(content(&located.unwrap().folder, WEIGHTS), stored.content);
    let notes = seen.notes.lock().unwrap();
    assert!(
        notes
            .last()
            .unwrap()
            .contains("it has changed on the server")
    );
    assert_eq!(ranges(&cdn).len(), 3);
}

#[test]
fn starts_over_when_another_range_comes() {
    let wrong = |answer| match answer {
        StubResponse::Full { status, body, .. } => StubResponse::Full {
            status,
            headers: vec!["Content-Range: bytes 0-3145732/3145733".to_owned()],
            body,
        },
        other => other,
    };
    let (server, weights) = hub(Repository::model(), move |nth, answer| match nth {
        0 => cut(answer, 1_000_000),
        1 => wrong(answer),
        _ => answer,
    });
    let place = TestCache::new(&server);
    let (located, seen) = place.locate("org/tiny");
    assert_eq!(content(&located.unwrap().folder, WEIGHTS), weights.content);
    let notes = seen.notes.lock().unwrap();
    assert!(notes.last().unwrap().contains("another range"), "{notes:?}");
}

#[test]
fn gives_up_on_a_server_that_never_sends_the_range() {
    let (server, weights) = hub(Repository::model(), |nth, answer| match answer {
        StubResponse::Full { status: 206, .. } => StubResponse::new(416, "text/plain", ""),
        answer if nth < 100 => cut(answer, 1_000_000),
        answer => answer,
    });
    let place = TestCache::new(&server);
    let error = place.locate("org/tiny").0.unwrap_err();
    assert!(matches!(error, HubError::BadAnswer { .. }), "{error}");
    assert_eq!(ranges(&server).len(), 6);
    assert!(!place.partial(&weights.etag).exists());
}

#[test]
fn lives_with_a_server_that_knows_no_ranges() {
    let repository = Repository::model();
    let weights = repository.file(WEIGHTS).clone();
    let asked = Cell::new(0);
    let server = StubServer::start(move |_, request| {
        let mut plain = request.clone();
        plain.head = plain.head.replace("\r\nrange: ", "\r\nx-ignored: ");
        let answer = repository.answer(&plain);
        if !is_get(request, WEIGHTS) {
            return answer;
        }
        asked.set(asked.get() + 1);
        match asked.get() {
            1 => cut(answer, 1_000_000),
            2 => cut(answer, 500_000),
            _ => answer,
        }
    });
    let place = TestCache::new(&server);
    let (located, seen) = place.locate("org/tiny");
    assert_eq!(content(&located.unwrap().folder, WEIGHTS), weights.content);
    // What comes twice is shown once.
    assert_eq!(*seen.steps.lock().unwrap(), 4);
}

#[test]
fn gives_up_where_nothing_new_comes() {
    let repository = Repository::model();
    let asked = Cell::new(0);
    let server = StubServer::start(move |_, request| {
        let mut plain = request.clone();
        plain.head = plain.head.replace("\r\nrange: ", "\r\nx-ignored: ");
        let answer = repository.answer(&plain);
        if is_get(request, WEIGHTS) {
            asked.set(asked.get() + 1);
            return cut(answer, 1_000_000);
        }
        answer
    });
    let error = TestCache::new(&server).locate("org/tiny").0.unwrap_err();
    assert!(matches!(error, HubError::Cut { .. }), "{error}");
    // The first brings something, three do not.
    assert_eq!(ranges(&server).len(), 4);
}

#[test]
fn notices_damage() {
    let (server, weights) = hub(Repository::model(), |_, answer| match answer {
        StubResponse::Full {
            status,
            headers,
            mut body,
        } => {
            body[1_234_567] ^= 1;
            StubResponse::Full {
                status,
                headers,
                body,
            }
        }
        other => other,
    });
    let place = TestCache::new(&server);
    let error = place.locate("org/tiny").0.unwrap_err();
    match &error {
        HubError::Corrupt { file, expected, .. } => {
            assert_eq!((&**file, &**expected), (WEIGHTS, &*weights.etag));
        }
        other => panic!("{other}"),
    }
    assert!(!place.partial(&weights.etag).exists());
    assert!(!place.blob(&weights.etag).exists());
    assert_eq!(ranges(&server).len(), 1);
}

#[test]
fn mixes_no_two_versions() {
    let (server, stored) = hub(Repository::model(), |_, answer| answer);
    let place = TestCache::new(&server);
    let partial = place.partial(&stored.etag);
    fs::create_dir_all(partial.parent().unwrap()).unwrap();
    // Whatever left this did not download the file.
    fs::write(&partial, vec![7; 1_000_000]).unwrap();
    let (located, seen) = place.locate("org/tiny");
    assert_eq!(content(&located.unwrap().folder, WEIGHTS), stored.content);
    let notes = seen.notes.lock().unwrap();
    assert!(notes[0].contains("do not belong together"), "{notes:?}");
    assert_eq!(ranges(&server).len(), 2);
}

#[test]
fn drops_what_is_longer_than_the_file() {
    let (server, stored) = hub(Repository::model(), |_, answer| answer);
    let place = TestCache::new(&server);
    let partial = place.partial(&stored.etag);
    fs::create_dir_all(partial.parent().unwrap()).unwrap();
    fs::write(&partial, weights(4_000_000)).unwrap();
    let located = place.locate("org/tiny").0.unwrap();
    assert_eq!(content(&located.folder, WEIGHTS), stored.content);
    assert_eq!(ranges(&server), [(None, None)]);
}

/// Lets the lock go when it hears that somebody waits for it.
struct Other {
    lock: Mutex<Option<File>>,
    notes: Mutex<Vec<String>>,
}

impl Progress for Other {
    fn start(&self, _total: u64, _what: &str) {}
    fn step(&self, _detail: &str) {}
    fn note(&self, text: &str) {
        self.notes.lock().unwrap().push(text.to_owned());
        self.lock.lock().unwrap().take();
    }
    fn finish(&self) {}
}

#[test]
fn waits_for_another_process() {
    let (server, stored) = hub(Repository::model(), |_, answer| answer);
    let place = TestCache::new(&server);
    let path = place
        .settings
        .cache
        .join(".locks/models--org--tiny")
        .join(format!("{}.lock", stored.etag));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let lock = File::create(&path).unwrap();
    lock.lock().unwrap();
    let other = Other {
        lock: Mutex::new(Some(lock)),
        notes: Mutex::default(),
    };
    let located = place.locate_with("org/tiny", &other).unwrap();
    assert_eq!(content(&located.folder, WEIGHTS), stored.content);
    assert_eq!(
        *other.notes.lock().unwrap(),
        ["another process is downloading `model.safetensors`; waiting for it"]
    );
}

#[test]
#[cfg(target_os = "linux")]
fn says_which_file_fills_the_disk() {
    let (server, stored) = hub(Repository::model(), |_, answer| answer);
    let place = TestCache::new(&server);
    let partial = place.partial(&stored.etag);
    fs::create_dir_all(partial.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/dev/full", &partial).unwrap();
    let error = place.locate_with("org/tiny", &Seen::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot write `model.safetensors` to {}", partial.display())
    );
    assert!(crate::hint(&error).contains("the disk is full"));
}
