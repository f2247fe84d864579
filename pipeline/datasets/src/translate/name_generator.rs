//! Names of coined places by a language model: made up in English, then translated, as in the paper.

use crate::translate::{
    TranslateError,
    llm::{json_schema, object},
    translation::run_concurrently,
    used_names::{UsedNames, cleaned},
};
use clika_base::types::Progress;
use clika_network::services::{ChatRole, GenerationRequest, OpenAi, Prompt};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Names in one request.
const BATCH: usize = 20;
/// Requests in a row that may bring no name that can be used.
const MOST_FRUITLESS: usize = 4;

/// A language that names are translated into.
#[derive(Clone, Debug)]
pub struct NameLanguage {
    /// The code: `de`.
    pub code: String,
    /// The name in English, for the model.
    pub english_name: String,
    /// The script, as its ISO 15924 code.
    pub script: String,
}

/// Names of places and continents that a language model made up, with their translations.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratedNames {
    /// The continents' names by language code, English among them.
    pub continents: Vec<BTreeMap<String, String>>,
    /// The places' names.
    pub places: Vec<BTreeMap<String, String>>,
    /// Requests that asked again for what could not be used.
    pub asked_again: usize,
    /// The day of the first answer, UTC.
    pub first_date: String,
    /// The day of the last.
    pub last_date: String,
}

/// Has a model make up names of continents and places in English and translate them.
///
/// Names that repeat, are too long, contain a continent's name or are in the wrong script are asked for again.
/// `seed` is part of what the model is told, so that another seed is another world. Every answer is kept by the
/// service, so that the same call gives the same names without a request.
///
/// # Panics
/// If no name is asked for.
pub async fn generate_names(
    model: &OpenAi,
    continents: usize,
    places: usize,
    languages: &[NameLanguage],
    seed: u64,
    progress: &dyn Progress,
) -> Result<GeneratedNames, TranslateError> {
    let mut generator = NameGenerator {
        model,
        seed,
        progress,
        asked_again: 0,
        dates: BTreeSet::new(),
    };
    progress.start((continents + places) as u64, "en");
    let mut used = UsedNames::default();
    let mut english = generator.make_up(continents, true, &mut used).await?;
    english.extend(generator.make_up(places, false, &mut used).await?);
    progress.finish();
    let mut names: Vec<BTreeMap<String, String>> = english
        .iter()
        .map(|name| BTreeMap::from([("en".to_owned(), name.clone())]))
        .collect();
    for language in languages.iter().filter(|language| language.code != "en") {
        let mut used = UsedNames::default();
        // All continents before any place: a place may not contain one of their names.
        let (first, rest) = english.split_at(continents);
        let mut translated = generator
            .translate(first, true, language, &mut used)
            .await?;
        translated.extend(
            generator
                .translate(rest, false, language, &mut used)
                .await?,
        );
        for (names, translated) in names.iter_mut().zip(translated) {
            names.insert(language.code.clone(), translated);
        }
    }
    let places = names.split_off(continents);
    let date = |date: Option<&String>| date.expect("names were asked for").clone();
    Ok(GeneratedNames {
        continents: names,
        places,
        asked_again: generator.asked_again,
        first_date: date(generator.dates.first()),
        last_date: date(generator.dates.last()),
    })
}

/// Has a language model make up names and translate them, until enough of them can be used.
struct NameGenerator<'a> {
    model: &'a OpenAi,
    seed: u64,
    progress: &'a dyn Progress,
    asked_again: usize,
    dates: BTreeSet<String>,
}

impl NameGenerator<'_> {
    /// Has names of continents or places made up in English.
    async fn make_up(
        &mut self,
        count: usize,
        are_continents: bool,
        used: &mut UsedNames,
    ) -> Result<Vec<String>, TranslateError> {
        let what = if are_continents {
            "continents, one coined word each, such as no map, book, film or game has"
        } else {
            "places, a coined or poetic word with a noun for a landscape, such as no map, book, film or game has"
        };
        let mut names = Vec::new();
        let (mut fruitless, mut complaint) = (0, String::new());
        while names.len() < count {
            let wanted = BATCH.min(count - names.len());
            let system = format!(
                "You make up names for an imaginary world. Make up {wanted} English names of {what}. Names are \
                 distinct, without article, digits or punctuation, of at most four words, and fit to be translated. \
                 Return JSON with the key `names`: a list of {wanted} strings."
            );
            let user = format!(
                "World {}. Names that are taken: {}.{complaint}",
                self.seed,
                used.list()
            );
            let list = json!({ "type": "array", "items": { "type": "string" } });
            let (date, value) = self.reply(system, user, list, 40 * wanted).await?;
            self.dates.insert(date);
            let offered = value.as_ref().map(|value| value["names"].as_array());
            let offered = offered
                .into_iter()
                .flatten()
                .flatten()
                .filter_map(Value::as_str);
            let before = names.len();
            let mut refused = Vec::new();
            for name in offered.take(wanted).map(cleaned) {
                match used.fault(&name, are_continents, "Latn") {
                    None => {
                        self.progress.step(&name);
                        used.add(&name, are_continents);
                        names.push(name);
                    }
                    Some(why) => refused.push(format!("`{name}`: {why}")),
                }
            }
            let found = names.len() - before;
            if found + refused.len() == 0 {
                refused.push(
                    value
                        .err()
                        .unwrap_or_else(|| "no names came back".to_owned()),
                );
            }
            self.asked_again += usize::from(found < wanted);
            fruitless = if found > 0 { 0 } else { fruitless + 1 };
            complaint = complaint_of(&refused, fruitless);
            if fruitless == MOST_FRUITLESS {
                return Err(TranslateError::NoNames {
                    found: names.len(),
                    wanted: count,
                    example: refused.swap_remove(0),
                });
            }
        }
        Ok(names)
    }

    /// Has English names of continents or places translated.
    async fn translate(
        &mut self,
        english: &[String],
        are_continents: bool,
        language: &NameLanguage,
        used: &mut UsedNames,
    ) -> Result<Vec<String>, TranslateError> {
        self.progress.start(english.len() as u64, &language.code);
        let mut names: BTreeMap<usize, String> = BTreeMap::new();
        let mut refused: BTreeMap<usize, String> = BTreeMap::new();
        for attempt in 0..=MOST_FRUITLESS {
            let missing: Vec<usize> = (0..english.len())
                .filter(|it| !names.contains_key(it))
                .collect();
            if missing.is_empty() {
                break;
            }
            let jobs: Vec<(Vec<usize>, String)> = missing
                .chunks(BATCH)
                .map(|batch| {
                    let said = batch.iter().filter_map(|index| refused.get(index).cloned());
                    (
                        batch.to_vec(),
                        complaint_of(&said.collect::<Vec<_>>(), attempt),
                    )
                })
                .collect();
            self.asked_again += if attempt > 0 { jobs.len() } else { 0 };
            let this = &*self;
            let ask = |(batch, complaint): (Vec<usize>, String)| async move {
                let offered = this.offer(english, &batch, language, &complaint).await?;
                Ok((batch, offered))
            };
            let mut offered = run_concurrently(jobs, self.model.concurrency(), ask).await?;
            // As they were asked for, not as they came: which of two equal names stays must not depend on the net.
            offered.sort_by(|a, b| a.0.cmp(&b.0));
            refused.clear();
            for (batch, (date, offered)) in offered {
                self.dates.insert(date);
                for index in batch {
                    let english = &english[index];
                    let Some(name) = offered.get(english) else {
                        refused.insert(index, format!("`{english}`: no translation came back"));
                        continue;
                    };
                    match used.fault(name, are_continents, &language.script) {
                        None => {
                            self.progress.step(name);
                            used.add(name, are_continents);
                            names.insert(index, name.clone());
                        }
                        Some(why) => {
                            refused.insert(index, format!("`{english}` as `{name}`: {why}"));
                        }
                    }
                }
            }
        }
        self.progress.finish();
        match refused.pop_first() {
            Some((_, example)) => Err(TranslateError::NoTranslations {
                language: language.code.clone(),
                left: refused.len() + 1,
                example,
            }),
            None => Ok(names.into_values().collect()),
        }
    }

    /// The model's translations of a batch, by English name, and their day.
    async fn offer(
        &self,
        english: &[String],
        batch: &[usize],
        language: &NameLanguage,
        complaint: &str,
    ) -> Result<(String, BTreeMap<String, String>), TranslateError> {
        let asked: Vec<&str> = batch.iter().map(|&index| english[index].as_str()).collect();
        let system = format!(
            "You translate names of an imaginary world from English into {}. Translate what has a meaning, spell the \
             rest in the script and by the sounds of the language, and write each name as a map in that language would: \
             without article, without notes. Different names stay different. Return JSON with the key `names`: a list of \
             objects with the keys `english` and `translation`, one for each name.",
            language.english_name
        );
        let user = format!("{}{complaint}", json!({ "names": asked }));
        let text = json!({ "type": "string" });
        let list = json!({
            "type": "array",
            "items": {
                "type": "object",
                "properties": { "english": text, "translation": text },
                "required": ["english", "translation"],
                "additionalProperties": false,
            },
        });
        let bytes: usize = asked.iter().map(|name| name.len()).sum();
        let (date, value) = self
            .reply(system, user, list, 4 * bytes + 40 * batch.len())
            .await?;
        let pairs = value.as_ref().map(|value| value["names"].as_array());
        let pairs = pairs.into_iter().flatten().flatten().filter_map(|pair| {
            let (english, name) = (pair["english"].as_str()?, pair["translation"].as_str()?);
            Some((english.to_owned(), cleaned(name)))
        });
        Ok((date, pairs.collect()))
    }

    /// An answer's day, and its JSON, or why it has none.
    async fn reply(
        &self,
        system: String,
        user: String,
        list: Value,
        tokens: usize,
    ) -> Result<(String, Result<Value, String>), TranslateError> {
        let schema = json!({
            "type": "object",
            "properties": { "names": list },
            "required": ["names"],
            "additionalProperties": false,
        });
        let generation = GenerationRequest {
            prompt: Prompt::Chat(vec![(ChatRole::System, system), (ChatRole::User, user)]),
            max_tokens: u32::try_from(tokens + 200).expect("a batch has few names"),
            fields: Map::from_iter([("response_format".to_owned(), json_schema("names", &schema))]),
        };
        let reply = self.model.generate(&generation, self.progress).await?;
        Ok((reply.date, object(&reply.text)))
    }
}

/// What the model is told about what was refused. The attempt stands there too: the same words would get the
/// same answer, from the model and from the cache.
fn complaint_of(refused: &[String], attempt: usize) -> String {
    if refused.is_empty() {
        return String::new();
    }
    format!(
        "\nAttempt {}. Earlier answers were refused: {}. Give others.",
        attempt + 1,
        refused.join("; ")
    )
}
