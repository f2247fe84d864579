//! The chat templates that a model's files hold.

use crate::settings::Settings;
use crate::{ChatTemplate, TokenizerError};
use serde::Deserialize;

/// `chat_template` of tokenizer_config.json.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum ChatTemplates {
    One(String),
    Several(Vec<NamedTemplate>),
}

/// One of several templates.
#[derive(Deserialize)]
pub(crate) struct NamedTemplate {
    name: String,
    template: String,
}

/// The template that counts, with the special tokens that it may name.
pub(crate) fn chat_template(settings: &Settings) -> Result<Option<ChatTemplate>, TokenizerError> {
    let Some((path, templates)) = &settings.chat else {
        return Ok(None);
    };
    let source = match templates {
        ChatTemplates::One(source) => source,
        // Of two with the same name the later counts, as in Python's dictionary.
        ChatTemplates::Several(list) => list
            .iter()
            .rfind(|named| named.name == "default")
            .map(|named| &named.template)
            .ok_or_else(|| TokenizerError::NoDefaultTemplate {
                path: path.clone(),
                names: list.iter().map(|named| named.name.clone()).collect(),
            })?,
    };
    let tokens = settings
        .named
        .pairs()
        .map(|(name, content)| (name.to_owned(), content.to_owned()));
    Ok(Some(ChatTemplate::new(path.clone(), source, tokens)))
}
