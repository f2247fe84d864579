//! Which people are asked about.

use super::{
    BIRTH, DATASET, DEATH,
    distractors::{self, YearQuestion},
};
use crate::facts::{BuildInputs, Catalogue, Choice, DatasetPlan, Item};
use crate::languages::unknown_language;
use crate::wikidata::{People, Person};
use crate::{BuildReport, DatasetError, DatasetsConfig, Exception, draw};
use clika_base::types::{Language, LanguageCode, Qid, Year};
use std::collections::BTreeSet;

/// Selects people and draws the wrong years.
pub(super) fn plan(
    sources: &BuildInputs,
    languages: &[Language],
    config: &DatasetsConfig,
) -> Result<DatasetPlan, DatasetError> {
    check_languages(&sources.languages, languages, config)?;
    // A state may serve several languages.
    let mut seen = BTreeSet::new();
    let states = languages.iter().flat_map(Language::citizenships);
    let states = states.filter(|state| seen.insert(*state));
    let people = sources
        .snapshot
        .people(&sources.query("people.rq")?, states)?;
    let readable = people.readable.iter().map(|person| person.person);
    let unreadable = people.unreadable.iter().map(|(person, ..)| *person);
    let entities: BTreeSet<Qid> = readable.chain(unreadable).collect();
    let catalogue = Catalogue {
        languages,
        labels: sources
            .snapshot
            .labels(&sources.query("labels.rq")?, &entities)?,
    };

    let lacks_all = |language: &&Language| {
        !entities.is_empty()
            && entities
                .iter()
                .all(|&it| catalogue.label(it, language).is_none())
    };
    let lacking: Vec<&Language> = languages.iter().filter(lacks_all).collect();
    if !lacking.is_empty() {
        return Err(catalogue.no_label(DATASET.name, &lacking, &[("people", entities)]));
    }

    let mut report = BuildReport::default();
    let usable = usable(&people, &catalogue, &mut report);
    let births: BTreeSet<Year> = usable.iter().map(|person| person.birth).collect();
    let deaths: BTreeSet<Year> = usable.iter().map(|person| person.death).collect();

    let has_no_state = |language: &Language| language.citizenships().next().is_none();
    if languages.iter().all(has_no_state) {
        return Err(DatasetError::NoCountry {
            dataset: DATASET.name,
        });
    }
    let mut items = Vec::new();
    // Nobody is asked about twice.
    let mut chosen = BTreeSet::new();
    for language in languages {
        if without_people(config).contains(&language.code) {
            continue;
        }
        if has_no_state(language) {
            report.exceptions.push(Exception::of_language(
                language,
                "has no state: it is asked about the people of the others, and has none of its own",
            ));
            continue;
        }
        let free: Vec<&Person> = usable
            .iter()
            .copied()
            .filter(|it| !chosen.contains(&it.person))
            .collect();
        let selection = select(language, &free, config, &mut report)?;
        chosen.extend(selection.iter().map(|it| it.person));
        for (relation, pool) in [(BIRTH, &births), (DEATH, &deaths)] {
            let ranks = draw::balanced(
                selection.len(),
                config.choices,
                config.seed,
                &["xpeo", language.code.as_str(), relation, "ranks"],
            );
            for (person, earlier) in selection.iter().zip(ranks) {
                let (item, exception) = item(person, relation, earlier, pool, language, config)?;
                let exception =
                    exception.map(|reason| catalogue.exception(language, person.person, reason));
                report.exceptions.extend(exception);
                items.push(item);
            }
        }
    }
    Ok(DatasetPlan {
        items,
        languages: Vec::new(),
        labels: catalogue.labels,
        report,
    })
}

/// The people that items can be made of. The others are reported for every language of their state.
fn usable<'a>(
    people: &'a People,
    catalogue: &Catalogue<'_>,
    report: &mut BuildReport,
) -> Vec<&'a Person> {
    let mut usable = Vec::new();
    let mut left_out = Vec::new();
    for person in &people.readable {
        match problem(person, catalogue) {
            None => usable.push(person),
            Some(reason) => left_out.push((person.person, person.country, reason)),
        }
    }
    for (person, country, text) in &people.unreadable {
        let reason = format!("`{text}` cannot be read as a date");
        left_out.push((*person, *country, reason));
    }
    for (person, country, reason) in left_out {
        let of_state = |language: &&Language| language.citizenships().any(|it| it == country);
        let of_state = catalogue.languages.iter().filter(of_state);
        let exceptions =
            of_state.map(|language| catalogue.exception(language, person, reason.clone()));
        report.left_out.extend(exceptions);
    }
    usable
}

/// Languages that no people are taken from.
fn without_people(config: &DatasetsConfig) -> &[LanguageCode] {
    config.languages(&super::SETTINGS, "languages_without_people")
}

/// The languages without people have to be languages of the project, and not all of those that take part.
fn check_languages(
    known: &[Language],
    languages: &[Language],
    config: &DatasetsConfig,
) -> Result<(), DatasetError> {
    for code in without_people(config) {
        if !known.iter().any(|language| language.code == *code) {
            return Err(unknown_language(code, known));
        }
    }
    let is_without = |language: &Language| without_people(config).contains(&language.code);
    if languages.iter().all(is_without) {
        return Err(DatasetError::NoLanguage);
    }
    Ok(())
}

/// The item of a person's birth or death, and what was bent for its choices.
fn item(
    person: &Person,
    relation: &'static str,
    earlier: usize,
    pool: &BTreeSet<Year>,
    language: &Language,
    config: &DatasetsConfig,
) -> Result<(Item, Option<String>), DatasetError> {
    let is_death = relation == DEATH;
    let (answer, other) = if is_death {
        (person.death, person.birth)
    } else {
        (person.birth, person.death)
    };
    let asked = YearQuestion {
        answer,
        other,
        is_death,
        earlier,
    };
    let id = format!("xpeo-{}-{relation}", person.person);
    let drawn = distractors::years(&asked, pool, &id, config)?;
    let exception = drawn
        .exception
        .map(|reason| format!("{relation}: {reason}"));
    let right = Choice::Year(answer);
    let wrong = drawn.choices.into_iter().map(Choice::Year);
    let item = Item {
        id,
        relation,
        origin_language: language.code.clone(),
        entity: person.person,
        sex: person.sex,
        country: person.country,
        cluster_id: person.person,
        choices: [right].into_iter().chain(wrong).collect(),
        label: 0,
    };
    Ok((item, exception))
}

/// Why no item can be made of a person.
fn problem(person: &Person, catalogue: &Catalogue<'_>) -> Option<String> {
    if let Some(code) = catalogue.missing(person.person) {
        return Some(format!("no label in {code}"));
    }
    if person.sex.is_none() {
        return Some("the templates have no form for the person's sex".to_owned());
    }
    if person.calendar_dependent {
        return Some("a year depends on the calendar".to_owned());
    }
    None
}

/// The language's people: by fame where the snapshot knows it, else drawn.
fn select<'a>(
    language: &Language,
    usable: &[&'a Person],
    config: &DatasetsConfig,
    report: &mut BuildReport,
) -> Result<Vec<&'a Person>, DatasetError> {
    let states: BTreeSet<Qid> = language.citizenships().collect();
    let pool: Vec<&Person> = usable
        .iter()
        .copied()
        .filter(|person| states.contains(&person.country))
        .collect();
    let known = pool
        .iter()
        .filter(|person| person.sitelinks.is_some())
        .count();
    let code = &language.code;
    report.candidates.insert(code.clone(), pool.len());
    report.ranking.insert(
        code.clone(),
        if known == 0 {
            "drawn by the seed".to_owned()
        } else if known == pool.len() {
            "sitelinks".to_owned()
        } else {
            format!("sitelinks for {known}, the rest drawn by the seed")
        },
    );
    let wanted = config.number(&super::SETTINGS, "people_per_language");
    if pool.len() < wanted {
        return Err(DatasetError::TooFew {
            dataset: DATASET.name,
            language: code.clone(),
            what: "people",
            found: pool.len(),
            needed: wanted,
            left_out: Exception::summary(
                report
                    .left_out
                    .iter()
                    .filter(|exception| exception.language == *code),
            ),
        });
    }
    // The sort is stable, so that the draw decides between people of equal or unknown fame.
    let mut people = draw::shuffle(pool, config.seed, &["xpeo", code.as_str(), "people"]);
    people.sort_by_key(|person| std::cmp::Reverse(person.sitelinks));
    people.truncate(wanted);
    Ok(people)
}
