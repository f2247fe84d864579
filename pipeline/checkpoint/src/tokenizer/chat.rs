//! The chat templates that a model's files hold.

use crate::tokenizer::ChatTemplate;
use crate::tokenizer::settings::TokenizerSettings;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `chat_template` of tokenizer_config.json.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum ChatTemplates {
    One(String),
    Several(Vec<NamedTemplate>),
    ByName(BTreeMap<String, String>),
}

/// One of several templates.
#[derive(Deserialize)]
pub(crate) struct NamedTemplate {
    name: String,
    template: String,
}

/// The template that counts, with the special tokens that it may name.
pub(crate) fn chat_template(settings: &TokenizerSettings) -> Option<ChatTemplate> {
    let (path, templates) = settings.chat.as_ref()?;
    let default = |name: &str| name == "default";
    let source = match templates {
        ChatTemplates::One(source) => Ok(source),
        // Of two with the same name the later counts, as in Python's dictionary.
        ChatTemplates::Several(list) => list
            .iter()
            .rfind(|named| default(&named.name))
            .map(|named| &named.template)
            .ok_or_else(|| list.iter().map(|named| named.name.clone()).collect()),
        ChatTemplates::ByName(map) => map
            .iter()
            .find(|(name, _)| default(name))
            .map(|(_, template)| template)
            .ok_or_else(|| map.keys().cloned().collect()),
    };
    let tokens = settings
        .named
        .pairs()
        .map(|(name, content)| (name.to_owned(), content.to_owned()));
    let source = source.map(String::as_str);
    Some(ChatTemplate::of(path.clone(), source, tokens))
}
