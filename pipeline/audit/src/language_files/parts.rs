//! What each dataset has of a language.

use super::{DatasetParts, LanguageFile, items::ItemFiles};
use clika_base::ValueSpec;
use clika_base::templates::Syllables;
use clika_base::types::Language;
use clika_datasets::wikidata::label_tags;
use clika_datasets::{Dataset, DatasetKind, TextsOrigin};

/// What there is beside the languages' files.
pub(super) struct Available {
    pub syllables: Option<Syllables>,
    /// The snapshot's text in lower case; `None` where it cannot be read.
    pub snapshot: Option<String>,
    pub items: ItemFiles,
}

/// The datasets of a language, each with what is missing; `language` is what its file says, if it loads.
pub(super) fn parts(
    file: &LanguageFile,
    language: Option<&Language>,
    available: &Available,
) -> Vec<DatasetParts> {
    let part = |dataset: &'static Dataset| DatasetParts {
        dataset: dataset.name.to_owned(),
        missing: missing(dataset, file, language, available),
    };
    Dataset::all().map(part).collect()
}

fn missing(
    dataset: &'static Dataset,
    file: &LanguageFile,
    language: Option<&Language>,
    available: &Available,
) -> Vec<String> {
    let mut missing = Vec::new();
    if let Some(section) = dataset.section() {
        let needed = section.keys.iter().filter(|key| {
            let is_text = matches!(key.value, ValueSpec::Text | ValueSpec::Template(_));
            is_text
        });
        let keys: Vec<_> = needed
            .map(|key| format!("{}.{}", section.name, key.key))
            .collect();
        missing.extend(absent(file, &keys));
        if section.needs_labels {
            missing.extend(missing_labels(file, available));
        }
    }
    match (&dataset.kind, dataset.task()) {
        (DatasetKind::World, _) => missing.extend(missing_words(file, language, available)),
        (DatasetKind::Texts(texts), Some(task))
            if matches!(texts.origin, TextsOrigin::Original)
                && !available.items.has(task, &file.code) =>
        {
            missing.push(format!("templates/items/{task}/{}.jsonl", file.code));
        }
        (DatasetKind::Texts(_) | DatasetKind::Facts(_), _) => {}
    }
    missing
}

/// Whether the snapshot has any label in the language; `mul` is everybody's.
fn missing_labels(file: &LanguageFile, available: &Available) -> Option<String> {
    let tags = file.texts_of("wikidata_codes.").map(|(_, tag)| &tag.text);
    let tags: Vec<_> = tags
        .filter(|tag| !tag.eq_ignore_ascii_case("mul"))
        .collect();
    let Some(first) = tags.first().copied() else {
        return Some("wikidata_codes".to_owned());
    };
    let Some(snapshot) = &available.snapshot else {
        return Some("the snapshot, sparql/snapshot/wikidata.ttl, which cannot be read".to_owned());
    };
    let mut tags: Vec<String> = tags.into_iter().flat_map(|tag| label_tags(tag)).collect();
    tags.retain(|tag| {
        let literal = format!("\"@{tag}");
        let is_end =
            |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
        let mut found = snapshot.match_indices(&literal);
        found.any(|(start, _)| is_end(&snapshot[start + literal.len()..]))
    });
    let code = &file.code;
    tags.is_empty().then(|| {
        format!(
            "labels in `{first}` in the snapshot (`clika snapshot --languages {code}` fetches them)"
        )
    })
}

fn missing_words(
    file: &LanguageFile,
    language: Option<&Language>,
    available: &Available,
) -> Vec<String> {
    let mut missing = absent(
        file,
        &[
            "fictional.place",
            "fictional.qa.1.question",
            "fictional.qa.1.answer",
            "fictional.founding.1.question",
            "fictional.founding.1.answer",
        ],
    );
    if missing != ["[fictional]"] && file.texts_of("fictional.landforms.").next().is_none() {
        missing.push("fictional.landforms".to_owned());
    }
    if let (Some(syllables), Some(language)) = (&available.syllables, language)
        && syllables.spelling_of(language).is_none()
    {
        missing.push(format!(
            "[fictional.syllables]: templates/fictional/syllables.toml spells none in {} for it",
            language.script
        ));
    }
    missing
}

/// Those of some texts that a file does not have; a whole section counts as one.
fn absent(file: &LanguageFile, keys: &[impl AsRef<str>]) -> Vec<String> {
    let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
    let is_absent = |key: &&&str| file.text(key).is_empty();
    let section = keys.first().and_then(|key| key.split('.').next());
    let section = section.unwrap_or_default();
    if keys.iter().all(|key| is_absent(&key)) {
        return vec![format!("[{section}]")];
    }
    let absent = keys.iter().filter(is_absent);
    absent.map(|&key| key.to_owned()).collect()
}
