use crate::wikidata::{FetchError, SparqlClient, SparqlQuery, WikidataError, vocabulary};
use clika_base::ProjectPath;
use clika_base::types::{Progress, Qid};
use futures_util::{StreamExt, TryStreamExt, stream};
use miette::Diagnostic;
use oxigraph::{
    io::{RdfFormat, RdfSerializer},
    model::{NamedOrBlankNode, Term, Triple},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    path::PathBuf,
};

/// What a refresh asks for.
#[derive(Clone, Debug)]
pub struct RefreshPlan {
    /// Countries, each with the inhabitants that make a city there.
    pub countries: Vec<(Qid, u64)>,
    /// States, present and former, whose people are asked for.
    pub states: Vec<Qid>,
    /// Wikidata's label languages.
    pub label_languages: Vec<String>,
    /// Queries under way at once.
    pub concurrency: usize,
}

/// Why a refresh failed.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum RefreshError {
    /// A query file is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Query(#[from] WikidataError),
    /// The endpoint did not answer a query.
    #[error("query {} failed", path.display())]
    Fetch {
        /// The query's file.
        path: PathBuf,
        /// Why.
        #[source]
        #[diagnostic_source]
        source: FetchError,
    },
}

/// Asks a live endpoint for everything a snapshot holds, and returns it as Turtle.
///
/// `queries` is the folder `sparql/refresh`. The Turtle is sorted, so that equal answers give equal
/// text; only its first comment holds the time.
pub async fn refresh(
    client: &SparqlClient,
    queries: &ProjectPath,
    plan: &RefreshPlan,
    progress: &dyn Progress,
) -> Result<String, RefreshError> {
    let facts = fact_queries(queries, plan)?;
    let mut graph = fetch(client, &facts, plan.concurrency, "facts", progress).await?;
    let mut labelled = items(&graph);
    labelled.extend(&plan.states);
    let chunks = label_queries(queries, &labelled, &plan.label_languages)?;
    let labels = fetch(client, &chunks, plan.concurrency, "labels", progress).await?;
    if let Some(note) = languages_without_labels(&labels, &plan.label_languages) {
        progress.note(&note);
    }
    graph.extend(labels);
    Ok(turtle(
        "A slice of Wikidata (CC0), taken",
        &client.url(),
        graph,
    ))
}

/// The queries for countries, divisions, cities and people, each with its name.
pub(super) fn fact_queries(
    queries: &ProjectPath,
    plan: &RefreshPlan,
) -> Result<Vec<(String, SparqlQuery)>, WikidataError> {
    let read = |name: &str| SparqlQuery::read(&queries.join(name));
    let (countries, divisions) = (read("countries.rq")?, read("divisions.rq")?);
    let (cities, people) = (read("cities.rq")?, read("people.rq")?);

    let mut facts = vec![(
        "countries".to_owned(),
        countries.with_items("?country", plan.states.iter().copied())?,
    )];
    for &(country, minimum) in &plan.countries {
        facts.push((
            format!("divisions of {country}"),
            divisions.with_items("?country", [country])?,
        ));
        facts.push((
            format!("cities of {country}"),
            cities.with_size_classes("(?country ?minimum)", [(country, minimum)])?,
        ));
    }
    for &state in &plan.states {
        facts.push((
            format!("people of {state}"),
            people.with_items("?country", [state])?,
        ));
    }
    Ok(facts)
}

/// The queries for labels of items in label languages, in chunks, each with its name.
pub(super) fn label_queries(
    queries: &ProjectPath,
    items: &BTreeSet<Qid>,
    languages: &[String],
) -> Result<Vec<(String, SparqlQuery)>, WikidataError> {
    let tags: Vec<_> = languages
        .iter()
        .flat_map(|language| vocabulary::label_tags(language))
        .map(|tag| format!("\"{tag}\""))
        .collect();
    let labels =
        SparqlQuery::read(&queries.join("labels.rq"))?.with_values("?language", &tags.join(" "))?;
    let items: Vec<Qid> = items.iter().copied().collect();
    items
        .chunks(100)
        .map(|chunk| {
            let query = labels.with_items("?item", chunk.iter().copied())?;
            Ok((format!("labels of {} items", chunk.len()), query))
        })
        .collect()
}

/// The item that a triple is about. Statements and values are subjects too, and have no labels.
pub(super) fn item(triple: &Triple) -> Option<Qid> {
    match &triple.subject {
        NamedOrBlankNode::NamedNode(node) => Qid::from_iri(node.as_str()).ok(),
        NamedOrBlankNode::BlankNode(_) => None,
    }
}

/// The items that triples are about.
pub(super) fn items(graph: &[Triple]) -> BTreeSet<Qid> {
    graph.iter().filter_map(item).collect()
}

/// What to say about label languages that no label is in; the build falls back on a language's others.
pub(super) fn languages_without_labels(labels: &[Triple], asked: &[String]) -> Option<String> {
    let found: BTreeSet<String> = labels
        .iter()
        .filter_map(|triple| match &triple.object {
            Term::Literal(label) => label.language().map(str::to_ascii_lowercase),
            _ => None,
        })
        .collect();
    let missing: Vec<_> = asked
        .iter()
        .filter(|language| !vocabulary::label_tags(language).any(|tag| found.contains(&tag)))
        .map(|language| format!("`{language}`"))
        .collect();
    (!missing.is_empty()).then(|| {
        format!(
            "the endpoint has no label at all in {}; wikidata_codes in the languages' files are label languages of \
             Wikidata, such as `sr-latn`",
            missing.join(", ")
        )
    })
}

pub(super) async fn fetch(
    client: &SparqlClient,
    queries: &[(String, SparqlQuery)],
    concurrency: usize,
    what: &str,
    progress: &dyn Progress,
) -> Result<Vec<Triple>, RefreshError> {
    progress.start(queries.len() as u64, what);
    let answers: Vec<Vec<Triple>> =
        stream::iter(queries)
            .map(async |(name, query)| {
                let triples = client.construct(query, progress).await.map_err(|source| {
                    RefreshError::Fetch {
                        path: query.path().to_owned(),
                        source,
                    }
                })?;
                progress.step(name);
                Ok::<_, RefreshError>(triples)
            })
            .buffer_unordered(concurrency.max(1))
            .try_collect()
            .await?;
    progress.finish();
    Ok(answers.into_iter().flatten().collect())
}

/// Triples as sorted Turtle, with a comment that says what was done, from where and when.
pub(super) fn turtle(what: &str, url: &str, graph: Vec<Triple>) -> String {
    // Sorted by what a reader sees, and once each: queries overlap.
    let graph: BTreeMap<String, Triple> = graph
        .into_iter()
        .map(|triple| (triple.to_string(), triple))
        .collect();
    let mut serializer = RdfSerializer::from_format(RdfFormat::Turtle);
    for (name, iri) in vocabulary::PREFIXES {
        serializer = serializer
            .with_prefix(name, iri)
            .expect("the prefixes are absolute IRIs");
    }
    let mut writer = serializer.for_writer(Vec::new());
    for triple in graph.values() {
        writer
            .serialize_triple(triple)
            .expect("writing to memory succeeds");
    }
    let body = writer.finish().expect("writing to memory succeeds");
    let body = String::from_utf8(body).expect("Turtle is UTF-8");
    // The serializer keeps prefixes in a hash map and writes them in its order.
    let (mut prefixes, triples): (Vec<_>, Vec<_>) =
        body.lines().partition(|line| line.starts_with("@prefix"));
    prefixes.sort_unstable();
    let mut text = String::new();
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    writeln!(text, "# {what} from {url} at {now} by `clika snapshot`.")
        .expect("writing to memory succeeds");
    for line in prefixes.into_iter().chain(triples) {
        text.push_str(line);
        text.push('\n');
    }
    text
}
