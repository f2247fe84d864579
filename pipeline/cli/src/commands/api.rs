//! Options of every command that calls a paid or rate-limited service.

use super::Failure;
use clika_base::Project;
use clika_network::http::RetryPolicy;
use clika_network::services::{AnswerCache, Budget, Prices, Service, ServiceConfig, Totals};
use std::{num::NonZeroU32, path::PathBuf, time::Duration};

/// How services are called and what they may cost. Every answer is kept before it is used, so a run
/// that ends early continues where it stopped.
#[derive(clap::Args)]
#[command(next_help_heading = "Services")]
pub struct ApiArgs {
    /// Requests under way at once.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1024))]
    concurrency: u16,
    /// Requests a minute, at most.
    #[arg(long, value_name = "N")]
    rpm: Option<NonZeroU32>,
    /// Tokens a minute, at most.
    #[arg(long, value_name = "N")]
    tpm: Option<NonZeroU32>,
    /// Seconds that one request may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// How often a request is tried.
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u8).range(1..=100))]
    attempts: u8,
    /// Send at most this many requests, including failed ones; 0 uses kept answers only.
    #[arg(long, value_name = "N")]
    max_requests: Option<u64>,
    /// Highest cost, in the currency of the prices; the run stops before it is exceeded.
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    max_cost: Option<f64>,
    /// Price of a million tokens of prompts.
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    price_input: Option<f64>,
    /// Price of a million tokens of answers.
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    price_output: Option<f64>,
    /// Price of a million characters of translation.
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    price_characters: Option<f64>,
    /// Send a key without TLS, to any machine; a key goes over TLS or to this machine otherwise.
    #[arg(long)]
    key_in_clear: bool,
    /// Folder of kept answers [default: artifacts/cache/api, and artifacts/cache/models for models that run here]
    #[arg(long, value_name = "DIR")]
    pub(super) cache: Option<PathBuf>,
}

fn amount(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(amount) if amount.is_finite() && amount >= 0.0 => Ok(amount),
        Ok(_) | Err(_) => Err("expected an amount such as 0.15".to_owned()),
    }
}

impl ApiArgs {
    /// A service whose answers are kept in a file of its own, named after `file`.
    pub fn service(&self, name: &str, file: &str, project: &Project) -> Result<Service, Failure> {
        let cache = AnswerCache::open(&self.cache_file(file, project))?;
        Ok(Service::new(name, self.rules(), cache)?)
    }

    /// The file of a service's answers.
    pub fn cache_file(&self, file: &str, project: &Project) -> PathBuf {
        let folder = self.cache.clone().unwrap_or_else(|| project.api_cache());
        folder.join(format!("{}.jsonl", file_name(file)))
    }

    fn rules(&self) -> ServiceConfig {
        let given = [self.price_input, self.price_output, self.price_characters];
        let prices = given.iter().any(Option::is_some).then(|| Prices {
            input_tokens: self.price_input.unwrap_or(0.0),
            output_tokens: self.price_output.unwrap_or(0.0),
            characters: self.price_characters.unwrap_or(0.0),
        });
        ServiceConfig {
            concurrency: self.concurrency.into(),
            requests_per_minute: self.rpm,
            tokens_per_minute: self.tpm,
            timeout: Duration::from_secs(self.timeout),
            retry: RetryPolicy {
                attempts: self.attempts.into(),
                first_wait: Duration::from_secs(1),
            },
            budget: Budget {
                max_requests: self.max_requests,
                max_cost: self.max_cost,
                prices,
            },
            key_in_clear: self.key_in_clear,
        }
    }
}

/// A name as a file's: what is not a letter, digit, dot or dash becomes `_`.
pub fn file_name(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => c,
            _ => '_',
        })
        .collect()
}

/// What a run used, on one line.
pub fn usage(name: &str, totals: &Totals) -> String {
    let mut text = format!(
        "{name}: {} requests, {} answers from the cache",
        totals.requests, totals.cached
    );
    let used = totals.usage;
    for (count, what) in [
        (used.input_tokens, "tokens in"),
        (used.output_tokens, "tokens out"),
        (used.characters, "characters"),
    ] {
        if count > 0 {
            text += &format!(", {count} {what}");
        }
    }
    if let Some(cost) = totals.cost {
        text += &format!(", cost {cost:.4}");
    }
    text
}
