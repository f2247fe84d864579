//! Calls to paid or rate-limited services: kept for ever once answered, limited, budgeted, retried.
//!
//! [`Service`] is the layer that every call goes through; [`OpenAi`] speaks to LLM endpoints on
//! it, and the `translate` crate to translators.

mod budget;
mod cache;
mod call;
mod error;
mod limits;
mod openai;
mod secret;
mod service;

pub use budget::{Budget, Prices, Totals, Usage};
pub use cache::{AnswerCache, CachedAnswer, RequestKey};
pub use call::{LONGEST_ANSWER, call};
pub use error::{ApiError, CallError};
pub use openai::{ChatRole, Completion, GenerationRequest, OpenAi, Prompt};
pub use secret::Secret;
pub use service::{Service, ServiceAnswer, ServiceConfig};
