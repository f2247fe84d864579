//! Finds a model's folder: a local one, or a revision of a repository on a hub that follows Hugging
//! Face's API, downloaded into the cache that transformers uses too.
//!
//! Not on `hf-hub`: 0.5 ignores HF_HUB_OFFLINE, HF_HUB_CACHE and Retry-After, appends whatever answers
//! a resumed request and checks no hash; 1.0, with `hf-xet` and `aws-lc`, brings 289 crates.

mod cache;
mod client;
mod download_progress;
mod error;
mod locate;
mod lock;
mod needed;
mod partial;
mod refusal;
mod remote;
mod resume;
mod revision;
mod settings;
mod transfer;

pub use error::HubError;
pub use locate::{Hub, ModelFolder};
pub use settings::HubSettings;
