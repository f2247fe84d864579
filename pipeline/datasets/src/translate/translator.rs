use crate::translate::{Passage, TranslateError};
use clika_base::types::Progress;
use clika_network::services::Service;
use serde_json::Value;

/// The texts of a passage in another language, or what became of them: a service may lose a choice.
pub type TranslationResult = Result<Vec<String>, String>;

/// How a passage is sent to a service: as one text, or text by text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendMode<'a> {
    /// All its texts as one, in markup, so that they stay consistent.
    Together,
    /// Every text on its own, after a first translation that was faulty.
    Apart {
        /// What was wrong with it, for a service that can be told.
        complaint: &'a str,
    },
}

/// What fits into one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Passages.
    pub passages: usize,
    /// Bytes of their texts, markup included.
    pub bytes: usize,
}

/// A service that translates.
#[allow(
    async_fn_in_trait,
    reason = "runs on one thread, and nobody outside implements it"
)]
pub trait Translator {
    /// The service's name: `deepl`.
    fn name(&self) -> &'static str;

    /// The model that is asked, where there is a choice.
    fn model(&self) -> Option<&str> {
        None
    }

    /// The rules it is called by, and its cache.
    fn service(&self) -> &Service;

    /// What fits into one request.
    fn limits(&self, mode: SendMode) -> BatchLimits;

    /// What decides a passage's translation besides its texts, the languages and the mode's name: it is
    /// part of the cache's key.
    fn settings(&self, passage: &Passage, from: &str, to: &str, mode: SendMode) -> Value;

    /// Translates a batch that fits into one request: one result for each passage.
    async fn send(
        &self,
        batch: &[&Passage],
        from: &str,
        to: &str,
        mode: SendMode<'_>,
        progress: &dyn Progress,
    ) -> Result<Vec<TranslationResult>, TranslateError>;
}
