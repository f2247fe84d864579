//! The importer on the paper's release, where it is at hand.

#![allow(clippy::explicit_write, clippy::unwrap_used)]

use clika_datasets::Task;
use clika_scores::metrics::Answer;
use clika_scores::predictions::Collection;
use std::{collections::BTreeMap, io::Write, path::Path};

#[test]
fn reads_all_of_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/CLiKA");
    if !folder.is_dir() {
        // Written past the test harness, which hides what a passing test prints.
        writeln!(
            std::io::stderr(),
            "SKIPPED: no release in {}",
            folder.display()
        )
        .unwrap();
        return;
    }
    let collection = Collection::read(&folder).unwrap();
    // Six models, four tasks, ten languages; counts of items by the paper, §3.1.
    assert_eq!(collection.iter().count(), 6 * 4 * 10);
    assert!(
        collection.notices().is_empty(),
        "{:?}",
        collection.notices()
    );
    assert!(collection.missing(&[]).is_empty());
    let mut invalid = BTreeMap::<&str, usize>::new();
    for (key, predictions) in collection.iter() {
        let items = match key.task.name() {
            "xcsqa" => 1000,
            "xcopa" => 500,
            "xgeo" => 200,
            "xpeo" => 180,
            other => panic!("the release has no {other}"),
        };
        assert_eq!(predictions.len(), items);
        *invalid.entry(&key.model).or_default() += predictions
            .iter()
            .filter(|p| p.answer == Answer::Invalid)
            .count();
    }
    // Counted with Python: answers whose first character is not a letter of a choice.
    assert_eq!(
        invalid.into_iter().collect::<Vec<_>>(),
        [
            ("bloomz_7b1_mt", 0),
            ("chatgpt", 13),
            ("chinese_llama2_13b", 0),
            ("chinese_llama_plus_13b", 5),
            ("llama2_13b", 0),
            ("llama_13b", 19),
        ]
    );
    let english = collection
        .languages()
        .into_iter()
        .find(|code| code.as_str() == "en")
        .unwrap();
    let clusters = |task| -> usize {
        let predictions = collection.get("chatgpt", task, english).unwrap();
        let clusters: std::collections::BTreeSet<_> =
            predictions.iter().map(|p| &p.cluster_id).collect();
        clusters.len()
    };
    // Ninety people; the divisions of two hundred cities.
    assert_eq!(clusters(Task::named("xpeo").unwrap()), 90);
    assert!(
        (100..200).contains(&clusters(Task::named("xgeo").unwrap())),
        "{}",
        clusters(Task::named("xgeo").unwrap())
    );
}
