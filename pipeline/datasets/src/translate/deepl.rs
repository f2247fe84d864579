//! DeepL's API, version 2.

use crate::translate::{
    BatchLimits, Passage, SendMode, ServiceCodes, TranslateError, TranslationResult, Translator,
    http_translator::{HttpTranslator, TextRequest, texts},
    markup,
};
use clika_base::types::Progress;
use clika_network::http::{HttpResponse, excerpt};
use clika_network::services::{CallError, Secret, Service};
use serde_json::{Value, json};

/// DeepL. The key decides the address: free keys end in `:fx`.
pub struct DeepL {
    http: HttpTranslator,
    key: Option<Secret>,
    codes: ServiceCodes,
}

const VARIABLE: &str = "DEEPL_AUTH_KEY";

/// DeepL's default depends on the account's age. This one wants XML with one root.
const TAG_HANDLING: &str = "v2";

impl DeepL {
    /// Prepares a client; nothing is sent yet. `base` replaces DeepL's own address.
    pub fn new(
        service: Service,
        key: Option<Secret>,
        base: Option<&str>,
    ) -> Result<Self, TranslateError> {
        let free = key
            .as_ref()
            .is_some_and(|key| key.expose().ends_with(":fx"));
        let base = base.unwrap_or(if free {
            "https://api-free.deepl.com"
        } else {
            "https://api.deepl.com"
        });
        Ok(Self {
            http: HttpTranslator::new(service, base, key.as_ref())?,
            key,
            codes: ServiceCodes::default(),
        })
    }

    /// The same, with what the languages' files say that DeepL calls them.
    #[must_use]
    pub fn with_codes(self, codes: ServiceCodes) -> Self {
        Self { codes, ..self }
    }

    /// The key of the environment.
    pub fn key() -> Option<Secret> {
        Secret::from_env(&[VARIABLE])
    }
}

/// A source language in DeepL's words, which have no variants: `PT` for `pt-BR`.
pub(crate) fn source(code: &str) -> String {
    let primary = code.split_once('-').map_or(code, |(primary, _)| primary);
    match primary.to_ascii_lowercase().as_str() {
        // Other codes than ours for the same language: bokmål, and Tagalog.
        "no" => "NB".to_owned(),
        "fil" => "TL".to_owned(),
        "iw" => "HE".to_owned(),
        other => other.to_uppercase(),
    }
}

/// A target language in DeepL's words: a variant where it asks for one.
pub(crate) fn target(code: &str) -> String {
    let lower = code.to_ascii_lowercase();
    let primary = lower.split('-').next().unwrap_or_default();
    match lower.as_str() {
        "en" => "EN-US".to_owned(),
        "zh" | "zh-cn" | "zh-sg" | "zh-hans-cn" => "ZH-HANS".to_owned(),
        "zh-tw" | "zh-hk" | "zh-mo" | "zh-hant-tw" | "zh-hant-hk" => "ZH-HANT".to_owned(),
        // Variants of languages that it has under another code, and none of.
        _ if ["no", "fil", "iw"].contains(&primary) => source(code),
        other if other.contains('-') => other.to_uppercase(),
        other => source(other),
    }
}

/// DeepL's own status.
fn special(answer: &HttpResponse) -> Option<CallError> {
    (answer.status.as_u16() == 456).then(|| CallError::Quota {
        status: answer.status,
        excerpt: excerpt(&answer.body),
    })
}

impl Translator for DeepL {
    fn name(&self) -> &'static str {
        "deepl"
    }

    fn service(&self) -> &Service {
        &self.http.service
    }

    fn limits(&self, mode: SendMode) -> BatchLimits {
        BatchLimits {
            // The context of a request is one item's.
            passages: match mode {
                SendMode::Together => 50,
                SendMode::Apart { .. } => 1,
            },
            // 128 KiB, less what is around the texts.
            bytes: 120 << 10,
        }
    }

    fn settings(&self, _passage: &Passage, from: &str, to: &str, _manner: SendMode) -> Value {
        let settings = json!({ "tag_handling_version": TAG_HANDLING });
        self.codes.add_to(settings, from, to)
    }

    async fn send(
        &self,
        batch: &[&Passage],
        from: &str,
        to: &str,
        mode: SendMode<'_>,
        progress: &dyn Progress,
    ) -> Result<Vec<TranslationResult>, TranslateError> {
        let key = self
            .key
            .as_ref()
            .ok_or_else(|| TranslateError::MissingKey {
                engine: "DeepL",
                language: to.to_owned(),
                variable: VARIABLE,
            })?;
        let mut body = json!({
            "source_lang": self.codes.source(from).unwrap_or_else(|| source(from)),
            "target_lang": self.codes.target(to).unwrap_or_else(|| target(to)),
            "preserve_formatting": true,
        });
        let texts = texts(batch, mode, |texts| markup::write_document(texts, "t"));
        match mode {
            SendMode::Together => {
                body["tag_handling"] = json!("xml");
                body["tag_handling_version"] = json!(TAG_HANDLING);
                body["splitting_tags"] = json!(["t"]);
                body["outline_detection"] = json!(false);
            }
            SendMode::Apart { .. } => body["context"] = json!(texts.join("\n")),
        }
        body["text"] = json!(texts);
        let request = TextRequest {
            path: "/v2/translate".to_owned(),
            headers: vec![("Authorization", format!("DeepL-Auth-Key {}", key.expose()))],
            body,
            texts: &texts,
            list: "/translations",
            field: "text",
            element: "t",
            special,
            advice: format!("check the key in {}", key.variable()),
        };
        self.http.send(request, batch, mode, progress).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As DeepL's list of languages has them (developers.deepl.com, supported languages).
    #[test]
    fn languages_in_its_words() {
        for (code, from, to) in [
            ("de", "DE", "DE"),
            ("en", "EN", "EN-US"),
            ("zh", "ZH", "ZH-HANS"),
            ("zh-Hant", "ZH", "ZH-HANT"),
            ("pt-br", "PT", "PT-BR"),
            ("pt-BR", "PT", "PT-BR"),
            ("NO", "NB", "NB"),
            ("no", "NB", "NB"),
            ("nb", "NB", "NB"),
            ("fil", "TL", "TL"),
            ("fil-PH", "TL", "TL"),
            ("zh-TW", "ZH", "ZH-HANT"),
            ("iw", "HE", "HE"),
        ] {
            assert_eq!(
                (source(code), target(code)),
                (from.to_owned(), to.to_owned())
            );
        }
    }
}
