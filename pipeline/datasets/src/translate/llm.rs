//! A language model behind an OpenAI-compatible endpoint.

use crate::translate::{
    BatchLimits, Passage, PassageKind, SendMode, TranslateError, TranslationResult, Translator,
};
use clika_base::types::Progress;
use clika_network::services::{ChatRole, GenerationRequest, OpenAi, Prompt, Service};
use serde_json::{Map, Value, json};

/// A language model that sees the whole item and answers by a JSON schema.
pub struct LanguageModelTranslator {
    model: OpenAi,
    /// English names of languages, by code.
    names: Vec<(String, String)>,
}

impl LanguageModelTranslator {
    /// A translator by `model`; `names` are the languages' English names, by code.
    pub fn new(model: OpenAi, names: Vec<(String, String)>) -> Self {
        Self { model, names }
    }

    fn name_of<'a>(&'a self, code: &'a str) -> &'a str {
        let known = self.names.iter().find(|(known, _)| known == code);
        known.map_or(code, |(_, name)| name)
    }

    /// What the model is told, and the item.
    fn prompt(&self, passage: &Passage, from: &str, to: &str, mode: SendMode) -> (String, String) {
        let kind = match passage.kind {
            PassageKind::Cause => "a premise and two alternatives for its cause",
            PassageKind::Effect => "a premise and two alternatives for its effect",
            PassageKind::Question => "a question and its possible answers",
        };
        let system = format!(
            "You translate test items from {} into {}. An item is {kind}. Translate every text of the item so that \
             it reads naturally to a native speaker, keeps its meaning, and fits the other texts in gender, number and \
             choice of words. Answers that differ stay different, and none becomes more or less right. Add nothing and \
             explain nothing. Return JSON with the key `translations`: a list of {} strings in the order of the texts.",
            self.name_of(from),
            self.name_of(to),
            passage.texts.len(),
        );
        let mut user = json!({ "texts": passage.texts }).to_string();
        if let SendMode::Apart { complaint } = mode {
            user += &format!("\nAn earlier translation was refused: {complaint}. Avoid that.");
        }
        (system, user)
    }
}

impl Translator for LanguageModelTranslator {
    fn name(&self) -> &'static str {
        "llm"
    }

    fn model(&self) -> Option<&str> {
        Some(self.model.model())
    }

    fn service(&self) -> &Service {
        self.model.service()
    }

    fn limits(&self, _manner: SendMode) -> BatchLimits {
        BatchLimits {
            passages: 1,
            bytes: usize::MAX,
        }
    }

    fn settings(&self, passage: &Passage, from: &str, to: &str, mode: SendMode) -> Value {
        // The prompt has the kind of item, the languages' names and the complaint, and its wording may change.
        let (system, user) = self.prompt(passage, from, to, mode);
        json!([self.model.model(), system, user])
    }

    async fn send(
        &self,
        batch: &[&Passage],
        from: &str,
        to: &str,
        mode: SendMode<'_>,
        progress: &dyn Progress,
    ) -> Result<Vec<TranslationResult>, TranslateError> {
        let mut translated = Vec::new();
        for passage in batch {
            let count = passage.texts.len();
            let schema = json!({
                "type": "object",
                "properties": {
                    "translations": {
                        "type": "array",
                        "items": { "type": "string" },
                        "minItems": count,
                        "maxItems": count,
                    },
                },
                "required": ["translations"],
                "additionalProperties": false,
            });
            let format = json_schema("translations", &schema);
            let bytes: usize = passage.texts.iter().map(String::len).sum();
            let (system, user) = self.prompt(passage, from, to, mode);
            let generation = GenerationRequest {
                prompt: Prompt::Chat(vec![(ChatRole::System, system), (ChatRole::User, user)]),
                // Three tokens a byte of English is more than any script takes.
                max_tokens: u32::try_from(3 * bytes + 200).unwrap_or(u32::MAX),
                fields: Map::from_iter([("response_format".to_owned(), format)]),
            };
            let reply = self.model.generate(&generation, progress).await?;
            translated.push(read(&reply.text, count));
        }
        Ok(translated)
    }
}

/// The field `response_format` that asks for JSON by a schema.
pub(crate) fn json_schema(name: &str, schema: &Value) -> Value {
    json!({
        "type": "json_schema",
        "json_schema": { "name": name, "strict": true, "schema": schema },
    })
}

/// The JSON object of an answer, also where the server ignored the schema and the model wrote fences.
pub(crate) fn object(text: &str) -> Result<Value, String> {
    let object = match (text.find('{'), text.rfind('}')) {
        (Some(start), Some(end)) if start < end => &text[start..=end],
        _ => return Err("the model answered without JSON".to_owned()),
    };
    serde_json::from_str(object).map_err(|error| format!("the model's JSON is broken: {error}"))
}

/// The texts of an answer.
fn read(text: &str, count: usize) -> TranslationResult {
    let value = object(text)?;
    let texts: Option<Vec<String>> = value["translations"].as_array().and_then(|texts| {
        let texts = texts.iter().map(|text| text.as_str().map(str::to_owned));
        texts.collect()
    });
    match texts {
        Some(texts) if texts.len() == count => Ok(texts),
        Some(texts) => Err(format!("{} of {count} texts came back", texts.len())),
        None => Err("the model's JSON has no list of translations".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_found_in_fences_and_talk() {
        let texts = Ok(vec!["a".to_owned(), "b".to_owned()]);
        for text in [
            r#"{"translations": ["a", "b"]}"#,
            "```json\n{\"translations\": [\"a\", \"b\"]}\n```",
            r#"Here you are: {"translations": ["a", "b"]}. Anything else?"#,
        ] {
            assert_eq!(read(text, 2), texts, "{text}");
        }
    }

    #[test]
    fn other_answers_are_lost_texts() {
        for (text, said) in [
            ("I cannot do that.", "without JSON"),
            (r#"{"translations": ["a", "b"#, "without JSON"),
            (r#"{"translations": ["a", "b]}"#, "JSON is broken"),
            (r#"{"texts": ["a", "b"]}"#, "no list of translations"),
            (r#"{"translations": ["a", 2]}"#, "no list of translations"),
            (r#"{"translations": ["a"]}"#, "1 of 2 texts came back"),
        ] {
            let why = read(text, 2).unwrap_err();
            assert!(why.contains(said), "{text}: {why}");
        }
    }
}
