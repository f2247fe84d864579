//! What translation services call languages.

use crate::translate::{deepl, google};
use clika_base::types::{Language, TranslatorCode, TranslatorCodes};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The codes that the languages' files give for a service.
#[derive(Clone, Debug, Default)]
pub struct ServiceCodes(BTreeMap<String, TranslatorCode>);

impl ServiceCodes {
    /// Reads the codes of a service from the files of languages.
    pub fn new(
        languages: &[Language],
        service: impl Fn(&TranslatorCodes) -> &Option<TranslatorCode>,
    ) -> Self {
        let codes = languages.iter().filter_map(|language| {
            let code = service(&language.translators).clone()?;
            Some((language.code.as_str().to_ascii_lowercase(), code))
        });
        Self(codes.collect())
    }

    /// What the service calls a language that is translated from, if its file says so.
    pub(crate) fn source(&self, language: &str) -> Option<String> {
        let code = self.0.get(&language.to_ascii_lowercase())?;
        Some(code.source().to_owned())
    }

    /// What the service calls a language that is translated into, if its file says so.
    pub(crate) fn target(&self, language: &str) -> Option<String> {
        let code = self.0.get(&language.to_ascii_lowercase())?;
        Some(code.target().to_owned())
    }

    /// Adds the codes of two languages to the settings that decide a translation, where files give any.
    pub(crate) fn add_to(&self, settings: Value, from: &str, to: &str) -> Value {
        match (self.source(from), self.target(to)) {
            (None, None) => settings,
            (source, target) => json!([settings, source, target]),
        }
    }
}

/// What a service calls a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceCode {
    /// The service, by its key in a language's file.
    pub service: &'static str,
    /// The code of a text that is translated.
    pub source: String,
    /// The code of the language that is translated into.
    pub target: String,
    /// Whether the language's file says so.
    pub is_from_file: bool,
}

/// What every service calls a language. LibreTranslate's servers list theirs, and the code is looked for there.
pub fn service_codes(code: &str, codes: &TranslatorCodes) -> [ServiceCode; 3] {
    let code_of = |service, given: &Option<TranslatorCode>, source, target| match given {
        Some(code) => ServiceCode {
            service,
            source: code.source().to_owned(),
            target: code.target().to_owned(),
            is_from_file: true,
        },
        None => ServiceCode {
            service,
            source,
            target,
            is_from_file: false,
        },
    };
    let google = google::language(code);
    [
        code_of(
            "deepl",
            &codes.deepl,
            deepl::source(code),
            deepl::target(code),
        ),
        code_of("google", &codes.google, google.clone(), google),
        code_of(
            "libretranslate",
            &codes.libretranslate,
            code.to_owned(),
            code.to_owned(),
        ),
    ]
}
