#![allow(clippy::unwrap_used)]

use super::{ShotPlan, Shots};
use crate::{LanguageItems, Question};
use clika_base::types::LanguageCode;
use std::collections::{BTreeMap, BTreeSet};

/// A dataset in German and Hebrew, of items `q0` to `qN` in the clusters named.
fn dataset(clusters: &[&str]) -> BTreeMap<LanguageCode, LanguageItems> {
    let question = |(number, cluster): (usize, &&str)| Question {
        id: format!("q{number}"),
        cluster_id: (*cluster).to_owned(),
        premise: None,
        question: format!("Number {number}?"),
        relation: None,
        choices: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
        label: u8::try_from(number % 4).unwrap(),
    };
    let items = LanguageItems {
        questions: clusters.iter().enumerate().map(question).collect(),
        origins: vec![None; clusters.len()],
        listed: Vec::new(),
    };
    let code = |code: &str| LanguageCode::try_from(code.to_owned()).unwrap();
    [(code("de"), items.clone()), (code("he"), items)].into()
}

/// `count` items, each in a cluster of its own.
fn apart(count: usize) -> BTreeMap<LanguageCode, LanguageItems> {
    let names: Vec<String> = (0..count).map(|number| format!("c{number}")).collect();
    dataset(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

fn draw(
    items: &BTreeMap<LanguageCode, LanguageItems>,
    count: usize,
    limit: Option<u32>,
) -> ShotPlan {
    plan(items, count, 0, limit).unwrap()
}

fn plan(
    items: &BTreeMap<LanguageCode, LanguageItems>,
    count: usize,
    seed: u64,
    limit: Option<u32>,
) -> Result<ShotPlan, String> {
    let plan = Shots { count, seed }.plan("set", items, limit);
    plan.map_err(|error| {
        let help = miette::Diagnostic::help(&error).unwrap();
        format!("{error}; {help}")
    })
}

fn numbers(ids: &[String]) -> BTreeSet<usize> {
    ids.iter().map(|id| id[1..].parse().unwrap()).collect()
}

#[test]
fn exemplars_come_from_after_the_limit() {
    let items = apart(12);
    for seed in 0..20 {
        let drawn = plan(&items, 3, seed, Some(6)).unwrap();
        assert!(numbers(&drawn.ids).iter().all(|&it| it >= 6), "{drawn:?}");
        assert_eq!(drawn.ids.len(), 3);
        assert_eq!((drawn.set_aside.len(), drawn.shared_clusters.len()), (0, 0));
    }
}

#[test]
fn without_a_limit_exemplars_are_set_aside() {
    let drawn = draw(&apart(12), 3, None);
    assert_eq!(numbers(&drawn.ids).len(), 3, "three different items");
    assert_eq!(numbers(&drawn.set_aside), numbers(&drawn.ids));
    for id in &drawn.ids {
        assert!(!drawn.asks(id));
    }
    // Eleven are asked and one is left for two exemplars.
    let drawn = draw(&apart(12), 2, Some(11));
    let asked: BTreeSet<usize> = numbers(&drawn.ids)
        .into_iter()
        .filter(|it| *it < 11)
        .collect();
    assert_eq!(numbers(&drawn.set_aside), asked);
    assert!(!asked.is_empty(), "{drawn:?}");
}

#[test]
fn a_seed_draws_the_same_and_another_one_others() {
    let items = apart(40);
    assert_eq!(plan(&items, 4, 7, None), plan(&items, 4, 7, None));
    let drawn: BTreeSet<Vec<String>> = (0..10)
        .map(|seed| plan(&items, 4, seed, None).unwrap().ids)
        .collect();
    assert_eq!(drawn.len(), 10);
    // One item more leaves the draw as it was, unless it is drawn itself, and fewer exemplars are the first of more.
    let more = draw(&apart(41), 4, None);
    assert!(more.ids.contains(&"q40".to_owned()) || more == draw(&items, 4, None));
    assert_eq!(draw(&items, 2, None).ids, draw(&items, 4, None).ids[..2]);
}

#[test]
fn right_choices_stand_at_different_places() {
    let items = apart(40);
    for seed in 0..20 {
        let drawn = plan(&items, 8, seed, None).unwrap();
        let mut places = [0; 4];
        for number in numbers(&drawn.ids) {
            places[number % 4] += 1;
        }
        assert_eq!(places, [2; 4], "{drawn:?}");
    }
}

#[test]
fn no_asked_item_shares_a_cluster_with_an_exemplar() {
    // Six people with two questions each, as in xPeo.
    let pairs = ["a", "a", "b", "b", "c", "c", "d", "d", "e", "e", "f", "f"];
    let items = dataset(&pairs);
    for seed in 0..20 {
        let drawn = plan(&items, 3, seed, None).unwrap();
        let shown: BTreeSet<&str> = numbers(&drawn.ids).iter().map(|&it| pairs[it]).collect();
        assert_eq!(shown.len(), 3, "of three people: {drawn:?}");
        let aside: BTreeSet<usize> = (0..12).filter(|&it| shown.contains(pairs[it])).collect();
        assert_eq!(numbers(&drawn.set_aside), aside, "both questions of each");
        assert!(drawn.shared_clusters.is_empty());
        // With a limit in the middle of a person: the other question is not shown.
        let drawn = plan(&items, 3, seed, Some(5)).unwrap();
        assert!(numbers(&drawn.ids).iter().all(|&it| it >= 6), "{drawn:?}");
        assert!(drawn.set_aside.is_empty());
    }
}

#[test]
fn clusters_that_cannot_be_kept_apart_are_named() {
    // Both clusters would have to go.
    let items = dataset(&["a", "a", "a", "b", "b", "b"]);
    let drawn = draw(&items, 2, None);
    assert_eq!(numbers(&drawn.set_aside), numbers(&drawn.ids));
    assert_eq!(drawn.shared_clusters, ["a", "b"]);
    // Of one cluster, but outside the limit.
    let drawn = draw(&dataset(&["a"; 6]), 2, Some(4));
    assert_eq!(numbers(&drawn.ids), [4, 5].into());
    assert_eq!(
        (drawn.set_aside.len(), &drawn.shared_clusters[..]),
        (0, &["a".to_owned()][..])
    );
}

#[test]
fn an_item_with_a_fault_in_any_language_is_not_shown() {
    let mut items = apart(6);
    for (number, items) in items.values_mut().enumerate() {
        items.listed = vec![format!("q{number}"), format!("q{}", number + 2)];
    }
    assert_eq!(numbers(&draw(&items, 2, None).ids), [4, 5].into());
    assert_eq!(
        plan(&items, 3, 0, None).unwrap_err(),
        "set has 6 items, of which 2 can be shown as answered while one is left to ask: --shots 3 is too many; \
         --shots 2 is the most that set has items for"
    );
}

#[test]
fn one_item_is_left_to_ask() {
    let items = apart(6);
    assert_eq!(draw(&items, 5, None).set_aside.len(), 5);
    assert_eq!(draw(&items, 5, Some(1)).set_aside.len(), 0);
    assert_eq!(draw(&items, 5, Some(2)).set_aside.len(), 1);
    let said = "set has 6 items, of which 5 can be shown as answered while one is left to ask: --shots 6 is too many";
    for limit in [None, Some(1), Some(99)] {
        let error = plan(&items, 6, 0, limit).unwrap_err();
        assert!(error.starts_with(said), "{error}");
    }
}
