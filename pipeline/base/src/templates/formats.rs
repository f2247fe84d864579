use crate::ToProjectPath;
use crate::templates::{
    error::{TemplateError, TemplateSource},
    languages::{check_placeholders, span},
    models,
    prompts::prompt_names,
};
use serde::Deserialize;

/// How a text is wrapped for a model: `templates/formats/<name>.toml`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Format {
    /// What the format is, for people who choose one.
    pub description: String,
    /// Whether the prompt begins with [`PromptPart::Bos`].
    pub bos: bool,
    /// The system text; may be empty.
    pub system: String,
    /// How the system text is written, with `{system}`; left out where there is none.
    pub prefix: String,
    /// The user's turn, with `{content}`; `{prefix}` where the prefix does not stand before it.
    pub user: String,
    /// What introduces the answer, `{answer}`, and what ends it, with `{eos}` for [`PromptPart::Eos`].
    pub assistant: String,
    /// What stands between what introduces an answer and the answer: nothing or a space. `None` where nothing introduces
    /// it, and the prompt's own [separator](crate::templates::ItemPrompt::separator) decides.
    pub separator: Option<String>,
    /// Pieces of `prefix`, `user` and `assistant` that are [`PromptPart::Special`].
    pub special: Vec<String>,
    /// Texts that end a generated answer, besides what ends it in `assistant`.
    pub stop: Vec<String>,
}

/// A piece of what a model reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromptPart {
    /// Text, to be encoded without looking for special tokens: an item that holds `<|im_end|>` ends no turn.
    Text(String),
    /// The one token of this name; a tokenizer that lacks it does not fit the format.
    Special(String),
    /// All tokens that the tokenizer puts before every text, whatever they are called; nothing where it puts none. What it
    /// puts after a text does not belong to a prompt.
    Bos,
    /// The tokenizer's end-of-sequence token.
    Eos,
}

/// A text or an ending, ready to be encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedPrompt {
    /// All of it as one reads it: special tokens by name, [`PromptPart::Bos`] and [`PromptPart::Eos`] left out.
    pub text: String,
    /// What is encoded, in order; no two texts follow each other.
    pub parts: Vec<PromptPart>,
}

impl Format {
    /// Wraps a user's text; the model's answer comes next.
    pub fn render(&self, content: &str) -> RenderedPrompt {
        let mut parts = Vec::new();
        if self.bos {
            parts.push(PromptPart::Bos);
        }
        let (before, after) = self.user.split_once("{prefix}").unwrap_or(("", &self.user));
        let content = ("{content}", content);
        self.write(before, content, &mut parts);
        if !self.system.is_empty() {
            self.write(&self.prefix, ("{system}", &self.system), &mut parts);
        }
        self.write(after, content, &mut parts);
        self.write(self.answer().0, content, &mut parts);
        rendered(parts)
    }

    /// What stands after an answer, for training: a model that never saw it does not stop.
    pub fn answer_end(&self) -> RenderedPrompt {
        let mut parts = Vec::new();
        self.write(self.answer().1, ("{answer}", ""), &mut parts);
        rendered(parts)
    }

    /// What stands before and after the answer.
    fn answer(&self) -> (&str, &str) {
        self.assistant
            .split_once("{answer}")
            .unwrap_or((&self.assistant, ""))
    }

    /// Writes a template in one pass: a value that looks like a token or a place stays text.
    fn write(
        &self,
        template: &str,
        (placeholder, value): (&str, &str),
        parts: &mut Vec<PromptPart>,
    ) {
        let tokens = self.special.iter().map(String::as_str);
        let marks: Vec<_> = tokens.chain(["{eos}", placeholder]).collect();
        let mut rest = template;
        // The longest of the marks that begin at the same letter.
        while let Some((at, mark)) = marks
            .iter()
            .filter_map(|mark| Some((rest.find(mark)?, *mark)))
            .min_by_key(|(at, mark)| (*at, usize::MAX - mark.len()))
        {
            push_text(&rest[..at], parts);
            if mark == placeholder {
                push_text(value, parts);
            } else if mark == "{eos}" {
                parts.push(PromptPart::Eos);
            } else {
                parts.push(PromptPart::Special(mark.to_owned()));
            }
            rest = &rest[at + mark.len()..];
        }
        push_text(rest, parts);
    }
}

/// Reads the format `name` of a folder; the names are those of its files.
///
/// Fails on an unknown name, an unknown or missing key, a placeholder that is missing, doubled or unknown, an answer
/// without an end, and a special token that stands nowhere.
pub fn load_format(
    folder: &(impl ToProjectPath + ?Sized),
    name: &str,
) -> Result<Format, TemplateError> {
    let folder = folder.to_project_path();
    let known = format_names(&folder)?;
    if !known.iter().any(|known| known == name) {
        return Err(TemplateError::UnknownFormat {
            name: name.to_owned(),
            known: known.join(", "),
        });
    }
    let source = TemplateSource::read(&folder.join(format!("{name}.toml")))?;
    let format: Format = source.parse(
        "compare with templates/formats/alpaca.toml; templates/formats/README.md lists the keys",
    )?;
    check(&format, &source)?;
    Ok(format)
}

/// The names of all formats of a folder.
pub fn format_names(folder: &(impl ToProjectPath + ?Sized)) -> Result<Vec<String>, TemplateError> {
    let mut names = prompt_names(folder)?;
    names.retain(|name| name != models::FILE);
    Ok(names)
}

fn check(format: &Format, source: &TemplateSource) -> Result<(), TemplateError> {
    for (key, template, placeholder, optional) in [
        ("prefix", &format.prefix, "{system}", None),
        ("user", &format.user, "{content}", Some("{prefix}")),
        ("assistant", &format.assistant, "{answer}", Some("{eos}")),
    ] {
        let optional = optional.filter(|optional| template.contains(optional));
        let placeholders: Vec<_> = [placeholder].into_iter().chain(optional).collect();
        check_placeholders(key, template, &placeholders, source)?;
    }
    let error = |key: &str, problem: String, hint: &str| {
        Err(source.error(span(source, key), problem, hint))
    };
    let (before, after) = format.answer();
    if after.is_empty() || before.contains("{eos}") {
        return error(
            "assistant",
            "`assistant` has nothing that ends the answer".to_owned(),
            "write `{eos}`, or the token that ends a turn, after `{answer}`",
        );
    }
    for (index, token) in format.special.iter().enumerate() {
        let mut templates = [&format.prefix, &format.user, &format.assistant].into_iter();
        if token.is_empty() || !templates.any(|template| template.contains(token)) {
            return error(
                &format!("special.{}", index + 1),
                format!("special token `{token}` is in none of `prefix`, `user` and `assistant`"),
                "spell it as it is written there, or remove it",
            );
        }
    }
    if let Some(index) = format.stop.iter().position(String::is_empty) {
        return error(
            &format!("stop.{}", index + 1),
            "`stop` has an empty text".to_owned(),
            "remove it: it would end every answer before it begins",
        );
    }
    Ok(())
}

fn push_text(text: &str, parts: &mut Vec<PromptPart>) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(PromptPart::Text(last)) => last.push_str(text),
        Some(PromptPart::Special(_) | PromptPart::Bos | PromptPart::Eos) | None => {
            parts.push(PromptPart::Text(text.to_owned()));
        }
    }
}

fn rendered(parts: Vec<PromptPart>) -> RenderedPrompt {
    let texts = parts.iter().map(|part| match part {
        PromptPart::Text(text) | PromptPart::Special(text) => text.as_str(),
        PromptPart::Bos | PromptPart::Eos => "",
    });
    RenderedPrompt {
        text: texts.collect(),
        parts,
    }
}
