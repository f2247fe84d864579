//! Kept answers that are written a batch at a time: what a kill leaves of a batch, and which line counts.

use super::service::cache::key;
use clika_network::services::{AnswerCache, ApiError, RequestKey, Usage};
use serde_json::json;
use std::fs;

#[test]
fn of_a_batch_that_was_cut_off_anywhere_whole_lines_count_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.jsonl");
    let keys: Vec<RequestKey> = (0..5).map(key).collect();
    let batch = |numbers: std::ops::Range<usize>| {
        let cache = AnswerCache::open(&path).unwrap();
        let answers = numbers.map(|n| (&keys[n], json!({ "text": "ä\n\"", "n": n })));
        cache.put_batch(answers).unwrap();
    };
    batch(0..2);
    let before = fs::read(&path).unwrap().len();
    batch(2..5);
    let whole = fs::read(&path).unwrap();
    assert_eq!(whole.iter().filter(|byte| **byte == b'\n').count(), 6);
    // Each opening waits for the disk: every seventh byte, which comes to all kinds of places.
    for cut in (before..whole.len())
        .step_by(7)
        .chain([whole.len() - 1, whole.len()])
    {
        fs::write(&path, &whole[..cut]).unwrap();
        let there = whole[..cut].iter().filter(|byte| **byte == b'\n').count() - 1;
        let cache = AnswerCache::open(&path).unwrap();
        assert_eq!(cache.len(), there, "cut at {cut}");
        for (n, key) in keys.iter().enumerate() {
            let kept = cache.get(key).unwrap().map(|kept| kept.value["n"].clone());
            assert_eq!(kept, (n < there).then(|| json!(n)), "cut at {cut}");
        }
        drop(cache);
        // The line that was torn is gone before anything else is written.
        let rest = fs::read(&path).unwrap();
        assert!(
            rest.ends_with(b"\n") && whole.starts_with(&rest),
            "cut at {cut}"
        );
        batch(there..5);
        assert!(fs::read(&path).unwrap() == whole, "cut at {cut}");
    }
}

#[test]
fn in_a_batch_a_later_answer_to_the_same_replaces_the_earlier() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.jsonl");
    let cache = AnswerCache::open(&path).unwrap();
    cache.put_batch([]).unwrap();
    cache
        .keep(&key(0), json!("first"), Usage::default())
        .unwrap();
    let (a, b) = (key(0), key(1));
    let batch = [(&a, json!("second")), (&b, json!(1)), (&b, json!(2))];
    cache.put_batch(batch).unwrap();
    let lines = fs::read_to_string(&path).unwrap();
    let replaces: Vec<bool> = lines
        .lines()
        .map(|it| it.contains("\"replaces\":true"))
        .collect();
    assert_eq!(replaces, [false, false, true, false, true]);
    for cache in [cache, {
        // It is one run's at a time.
        let copy = folder.path().join("copy.jsonl");
        fs::copy(&path, &copy).unwrap();
        AnswerCache::open(&copy).unwrap()
    }] {
        assert_eq!(cache.get(&a).unwrap().unwrap().value, json!("second"));
        assert_eq!(cache.get(&b).unwrap().unwrap().value, json!(2));
    }
}

#[test]
fn a_key_of_another_form_is_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.jsonl");
    for key in ["", "ab", &"g".repeat(64), &"A".repeat(64), &"é".repeat(32)] {
        let line = json!({ "key": key, "value": 1 });
        fs::write(&path, format!("{{\"clika_cache\":1}}\n{line}\n")).unwrap();
        let error = AnswerCache::open(&path).unwrap_err();
        let ApiError::CacheLine { position, problem } = error else {
            panic!("{error}");
        };
        assert_eq!(position.line, 2);
        assert!(problem.contains("64 hexadecimal digits"), "{problem}");
    }
}
