//! A LibreTranslate server, which anybody can run.

use crate::translate::{
    BatchLimits, Passage, SendMode, ServiceCodes, TranslateError, TranslationResult, Translator,
    http_translator::{HttpTranslator, TextRequest, texts},
    markup,
};
use clika_base::types::Progress;
use clika_network::http::{HttpResponse, excerpt};
use clika_network::services::{ApiError, CallError, Secret, Service};
use serde_json::{Value, json};

/// LibreTranslate at an address; its key is optional.
pub struct LibreTranslate {
    http: HttpTranslator,
    key: Option<Secret>,
    /// The languages of the run besides English.
    targets: Vec<String>,
    /// What the server offers, asked for once; empty if it does not say.
    offered: tokio::sync::OnceCell<Vec<OfferedLanguage>>,
    codes: ServiceCodes,
}

/// An entry of `/languages`.
struct OfferedLanguage {
    code: String,
    /// Codes that it is translated into; `None` if the server does not say.
    targets: Option<Vec<String>>,
}

impl LibreTranslate {
    /// Prepares a client for translations from English into `targets`; nothing is sent yet.
    pub fn new(
        service: Service,
        base: &str,
        key: Option<Secret>,
        targets: &[&str],
    ) -> Result<Self, TranslateError> {
        let url = clika_network::http::address(base).ok_or_else(|| ApiError::Url {
            url: base.to_owned(),
        })?;
        Ok(Self {
            http: HttpTranslator::new(service, url.as_str(), key.as_ref())?,
            key,
            targets: targets.iter().map(|code| (*code).to_owned()).collect(),
            offered: tokio::sync::OnceCell::new(),
            codes: ServiceCodes::default(),
        })
    }

    /// The same, with what the languages' files say that the server calls them.
    #[must_use]
    pub fn with_codes(self, codes: ServiceCodes) -> Self {
        Self { codes, ..self }
    }

    /// The key of the environment.
    pub fn key() -> Option<Secret> {
        Secret::from_env(&["LIBRETRANSLATE_API_KEY"])
    }
}

impl LibreTranslate {
    /// The server's codes for two languages. Before the first translation, all languages of the run are looked for.
    async fn codes(
        &self,
        from: &str,
        to: &str,
        progress: &dyn Progress,
    ) -> Result<(String, String), TranslateError> {
        let offered = self
            .offered
            .get_or_try_init(|| async {
                let list = self
                    .http
                    .read("/languages", special, ADVICE, progress)
                    .await?;
                let offered = list.map(|list| offered(&list)).unwrap_or_default();
                for target in &self.targets {
                    self.pair(&offered, "en", target)?;
                }
                Ok::<_, TranslateError>(offered)
            })
            .await?;
        self.pair(offered, from, to)
    }

    fn pair(
        &self,
        offered: &[OfferedLanguage],
        from: &str,
        to: &str,
    ) -> Result<(String, String), TranslateError> {
        let named = |given: Option<String>, code: &str| given.unwrap_or_else(|| code.to_owned());
        let source = named(self.codes.source(from), from);
        let target = named(self.codes.target(to), to);
        if offered.is_empty() {
            return Ok((source, target));
        }
        let lacks = |language: &str, offered: Vec<&str>| TranslateError::NotOffered {
            server: self.http.base.clone(),
            from: from.to_owned(),
            to: to.to_owned(),
            language: language.to_owned(),
            offered: offered.join(", "),
        };
        let codes: Vec<&str> = offered.iter().map(|entry| entry.code.as_str()).collect();
        let Some(source) = listed(&source, &codes) else {
            return Err(lacks(from, codes));
        };
        let targets = offered.iter().find(|entry| entry.code == source);
        let targets = targets.and_then(|entry| entry.targets.as_ref());
        let targets: Vec<&str> = match targets {
            Some(targets) => targets.iter().map(String::as_str).collect(),
            None => codes,
        };
        match listed(&target, &targets) {
            Some(target) => Ok((source.to_owned(), target.to_owned())),
            None => Err(lacks(to, targets)),
        }
    }
}

/// The languages of an answer of `/languages`.
fn offered(list: &Value) -> Vec<OfferedLanguage> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let entries = list.as_array().into_iter().flatten();
    let entries = entries.filter_map(|entry| {
        let targets = entry["targets"].as_array();
        Some(OfferedLanguage {
            code: text(&entry["code"])?,
            targets: targets.map(|targets| targets.iter().filter_map(text).collect()),
        })
    });
    entries.collect()
}

/// The code that a server lists for a language. Servers differ by their version: `zh` became `zh-Hans`, `pb` became `pt-BR`.
fn listed<'a>(language: &str, codes: &[&'a str]) -> Option<&'a str> {
    let others: &[&str] = match language.to_ascii_lowercase().as_str() {
        "zh" | "zh-hans" | "zh-cn" => &["zh-Hans", "zh", "zh-CN"],
        "zh-hant" | "zh-tw" => &["zh-Hant", "zt", "zh-TW"],
        "pt-br" => &["pb"],
        "nb" | "no" => &["nb", "no"],
        "he" => &["iw"],
        _ => &[],
    };
    let wanted = std::iter::once(language).chain(others.iter().copied());
    let mut found = wanted.filter_map(|wanted| {
        let mut codes = codes.iter();
        codes.find(|code| code.eq_ignore_ascii_case(wanted))
    });
    found.next().copied()
}

const ADVICE: &str = "set the environment variable LIBRETRANSLATE_API_KEY to the server's key, or name \
                      another server";

/// LibreTranslate answers 403 to somebody it has slowed down too often, and 400 to somebody without a key.
fn special(answer: &HttpResponse) -> Option<CallError> {
    let text = String::from_utf8_lossy(&answer.body);
    let (status, excerpt) = (answer.status, excerpt(&answer.body));
    match status.as_u16() {
        403 if text.contains("Too many request") => Some(CallError::Quota { status, excerpt }),
        400 if text.contains("API key") => Some(CallError::Key {
            status,
            excerpt,
            advice: ADVICE.to_owned(),
        }),
        _ => None,
    }
}

impl Translator for LibreTranslate {
    fn name(&self) -> &'static str {
        "libretranslate"
    }

    fn service(&self) -> &Service {
        &self.http.service
    }

    fn limits(&self, _manner: SendMode) -> BatchLimits {
        BatchLimits {
            passages: 10,
            // Public servers take 2,000 characters.
            bytes: 2_000,
        }
    }

    fn settings(&self, _passage: &Passage, from: &str, to: &str, _manner: SendMode) -> Value {
        // Servers differ in their models.
        self.codes.add_to(json!(self.http.base), from, to)
    }

    async fn send(
        &self,
        batch: &[&Passage],
        from: &str,
        to: &str,
        mode: SendMode<'_>,
        progress: &dyn Progress,
    ) -> Result<Vec<TranslationResult>, TranslateError> {
        let texts = texts(batch, mode, |texts| markup::write(texts, "p"));
        let format = match mode {
            SendMode::Together => "html",
            SendMode::Apart { .. } => "text",
        };
        let (from, to) = self.codes(from, to, progress).await?;
        let mut body = json!({ "q": texts, "source": from, "target": to, "format": format });
        if let Some(key) = &self.key {
            body["api_key"] = json!(key.expose());
        }
        let request = TextRequest {
            path: "/translate".to_owned(),
            headers: Vec::new(),
            body,
            texts: &texts,
            list: "/translatedText",
            field: "",
            element: "p",
            special,
            advice: ADVICE.to_owned(),
        };
        self.http.send(request, batch, mode, progress).await
    }
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn servers_have_several_codes_for_a_language() {
        for (language, codes, expected) in [
            ("zh", &["en", "zh"][..], Some("zh")),
            ("zh", &["en", "zh-Hans", "zh-Hant"], Some("zh-Hans")),
            ("zh", &["en", "zt"], None),
            ("zh-Hant", &["zh", "zt"], Some("zt")),
            ("pt-BR", &["pt", "pb"], Some("pb")),
            ("pt-BR", &["pt"], None),
            ("pt", &["pb"], None),
            ("de", &["DE"], Some("DE")),
        ] {
            assert_eq!(listed(language, codes), expected, "{language} of {codes:?}");
        }
    }
}
