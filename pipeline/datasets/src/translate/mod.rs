//! Translates items through DeepL, Google, LibreTranslate or a language model, checks what comes back, and
//! asks once more for what is faulty. Names of fictional worlds are made up and translated here too.

mod checks;
mod chrf;
mod deepl;
mod error;
mod google;
mod http_translator;
mod libretranslate;
mod llm;
mod markup;
mod name_generator;
mod passage;
mod service_codes;
mod translation;
mod translator;
mod used_names;

pub use checks::{TranslationFault, faults};
pub use chrf::{chrf, corpus_chrf};
pub use deepl::DeepL;
pub use error::TranslateError;
pub use google::GoogleTranslate;
pub use libretranslate::LibreTranslate;
pub use llm::LanguageModelTranslator;
pub use name_generator::{GeneratedNames, NameLanguage, generate_names};
pub use passage::{Passage, PassageKind};
pub use service_codes::{ServiceCode, ServiceCodes, service_codes};
pub use translation::{TranslationLanguages, Translations, back_translate, translate};
pub use translator::{BatchLimits, SendMode, TranslationResult, Translator};
