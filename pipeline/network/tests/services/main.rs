//! Paid services.

#![allow(clippy::unwrap_used)]

mod log_probabilities;
mod service;
