//! Names of coined places by a language model: made up in English, then translated, as in the paper.

use crate::{
    TranslateError,
    checks::is_written_in,
    llm::{json_schema, object},
    work::side_by_side,
};
use clika_api::{Generation, OpenAi, Prompt, Role};
use clika_core::Progress;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Names in one request.
const BATCH: usize = 20;
/// Requests in a row that may bring no name that can be used.
const PATIENCE: usize = 4;
/// Characters of a name, at most.
const LONGEST: usize = 60;

/// A language that names are translated into.
#[derive(Clone, Debug)]
pub struct Tongue {
    /// The code: `de`.
    pub code: String,
    /// The name in English, for the model.
    pub english_name: String,
    /// The script, as its ISO 15924 code.
    pub script: String,
}

/// Names that a model made up.
#[derive(Clone, Debug, PartialEq)]
pub struct CoinedNames {
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
pub async fn coin(
    model: &OpenAi,
    continents: usize,
    places: usize,
    tongues: &[Tongue],
    seed: u64,
    progress: &dyn Progress,
) -> Result<CoinedNames, TranslateError> {
    let mut desk = Desk {
        model,
        seed,
        progress,
        asked_again: 0,
        dates: BTreeSet::new(),
    };
    progress.start((continents + places) as u64, "en");
    let mut english: Vec<String> = Vec::new();
    desk.make_up(&mut english, continents, continents).await?;
    desk.make_up(&mut english, continents + places, continents)
        .await?;
    progress.finish();
    let mut names: Vec<BTreeMap<String, String>> = english
        .iter()
        .map(|name| BTreeMap::from([("en".to_owned(), name.clone())]))
        .collect();
    for tongue in tongues.iter().filter(|tongue| tongue.code != "en") {
        let translated = desk.translate(&english, continents, tongue).await?;
        for (names, translated) in names.iter_mut().zip(translated) {
            names.insert(tongue.code.clone(), translated);
        }
    }
    let places = names.split_off(continents);
    let date = |date: Option<&String>| date.cloned().unwrap_or_default();
    Ok(CoinedNames {
        continents: names,
        places,
        asked_again: desk.asked_again,
        first_date: date(desk.dates.first()),
        last_date: date(desk.dates.last()),
    })
}

struct Desk<'a> {
    model: &'a OpenAi,
    seed: u64,
    progress: &'a dyn Progress,
    asked_again: usize,
    dates: BTreeSet<String>,
}

impl Desk<'_> {
    /// Adds made-up English names until there are `total`; the first `continents` are continents'.
    async fn make_up(
        &mut self,
        names: &mut Vec<String>,
        total: usize,
        continents: usize,
    ) -> Result<(), TranslateError> {
        let mut fruitless = 0;
        let mut complaint = String::new();
        while names.len() < total {
            let count = BATCH.min(total - names.len());
            let what = if names.len() < continents {
                "continents, one coined word each, such as no map, book, film or game has"
            } else {
                "places, a coined or poetic word with a noun for a landscape, such as no map, book, film or game has"
            };
            let system = format!(
                "You make up names for an imaginary world. Make up {count} English names of {what}. Names are \
                 distinct, without article, digits or punctuation, of at most four words, and fit to be translated. \
                 Return JSON with the key `names`: a list of {count} strings."
            );
            let user = format!(
                "World {}. Names that are taken: {}.{complaint}",
                self.seed,
                if names.is_empty() {
                    "none".to_owned()
                } else {
                    names.join(", ")
                },
            );
            let list = json!({ "type": "array", "items": { "type": "string" } });
            let value = self.ask(system, user, "names", list, 40 * count).await?;
            let offered = value.as_ref().and_then(|value| value["names"].as_array());
            let before = names.len();
            let mut refused = Vec::new();
            for name in offered
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .take(count)
            {
                let name = name.trim();
                match fault(name, "Latn", names, continents) {
                    None => {
                        names.push(name.to_owned());
                        self.progress.step(name);
                    }
                    Some(why) => refused.push(format!("`{name}`: {why}")),
                }
            }
            if offered.is_none() {
                refused.push("no JSON with the key `names`".to_owned());
            }
            complaint = complaint_of(&refused, fruitless + 1);
            self.asked_again += usize::from(names.len() < before + count);
            fruitless = if names.len() > before {
                0
            } else {
                fruitless + 1
            };
            if fruitless == PATIENCE {
                return Err(TranslateError::NoNames {
                    found: names.len(),
                    wanted: total,
                    example: refused
                        .first()
                        .cloned()
                        .unwrap_or_else(|| "no name at all".to_owned()),
                });
            }
        }
        Ok(())
    }

    /// Translates all names into a language.
    async fn translate(
        &mut self,
        english: &[String],
        continents: usize,
        tongue: &Tongue,
    ) -> Result<Vec<String>, TranslateError> {
        self.progress.start(english.len() as u64, &tongue.code);
        let mut names: Vec<Option<String>> = vec![None; english.len()];
        let mut missing: Vec<usize> = (0..english.len()).collect();
        let mut refused: BTreeMap<usize, String> = BTreeMap::new();
        for attempt in 0..=PATIENCE {
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
            let mut offered = side_by_side(
                jobs,
                self.model.concurrency(),
                |(batch, complaint)| async move {
                    let offered = this.offer(english, &batch, tongue, &complaint).await?;
                    Ok((batch, offered))
                },
            )
            .await?;
            // As they were asked for, not as they came: which of two equal names stays must not depend on the net.
            offered.sort_by(|a, b| a.0.cmp(&b.0));
            refused.clear();
            for (batch, (date, offered)) in offered {
                self.dates.insert(date);
                for index in batch {
                    let Some(name) = offered.get(&english[index]) else {
                        let why = format!("`{}`: no translation came back", english[index]);
                        refused.insert(index, why);
                        continue;
                    };
                    let taken: Vec<String> = names.iter().flatten().cloned().collect();
                    let taken_continents = names[..continents].iter().flatten().count();
                    match fault(name, &tongue.script, &taken, taken_continents) {
                        None => {
                            names[index] = Some(name.clone());
                            self.progress.step(name);
                        }
                        Some(why) => {
                            let why = format!("`{}` as `{name}`: {why}", english[index]);
                            refused.insert(index, why);
                        }
                    }
                }
            }
            missing = refused.keys().copied().collect();
            if missing.is_empty() {
                break;
            }
        }
        self.progress.finish();
        if let Some(example) = refused.values().next() {
            return Err(TranslateError::NoTranslations {
                language: tongue.code.clone(),
                left: refused.len(),
                example: example.clone(),
            });
        }
        Ok(names.into_iter().flatten().collect())
    }

    /// The model's translations of a batch, by English name, and their day.
    async fn offer(
        &self,
        english: &[String],
        batch: &[usize],
        tongue: &Tongue,
        complaint: &str,
    ) -> Result<(String, BTreeMap<String, String>), TranslateError> {
        let asked: Vec<&str> = batch.iter().map(|&index| english[index].as_str()).collect();
        let system = format!(
            "You translate names of an imaginary world from English into {}. Translate what has a meaning, spell the \
             rest in the script and by the sounds of the language, and write each name as a map in that language would: \
             without article, without notes. Different names stay different. Return JSON with the key `names`: a list of \
             objects with the keys `english` and `translation`, one for each name.",
            tongue.english_name
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
            .reply(system, user, "names", list, 4 * bytes + 40 * batch.len())
            .await?;
        let pairs = value.as_ref().and_then(|value| value["names"].as_array());
        let pairs = pairs.into_iter().flatten().filter_map(|pair| {
            let name = |key: &str| pair[key].as_str().map(|name| name.trim().to_owned());
            Some((name("english")?, name("translation")?))
        });
        Ok((date, pairs.collect()))
    }

    async fn ask(
        &mut self,
        system: String,
        user: String,
        key: &str,
        list: Value,
        tokens: usize,
    ) -> Result<Option<Value>, TranslateError> {
        let (date, value) = self.reply(system, user, key, list, tokens).await?;
        self.dates.insert(date);
        Ok(value)
    }

    /// An answer's day, and its object under `key`; `None` for an answer without one.
    async fn reply(
        &self,
        system: String,
        user: String,
        key: &str,
        list: Value,
        tokens: usize,
    ) -> Result<(String, Option<Value>), TranslateError> {
        let schema = json!({
            "type": "object",
            "properties": { key: list },
            "required": [key],
            "additionalProperties": false,
        });
        let generation = Generation {
            prompt: Prompt::Chat(vec![(Role::System, system), (Role::User, user)]),
            max_tokens: u32::try_from(tokens + 200).unwrap_or(u32::MAX),
            fields: Map::from_iter([("response_format".to_owned(), json_schema(key, &schema))]),
        };
        let reply = self.model.generate(&generation, self.progress).await?;
        // What is no JSON is asked for again, like a name that cannot be used.
        let value = match object(&reply.text) {
            Ok(value) => Some(value),
            Err(_) => None,
        };
        Ok((reply.date, value))
    }
}

/// Why a name cannot be used; the first `continents` of those that are `taken` are continents'.
fn fault(name: &str, script: &str, taken: &[String], continents: usize) -> Option<String> {
    if name.is_empty() {
        return Some("empty".to_owned());
    }
    if name.chars().count() > LONGEST {
        return Some(format!("longer than {LONGEST} characters"));
    }
    if name
        .chars()
        .any(|c| c.is_control() || c.is_numeric() || "[]{}<>|\"`".contains(c))
    {
        return Some("digits, brackets or line breaks".to_owned());
    }
    if !is_written_in(name, script) {
        return Some(format!("not in the script {script}"));
    }
    let folded = name.to_lowercase();
    let mut taken = taken.iter().map(|other| other.to_lowercase()).enumerate();
    let clash = taken.find_map(|(position, other)| {
        if other == folded {
            Some(format!("`{other}` is taken"))
        } else if position < continents && folded.contains(&other) {
            Some(format!("it contains the continent's name `{other}`"))
        } else {
            None
        }
    });
    clash
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cannot_be_used_are_told_why() {
        let taken = ["Ostra".to_owned(), "Velmar Hollow".to_owned()];
        for (name, script, why) in [
            ("", "Latn", "empty"),
            ("velmar hollow", "Latn", "`velmar hollow` is taken"),
            (
                "Ostra Ridge",
                "Latn",
                "it contains the continent's name `ostra`",
            ),
            ("Долина", "Latn", "not in the script Latn"),
            ("Tarvo Senke", "Cyrl", "not in the script Cyrl"),
            ("Tarvo\nSenke", "Latn", "digits, brackets or line breaks"),
            ("Tarvo 7", "Latn", "digits, brackets or line breaks"),
        ] {
            let said = fault(name, script, &taken, 1);
            assert_eq!(said.as_deref(), Some(why), "{name}");
        }
        assert_eq!(fault("Tarvo's Rest", "Latn", &taken, 1), None);
        assert_eq!(fault("Velmar", "Latn", &taken, 1), None);
        assert_eq!(fault("タルヴォ盆地", "Jpan", &taken, 1), None);
    }
}
