//! What each dataset has of a language.

use super::{DatasetParts, LanguageFile, items::ItemFiles};
use clika_base::templates::Syllables;
use clika_base::types::{Language, Task};
use clika_datasets::wikidata::label_tags;

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
    let mut datasets: Vec<_> = Task::ALL
        .into_iter()
        .map(|task| DatasetParts {
            dataset: task.name().to_owned(),
            missing: missing(task, file, available),
        })
        .collect();
    datasets.push(DatasetParts {
        dataset: "fictional".to_owned(),
        missing: missing_words(file, language, available),
    });
    datasets
}

fn missing(task: Task, file: &LanguageFile, available: &Available) -> Vec<String> {
    let mut missing = Vec::new();
    let mut need = |keys: &[&str]| missing.extend(absent(file, keys));
    match task {
        Task::XGeo => need(&["xgeo.question"]),
        Task::XPeo => need(&[
            "xpeo.born.male",
            "xpeo.born.female",
            "xpeo.died.male",
            "xpeo.died.female",
        ]),
        Task::XCopa | Task::XCopaMini => need(&["xcopa.cause", "xcopa.effect"]),
        Task::XCsqa | Task::XCsqaMini => {}
    }
    match task {
        Task::XGeo | Task::XPeo => missing.extend(missing_labels(file, available)),
        Task::XCopaMini | Task::XCsqaMini if !available.items.has(task, &file.code) => {
            missing.push(format!("templates/items/{task}/{}.jsonl", file.code));
        }
        Task::XCopa | Task::XCsqa | Task::XCopaMini | Task::XCsqaMini => {}
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
fn absent(file: &LanguageFile, keys: &[&str]) -> Vec<String> {
    let is_absent = |key: &&&str| file.text(key).is_empty();
    let section = keys[0].split('.').next().unwrap_or_default();
    if keys.iter().all(|key| is_absent(&key)) {
        return vec![format!("[{section}]")];
    }
    let absent = keys.iter().filter(is_absent);
    absent.map(|&key| key.to_owned()).collect()
}
