//! Paid services.

#![allow(clippy::unwrap_used)]

mod asked_model;
mod log_probabilities;
mod service;
