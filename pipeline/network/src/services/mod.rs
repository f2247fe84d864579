//! Calls to paid or rate-limited services: kept for ever once answered, limited, budgeted, retried.
//!
//! [`Service`] is the layer that every call goes through; [`OpenAi`] speaks to LLM endpoints on
//! it, and the `translate` crate to translators.

mod budget;
mod cache;
mod call;
mod completion;
mod error;
mod generation;
mod limits;
mod log_probabilities;
mod openai;
mod refusal;
mod secret;
mod served;
mod service;

pub use budget::{Budget, Prices, Totals, Usage};
pub use cache::{AnswerCache, CachedAnswer, RequestKey};
pub use call::{LONGEST_ANSWER, call};
pub use completion::Completion;
pub use error::{ApiError, CallError};
pub use generation::{ChatRole, GenerationRequest, Prompt};
pub use openai::OpenAi;
pub use secret::Secret;
pub use service::{Service, ServiceAnswer, ServiceConfig};
