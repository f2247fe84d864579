use super::{
    Control, FictionalConfig,
    build::is_alias,
    stems::{Stem, draw_stems},
};
use crate::{DatasetError, draw};
use clika_base::templates::{Syllables, fill, load_syllables};
use clika_base::text::{TextRules, without_case};
use clika_base::types::{FilePosition, Language, LanguageCode};
use clika_base::{Project, ProjectPath};
use icu_casemap::CaseMapper;
use std::collections::{BTreeMap, BTreeSet};

/// The names of a fictional world's continents and places, by language. An entity is its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldNames {
    /// The continents.
    pub continents: Vec<BTreeMap<LanguageCode, String>>,
    /// The places.
    pub places: Vec<BTreeMap<LanguageCode, String>>,
}

impl WorldNames {
    /// The name of a place; every language of the world has one.
    pub fn place(&self, place: usize, language: &Language) -> &str {
        &self.places[place][&language.code]
    }

    /// The name of a continent.
    pub fn continent(&self, continent: usize, language: &Language) -> &str {
        &self.continents[continent][&language.code]
    }

    /// Checks that a language tells its names apart: that all differ beyond case, and that no continent's
    /// name lies within another name, where a search for it would find it.
    pub fn check(&self, language: &Language) -> Result<(), DatasetError> {
        let (code, rules) = (&language.code, language.text_rules());
        let fault = |problem: String| DatasetError::Names {
            language: code.clone(),
            problem,
        };
        let mut seen = BTreeSet::new();
        for names in self.continents.iter().chain(&self.places) {
            let name = names
                .get(code)
                .filter(|name| !name.trim().is_empty())
                .ok_or_else(|| fault("an entity has no name".to_owned()))?;
            if !seen.insert(without_case(name, rules)) {
                return Err(fault(format!("two entities are called `{name}`")));
            }
        }
        for continent in &self.continents {
            let continent = without_case(&continent[code], rules);
            let within = |name: &&String| **name != continent && name.contains(&continent);
            if let Some(name) = seen.iter().find(within) {
                let problem = format!("the continent's name `{continent}` is part of `{name}`");
                return Err(fault(problem));
            }
        }
        Ok(())
    }

    /// Gives a language the names of another one.
    pub(crate) fn lend(&mut self, from: &LanguageCode, to: &LanguageCode) {
        for names in self.continents.iter_mut().chain(&mut self.places) {
            let name = names[from].clone();
            names.insert(to.clone(), name);
        }
    }
}

/// Coins names from syllables in every language that has templates for fictional worlds.
///
/// A continent is a stem, a place a stem and the noun of a landform. The alias world's second names are
/// further stems with the same landforms, under the code that [`WorldLanguages`](super::WorldLanguages) gives its target.
pub fn syllabic(
    config: &FictionalConfig,
    seed: u64,
    languages: &[Language],
    project: &Project,
) -> Result<WorldNames, DatasetError> {
    let chosen = landforms(config, seed, languages, project)?;
    let landforms = |purpose: &str| -> Vec<&str> {
        let purpose = ["fictional", purpose];
        let numbers = draw::balanced(config.places, chosen.len(), seed, &purpose);
        numbers.into_iter().map(|number| chosen[number]).collect()
    };
    // An alias has nothing in common with the name: a noun that both share would give places away.
    let (own, second) = (
        landforms("landforms of places"),
        landforms("landforms of aliases"),
    );
    let entities = config.continents + config.places;
    let needed = entities
        * if config.control == Control::Alias {
            2
        } else {
            1
        };
    let (stems, spellings) = stems(needed, seed, languages, project)?;
    let named = |entity: usize| -> BTreeMap<LanguageCode, String> {
        let name = |language: &Language| {
            // Second names come after all first ones, so that these are those of the main world.
            let (offset, landforms) = if is_alias(language, config) {
                (entities, &second)
            } else {
                (0, &own)
            };
            let stem = &stems[offset + entity][spellings[&language.code].as_str()];
            let stem = capitalized(stem);
            let name = match entity.checked_sub(config.continents) {
                None => stem,
                Some(place) => {
                    let templates = language.fictional.as_ref();
                    let templates =
                        templates.expect("names are made where there are words for them");
                    let landform = &templates.landforms[landforms[place]];
                    fill(
                        &templates.place,
                        &[("{stem}", &stem), ("{landform}", landform)],
                    )
                }
            };
            (language.code.clone(), name)
        };
        languages.iter().map(name).collect()
    };
    Ok(WorldNames {
        continents: (0..config.continents).map(named).collect(),
        places: (config.continents..entities).map(named).collect(),
    })
}

/// Stems, as many as are needed, none of which is like a noun of the languages; and the spelling that each language uses.
fn stems(
    needed: usize,
    seed: u64,
    languages: &[Language],
    project: &Project,
) -> Result<(Vec<Stem>, BTreeMap<LanguageCode, String>), DatasetError> {
    let mut syllables = load_syllables(&project.fictional())?;
    for language in languages {
        syllables.add(language, &project.language(&language.code))?;
    }
    let path = project.fictional().join("syllables.toml");
    let openings = || line_of(&path, "[openings]");
    let mut taken: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut spellings = BTreeMap::new();
    for language in languages {
        let Some(spelling) = syllables.spelling_of(language) else {
            return Err(DatasetError::NoSpelling {
                language: language.code.clone(),
                script: language.script.clone(),
                made_for: made_for(&syllables, &language.script),
                position: openings()?,
            });
        };
        spellings.insert(language.code.clone(), spelling.to_owned());
        let nouns = language
            .fictional
            .iter()
            .flat_map(|it| it.landforms.values());
        taken
            .entry(spelling.to_owned())
            .or_default()
            .extend(nouns.map(|noun| without_case(noun, TextRules::default())));
    }
    let stems = draw_stems(&syllables, &taken, needed, seed);
    if stems.len() < needed {
        return Err(DatasetError::TooFewStems {
            found: stems.len(),
            needed,
            position: openings()?,
        });
    }
    Ok((stems, spellings))
}

/// What is known of a script's spelling: for whom it is made, if there is one.
fn made_for(syllables: &Syllables, script: &str) -> String {
    match syllables.made_for.get(script) {
        None => "there is no spelling in this script".to_owned(),
        Some(languages) => {
            let codes: Vec<_> = languages.iter().map(LanguageCode::as_str).collect();
            format!(
                "the spelling in this script is made for `{}`",
                codes.join("`, `")
            )
        }
    }
}

/// The landforms of the world, as their keys.
fn landforms<'a>(
    config: &FictionalConfig,
    seed: u64,
    languages: &'a [Language],
    project: &Project,
) -> Result<Vec<&'a str>, DatasetError> {
    let lexicons = || {
        languages
            .iter()
            .filter_map(|it| Some((it, it.fictional.as_ref()?)))
    };
    let mut common: Vec<&str> = lexicons()
        .flat_map(|(_, templates)| templates.landforms.keys().map(String::as_str))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    for (language, templates) in lexicons() {
        common.retain(|key| templates.landforms.contains_key(*key));
        if common.len() < config.landforms {
            return Err(DatasetError::TooFewLandforms {
                language: language.code.clone(),
                found: common.len(),
                needed: config.landforms,
                position: line_of(&project.language(&language.code), "[fictional.landforms]")?,
            });
        }
    }
    let mut chosen = draw::shuffle(common, seed, &["fictional", "landforms"]);
    chosen.truncate(config.landforms);
    Ok(chosen)
}

/// The line of a file that begins with a text, or the file's first.
fn line_of(file: &ProjectPath, start: &str) -> Result<FilePosition, DatasetError> {
    let path = file.shown();
    let text = file.text().map_err(|source| DatasetError::Unreadable {
        path: path.clone(),
        source,
    })?;
    let newline = text.find(&format!("\n{start}"));
    Ok(FilePosition::at(
        &path,
        &text,
        newline.map_or(0, |newline| newline + 1),
    ))
}

/// The first letter as at the beginning of a name: Unicode's titlecase, which leaves Georgian as it is.
fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let mapper = CaseMapper::new();
    let first = letters.next().map(|first| mapper.simple_titlecase(first));
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_letter_of_a_name() {
        // Georgian's capitals, U+1C90 to U+1CBF, are for texts in capitals throughout; Unicode's titlecase has none.
        for (text, name) in [
            ("velmar", "Velmar"),
            ("ильдор", "Ильдор"),
            ("კრონალონ", "კრონალონ"),
            ("ベルマル", "ベルマル"),
            ("", ""),
        ] {
            assert_eq!(capitalized(text), name);
        }
    }
}
