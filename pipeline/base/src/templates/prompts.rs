use crate::templates::error::{TemplateError, TemplateSource};
use crate::{ProjectPath, ToProjectPath};
use serde::Deserialize;
use std::{collections::BTreeMap, ops::Range};

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
    /// As written in the file; [`load_prompt`] reads a missing one off the examples.
    separator: Option<String>,
    /// As written in the file; a missing one is read off the examples.
    answered: Option<String>,
}

/// What the answer of an exemplar is, an item that is shown with its right answer before the one that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerForm {
    /// As in the prompt's own example, or as its `answered` says: the letter, with the choice's text or without.
    Letter,
    /// The choice's text alone.
    Text,
}

/// Reads the prompt template `name` of a folder; the names are those of its files.
pub fn load_prompt(
    folder: &(impl ToProjectPath + ?Sized),
    name: &str,
) -> Result<PromptTemplate, TemplateError> {
    let folder = folder.to_project_path();
    let known = prompt_names(&folder)?;
    if !known.iter().any(|known| known == name) {
        return Err(TemplateError::UnknownPrompt {
            name: name.to_owned(),
            known: known.join(", "),
        });
    }
    let source = TemplateSource::read(&folder.join(format!("{name}.toml")))?;
    let mut template: PromptTemplate = source.parse("compare with templates/prompts/paper.toml")?;
    for (kind, prompt, placeholders) in [
        (
            "question",
            &mut template.question,
            &["{question}", "{choices}"][..],
        ),
        (
            "premise",
            &mut template.premise,
            &["{premise}", "{question}", "{choices}"],
        ),
    ] {
        for placeholder in placeholders {
            let count = prompt.item.matches(placeholder).count();
            if count != 1 {
                return Err(source.error(
                    span(&source, kind, "item"),
                    format!("`{kind}.item` has `{placeholder}` {count} times"),
                    format!("write `{placeholder}` exactly once"),
                ));
            }
        }
        prompt.settle_separator(kind, &source)?;
        prompt.check_answered(kind, &source)?;
    }
    Ok(template)
}

/// Where a section of a file has a key, or where the section begins.
fn span(source: &TemplateSource, section: &str, key: &str) -> Range<usize> {
    let start = source.text().find(&format!("[{section}]")).unwrap_or(0);
    let key = source.text()[start..].find(&format!("\n{key}"));
    let at = key.map_or(start, |key| start + key + 1);
    at..at
}

/// The names of all prompt templates of a folder.
pub fn prompt_names(folder: &(impl ToProjectPath + ?Sized)) -> Result<Vec<String>, TemplateError> {
    let files = crate::templates::languages::toml_files(&folder.to_project_path())?;
    let mut names: Vec<_> = files.iter().map(ProjectPath::stem).collect();
    names.sort();
    Ok(names)
}

impl ItemPrompt {
    /// What stands between an item and an option's letter or text: nothing or a space, as in the prompt's own examples.
    pub fn separator(&self) -> &str {
        self.separator.as_deref().unwrap_or("")
    }

    /// The end of an item, after its last line break and its last place: `Answer:`.
    pub fn ending(&self) -> &str {
        let fixed = self.item.rsplit('}').next().unwrap_or(&self.item);
        fixed.rsplit('\n').next().unwrap_or(fixed)
    }

    /// Checks what the file says stands before an option against the examples, or reads it off them.
    fn settle_separator(
        &mut self,
        kind: &str,
        source: &TemplateSource,
    ) -> Result<(), TemplateError> {
        let error = |problem: String, hint: &str| {
            Err(source.error(span(source, kind, "separator"), problem, hint))
        };
        if let Some(separator) = &self.separator
            && !["", " "].contains(&separator.as_str())
        {
            return error(
                format!("`{kind}.separator` is {separator:?}"),
                "write \"\" or \" \"; line breaks belong to the end of `item`",
            );
        }
        for example in self.examples.values() {
            let shown = shown_separator(example, self.ending());
            match (&self.separator, shown) {
                (None, Some(shown)) => self.separator = Some(shown.to_owned()),
                (Some(separator), Some(shown)) if separator != shown => {
                    return error(
                        format!(
                            "`{kind}.separator` is {separator:?}, and an example answers with {shown:?} after `{}`",
                            self.ending()
                        ),
                        "write what the examples show: models imitate them",
                    );
                }
                (Some(_), _) | (None, None) => {}
            }
        }
        if self.separator.is_none() {
            return error(
                format!("`{kind}.separator` is missing, and no example shows it"),
                "write what comes between `item` and an option: \"\" or \" \"",
            );
        }
        Ok(())
    }

    /// Checks what the file says an answered item ends with.
    fn check_answered(&self, kind: &str, source: &TemplateSource) -> Result<(), TemplateError> {
        let Some(answered) = &self.answered else {
            return Ok(());
        };
        let error = |problem: String, hint: &str| {
            Err(source.error(span(source, kind, "answered"), problem, hint))
        };
        let begins = answered.starts_with("{letter}") && answered.matches("{letter}").count() == 1;
        if !begins || answered.matches("{choice}").count() > 1 || !answered.ends_with('\n') {
            return error(
                format!("`{kind}.answered` is {answered:?}"),
                "begin with `{letter}`, write `{choice}` once or not at all, and end with a line break: \
                 \"{letter}. {choice}\\n\"",
            );
        }
        let mut shown = self.examples.values();
        let shown = shown.find_map(|example| shown_answered(example, self.ending()));
        match shown.filter(|shown| shown != answered) {
            Some(shown) => error(
                format!("`{kind}.answered` is {answered:?}, and an example shows {shown:?}"),
                "write what the examples show: models imitate them",
            ),
            None => Ok(()),
        }
    }

    /// What follows [`separator`](Self::separator) in an item with its answer: `{letter}. {choice}` and a line break.
    fn answered(&self, choices: usize) -> Option<String> {
        let first = self.examples.get(&choices.to_string());
        let examples = first.into_iter().chain(self.examples.values());
        let mut shown = examples.filter_map(|example| shown_answered(example, self.ending()));
        self.answered.clone().or_else(|| shown.next())
    }

    /// What follows an item that is shown with its answer, `right`, up to where the next item begins.
    ///
    /// # Errors
    /// A prompt that does not say how an answered item is written.
    pub fn answer(
        &self,
        choices: &[String],
        right: u8,
        form: AnswerForm,
    ) -> Result<String, TemplateError> {
        let answered = self.answered(choices.len());
        let answered = answered.ok_or(TemplateError::NoAnswered)?;
        let choice = choices.get(usize::from(right)).map_or("", String::as_str);
        let answer = match form {
            AnswerForm::Letter => {
                let letter = char::from(b'A' + right).to_string();
                fill(&answered, &[("{letter}", &letter), ("{choice}", choice)])
            }
            AnswerForm::Text => {
                let end = answered.trim_end().len();
                format!("{choice}{}", &answered[end..])
            }
        };
        Ok(format!("{}{answer}", self.separator()))
    }

    /// Writes an item after the instruction and the prompt's own example.
    pub fn render(
        &self,
        premise: Option<&str>,
        question: &str,
        relation: Option<&str>,
        choices: &[String],
    ) -> String {
        let example = self.examples.get(&choices.len().to_string());
        format!(
            "{}{}{}",
            self.instruction,
            example.map_or("", String::as_str),
            self.item(premise, question, relation, choices)
        )
    }

    /// Writes an item. `relation` is `cause` or `effect` where a premise is asked about.
    pub fn item(
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
        fill(
            &self.item,
            &[
                ("{premise}", premise.unwrap_or("")),
                ("{question}", asked.unwrap_or(question)),
                ("{choices}", &lines.join("\n")),
            ],
        )
    }
}

/// What an example has between the end of its item and the letter that answers it.
fn shown_separator<'a>(example: &'a str, ending: &str) -> Option<&'a str> {
    shown_parts(example, ending).map(|(_, separator, _)| separator)
}

/// How an example writes its answer: `{letter}. {choice}` and a line break for "D. 5".
fn shown_answered(example: &str, ending: &str) -> Option<String> {
    let (item, _, answer) = shown_parts(example, ending)?;
    let (letter, rest) = answer.split_at(1);
    let start = format!("{letter}. ");
    let choice = item.lines().find_map(|line| line.strip_prefix(&start));
    let at = choice.and_then(|choice| Some((rest.split_once(choice)?, choice)));
    Some(match at {
        Some(((before, after), choice)) if !choice.is_empty() => {
            format!("{{letter}}{before}{{choice}}{after}")
        }
        Some(_) | None => format!("{{letter}}{rest}"),
    })
}

/// An example's item, what stands between it and the letter that answers it, and its answer from the letter on.
fn shown_parts<'a>(example: &'a str, ending: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let (item, answer) = example.rsplit_once(ending)?;
    let letter = answer.find(|letter: char| !letter.is_whitespace())?;
    let (separator, answer) = answer.split_at(letter);
    let is_letter = answer.starts_with(|letter: char| letter.is_ascii_uppercase());
    (is_letter && ["", " "].contains(&separator)).then_some((item, separator, answer))
}

/// Puts values in the places of a template, in one pass: a value that looks like a place stays.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((at, placeholder, value)) = values
        .iter()
        .filter_map(|(placeholder, value)| Some((rest.find(placeholder)?, placeholder, value)))
        .min_by_key(|(at, _, _)| *at)
    {
        filled.push_str(&rest[..at]);
        filled.push_str(value);
        rest = &rest[at + placeholder.len()..];
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{load_prompt, shown_answered, shown_separator};

    #[test]
    fn examples_show_what_stands_before_a_letter() {
        for (example, shown) in [
            ("A. 1\nB. 2\nAnswer:B. 2\n", Some("")),
            ("A. 1\nB. 2\nAnswer: B\n", Some(" ")),
            ("Answer:\nB", None),
            ("Answer: two", None),
            ("B", None),
        ] {
            assert_eq!(shown_separator(example, "Answer:"), shown, "{example}");
        }
    }

    #[test]
    fn examples_show_how_an_answer_is_written() {
        for (example, shown) in [
            ("A. 1\nB. 2\nAnswer:B. 2\n", Some("{letter}. {choice}\n")),
            ("A. 1\nB. 2\nAnswer: B\n\n", Some("{letter}\n\n")),
            ("A. 1\nB. 2\nAnswer: B) two\n", Some("{letter}) two\n")),
            ("A. 1\nB. 2\nAnswer: two\n", None),
        ] {
            let found = shown_answered(example, "Answer:");
            assert_eq!(found.as_deref(), shown, "{example}");
        }
    }

    #[test]
    fn a_separator_is_read_off_the_examples_or_has_to_agree_with_them() {
        let load = |example: &str, separator: &str| {
            let folder = tempfile::tempdir().unwrap();
            let examples = if example.is_empty() {
                String::new()
            } else {
                format!("2 = \"Answer:{example}\"")
            };
            let item = "item = \"{premise}{question}\\n{choices}\\nAnswer:\"";
            let section = format!("instruction = \"\"\nexamples = {{ {examples} }}\n{separator}\n");
            let text = format!(
                "description = \"d\"\n[question]\n{section}{}\n[premise]\n{section}{item}\n",
                item.replace("{premise}", "")
            );
            std::fs::write(folder.path().join("p.toml"), text).unwrap();
            load_prompt(folder.path(), "p")
                .map(|prompt| prompt.question.separator().to_owned())
                .map_err(|error| error.to_string())
        };
        assert_eq!(load("B", "").unwrap(), "");
        assert_eq!(load(" B", "").unwrap(), " ");
        assert_eq!(load("", "separator = \" \"").unwrap(), " ");
        for (example, separator, said) in [
            ("", "", "`question.separator` is missing"),
            (
                "B",
                "separator = \" \"",
                "an example answers with \"\" after `Answer:`",
            ),
            (
                "B",
                "separator = \"\\n\"",
                "`question.separator` is \"\\n\"",
            ),
        ] {
            let error = load(example, separator).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_name_that_looks_like_a_place_stays() {
        let placeholders = [("{city}", "Los {country}"), ("{country}", "US {city}")];
        assert_eq!(
            super::fill("{country}: {city}?", &placeholders),
            "US {city}: Los {country}?"
        );
    }
}
