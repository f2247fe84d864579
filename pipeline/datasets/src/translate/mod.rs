//! Translates items through DeepL, Google, LibreTranslate or a language model, checks what comes back, and
//! asks once more for what is faulty. Names of fictional worlds are made up and translated here too.

mod checks;
mod chrf;
mod coin;
mod deepl;
mod error;
mod google;
mod libretranslate;
mod llm;
mod markup;
mod passage;
mod taken;
mod translator;
mod work;

pub use checks::{Fault, faults};
pub use chrf::{chrf, corpus_chrf};
pub use coin::{CoinedNames, Tongue, coin};
pub use deepl::DeepL;
pub use error::TranslateError;
pub use google::Google;
pub use libretranslate::LibreTranslate;
pub use llm::Llm;
pub use passage::{Kind, Passage};
pub use translator::{Limits, Manner, Texts, Translator};
pub use work::{Direction, Translated, back_translate, translate};
