//! Paid services.

#![allow(clippy::unwrap_used)]

mod asked_model;
mod batches;
mod log_probabilities;
mod service;
