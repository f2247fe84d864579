//! Adds languages to a snapshot that is there already.

use super::{
    SparqlClient,
    refresh::{
        RefreshError, RefreshPlan, fact_queries, fetch, item, items, label_queries,
        languages_without_labels, turtle,
    },
};
use clika_base::ProjectPath;
use clika_base::types::{Progress, Qid};
use oxigraph::model::{Term, Triple};
use std::collections::BTreeSet;

/// Asks an endpoint for what languages lack in a snapshot, and returns the snapshot with it as Turtle.
///
/// `plan` is that of the new languages. Asked for are the facts of states that `old` does not have, labels of all items in
/// the new languages, and labels of new items in those and in `others`, the label languages of the rest. What `old` has
/// stays as it is, also for label languages that new and old languages share (`mul`); `comments` stand at the top of its file.
pub async fn extend(
    client: &SparqlClient,
    queries: &ProjectPath,
    plan: &RefreshPlan,
    others: &[String],
    old: Vec<Triple>,
    comments: &str,
    progress: &dyn Progress,
) -> Result<String, RefreshError> {
    let known: BTreeSet<Qid> = items(&old);
    let is_new = |state: &Qid| !known.contains(state);
    let new = RefreshPlan {
        countries: plan
            .countries
            .iter()
            .copied()
            .filter(|(country, _)| is_new(country))
            .collect(),
        states: plan.states.iter().copied().filter(is_new).collect(),
        ..plan.clone()
    };
    let mut graph = Vec::new();
    if !new.states.is_empty() {
        let facts = fact_queries(queries, &new)?;
        graph = fetch(client, &facts, plan.concurrency, "facts", progress).await?;
    }
    let mut added = items(&graph);
    added.extend(&new.states);
    added.retain(is_new);
    let (shared, own): (Vec<String>, Vec<String>) = plan
        .label_languages
        .iter()
        .cloned()
        .partition(|code| others.contains(code));
    let own = if own.is_empty() { shared } else { own };
    let mut asked = label_queries(queries, &known, &own)?;
    let all: BTreeSet<&String> = plan.label_languages.iter().chain(others).collect();
    let all: Vec<String> = all.into_iter().cloned().collect();
    if !added.is_empty() {
        asked.extend(label_queries(queries, &added, &all)?);
    }
    let labels = fetch(client, &asked, plan.concurrency, "labels", progress).await?;
    if let Some(note) = languages_without_labels(&labels, &own) {
        progress.note(&note);
    }

    // A label that is there stays; a second one in its language would contradict it.
    let tags = |triple: &Triple| match &triple.object {
        Term::Literal(label) => Some((
            item(triple)?,
            triple.predicate.clone(),
            label.language()?.to_ascii_lowercase(),
        )),
        _ => None,
    };
    let labelled: BTreeSet<_> = old.iter().filter_map(tags).collect();
    let fresh = labels
        .into_iter()
        .filter(|triple| tags(triple).is_none_or(|it| !labelled.contains(&it)));
    graph.extend(fresh);
    let languages = own.join(", ");
    let what = format!("Labels in {languages}, and what goes with them, were added");
    graph.extend(old);
    Ok(format!("{comments}{}", turtle(&what, &client.url(), graph)))
}
