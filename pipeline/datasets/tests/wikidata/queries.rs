//! Every committed query is valid and finds something in the committed snapshot.

#![allow(clippy::unwrap_used)]

use clika_datasets::wikidata::SparqlQuery;
use oxigraph::{
    io::RdfFormat,
    sparql::{QueryResults, SparqlEvaluator},
    store::Store,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

fn sparql() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sparql")
}

fn store() -> Store {
    let store = Store::new().unwrap();
    let turtle = fs::read(sparql().join("snapshot/wikidata.ttl")).unwrap();
    let mut loader = store.bulk_loader();
    loader.load_from_slice(RdfFormat::Turtle, &turtle).unwrap();
    loader.commit().unwrap();
    store
}

/// The number of rows or triples of a query.
fn results(store: &Store, text: &str) -> usize {
    let results = SparqlEvaluator::new()
        .parse_query(text)
        .unwrap()
        .on_store(store)
        .execute()
        .unwrap();
    match results {
        QueryResults::Solutions(rows) => rows.map(Result::unwrap).count(),
        QueryResults::Graph(triples) => triples.map(Result::unwrap).count(),
        QueryResults::Boolean(_) => panic!("no query asks for a boolean"),
    }
}

#[test]
fn every_query_runs_as_it_stands() {
    let store = store();
    let mut queries = 0;
    for folder in ["build", "refresh"] {
        for entry in fs::read_dir(sparql().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let query = SparqlQuery::read(&path).unwrap();
            let found = results(&store, query.text());
            assert!(found > 0, "{} finds nothing", path.display());
            queries += 1;
        }
    }
    assert!(queries >= 9, "{queries}");
}

#[test]
fn a_values_block_is_replaced_whole() {
    let query = SparqlQuery::read(&sparql().join("refresh/labels.rq")).unwrap();
    let query = query
        .with_items("?item", ["Q36".parse().unwrap()])
        .unwrap()
        .with_values("?language", "\"pl\"")
        .unwrap();
    assert!(
        query.text().contains("VALUES ?item { wd:Q36 }"),
        "{}",
        query.text()
    );
    assert_eq!(results(&store(), query.text()), 1);
}

#[test]
fn a_query_without_its_block_is_named() {
    let query = SparqlQuery::read(&sparql().join("build/labels.rq")).unwrap();
    let error = query.with_values("?city", "").unwrap_err().to_string();
    assert!(
        error.contains("labels.rq has no block `VALUES ?city { … }`"),
        "{error}"
    );
}

#[test]
fn queries_use_nothing_that_one_engine_alone_knows() {
    for folder in ["build", "refresh"] {
        for entry in fs::read_dir(sparql().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            for forbidden in ["SERVICE", "hint:", "bd:", "gas:"] {
                assert!(
                    !text.contains(forbidden),
                    "{} uses {forbidden}",
                    path.display()
                );
            }
        }
    }
}
