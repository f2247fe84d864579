use crate::error::{Source, TemplateError};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// How an item becomes a prompt: `templates/prompts/<name>.toml`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptTemplate {
    /// What the template is, for people who choose one.
    pub description: String,
    /// For an item that is a question.
    pub question: ItemPrompt,
    /// For an item that is a premise and what is asked about it.
    pub premise: ItemPrompt,
}

/// How items of one kind are written.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemPrompt {
    /// Stands first; may be empty.
    pub instruction: String,
    /// A worked example for each number of choices; a number without one has none.
    pub examples: BTreeMap<String, String>,
    /// The item, with `{question}` and `{choices}` once each, and `{premise}` where it has one.
    pub item: String,
    /// What is asked for a cause; where it is missing, the dataset's own question is.
    pub cause: Option<String>,
    /// What is asked for an effect.
    pub effect: Option<String>,
}

/// Reads the prompt template `name` of a folder; the names are those of its files.
pub fn load_prompt(folder: &Path, name: &str) -> Result<PromptTemplate, TemplateError> {
    let known = prompt_names(folder)?;
    if !known.iter().any(|known| known == name) {
        return Err(TemplateError::UnknownPrompt {
            name: name.to_owned(),
            known: known.join(", "),
        });
    }
    let source = Source::read(&prompt_path(folder, name))?;
    let template: PromptTemplate = toml::from_str(source.text()).map_err(|error| {
        source.error(
            error.span().unwrap_or(0..0),
            error.message().trim_end(),
            "compare with templates/prompts/paper.toml",
        )
    })?;
    for (kind, prompt, places) in [
        (
            "question",
            &template.question,
            &["{question}", "{choices}"][..],
        ),
        (
            "premise",
            &template.premise,
            &["{premise}", "{question}", "{choices}"],
        ),
    ] {
        for place in places {
            let count = prompt.item.matches(place).count();
            if count != 1 {
                let section = source.text().find(&format!("[{kind}]")).unwrap_or(0);
                let item = source.text()[section..].find("\nitem").unwrap_or(0);
                let at = section + item + 1;
                return Err(source.error(
                    at..at,
                    format!("`{kind}.item` has `{place}` {count} times"),
                    format!("write `{place}` exactly once"),
                ));
            }
        }
    }
    Ok(template)
}

/// The file of a prompt template.
pub fn prompt_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.toml"))
}

/// The names of all prompt templates of a folder.
pub fn prompt_names(folder: &Path) -> Result<Vec<String>, TemplateError> {
    let stems = crate::languages::toml_files(folder)?
        .into_iter()
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()));
    let mut names: Vec<_> = stems.collect();
    names.sort();
    Ok(names)
}

impl ItemPrompt {
    /// Writes an item. `relation` is `cause` or `effect` where a premise is asked about.
    pub fn render(
        &self,
        premise: Option<&str>,
        question: &str,
        relation: Option<&str>,
        choices: &[String],
    ) -> String {
        let asked = match relation {
            Some("cause") => self.cause.as_deref(),
            Some("effect") => self.effect.as_deref(),
            Some(_) | None => None,
        };
        let lines: Vec<_> = ('A'..='Z')
            .zip(choices)
            .map(|(letter, choice)| format!("{letter}. {choice}"))
            .collect();
        let example = self.examples.get(&choices.len().to_string());
        let item = fill(
            &self.item,
            &[
                ("{premise}", premise.unwrap_or("")),
                ("{question}", asked.unwrap_or(question)),
                ("{choices}", &lines.join("\n")),
            ],
        );
        format!(
            "{}{}{item}",
            self.instruction,
            example.map_or("", String::as_str)
        )
    }
}

/// Puts values in the places of a template, in one pass: a value that looks like a place stays.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((at, place, value)) = values
        .iter()
        .filter_map(|(place, value)| Some((rest.find(place)?, place, value)))
        .min_by_key(|(at, _, _)| *at)
    {
        filled.push_str(&rest[..at]);
        filled.push_str(value);
        rest = &rest[at + place.len()..];
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_that_looks_like_a_place_stays() {
        let places = [("{city}", "Los {country}"), ("{country}", "US {city}")];
        assert_eq!(
            super::fill("{country}: {city}?", &places),
            "US {city}: Los {country}?"
        );
    }
}
