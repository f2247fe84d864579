//! Paid services.

mod log_probabilities;
mod service;
