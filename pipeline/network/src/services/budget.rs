use crate::services::ApiError;
use serde::{Deserialize, Serialize};

/// What a call used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of prompts.
    #[serde(default)]
    pub input_tokens: u64,
    /// Tokens of answers.
    #[serde(default)]
    pub output_tokens: u64,
    /// Characters of texts to translate, which is what translators bill.
    #[serde(default)]
    pub characters: u64,
}

impl Usage {
    /// Tokens of prompt and answer, which is what limits per minute count.
    pub fn tokens(self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        // A server may say that it used any number.
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.characters = self.characters.saturating_add(other.characters);
    }
}

/// Prices per million units, in whatever currency the budget is in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prices {
    /// Tokens of prompts.
    pub input_tokens: f64,
    /// Tokens of answers.
    pub output_tokens: f64,
    /// Characters of texts to translate.
    pub characters: f64,
}

impl Prices {
    /// What a call costs.
    pub fn cost(&self, usage: Usage) -> f64 {
        (self.input_tokens * usage.input_tokens as f64
            + self.output_tokens * usage.output_tokens as f64
            + self.characters * usage.characters as f64)
            / 1e6
    }
}

/// What a run may use of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budget {
    /// Requests that are sent at most, those that fail included.
    pub max_requests: Option<u64>,
    /// Cost at most; needs [`prices`](Self::prices).
    pub max_cost: Option<f64>,
    /// What the service charges.
    pub prices: Option<Prices>,
}

/// What a run has used of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Totals {
    /// Requests sent, those that failed included.
    pub requests: u64,
    /// Answers that came from the cache.
    pub cached: u64,
    /// Tokens and characters.
    #[serde(flatten)]
    pub usage: Usage,
    /// The cost, where prices are known.
    pub cost: Option<f64>,
}

/// Books what is spent and what is under way.
#[derive(Debug)]
pub(crate) struct Ledger {
    budget: Budget,
    totals: Totals,
    /// Cost of the calls under way, at most.
    reserved: f64,
}

impl Ledger {
    pub(crate) fn new(budget: Budget) -> Self {
        Self {
            totals: Totals {
                cost: budget.prices.map(|_| 0.0),
                ..Totals::default()
            },
            budget,
            reserved: 0.0,
        }
    }

    fn cost(&self, usage: Usage) -> f64 {
        self.budget.prices.map_or(0.0, |prices| prices.cost(usage))
    }

    /// Sets aside what a request uses at most, or refuses it.
    pub(crate) fn reserve(&mut self, most: Usage, service: &str) -> Result<(), ApiError> {
        let exhausted = |what: &'static str| ApiError::Budget {
            service: service.to_owned(),
            what,
            requests: self.totals.requests,
            cost: self.totals.cost,
        };
        if let Some(limit) = self.budget.max_requests
            && self.totals.requests >= limit
        {
            return Err(exhausted("--max-requests"));
        }
        let cost = self.cost(most);
        if let (Some(limit), Some(spent)) = (self.budget.max_cost, self.totals.cost)
            && spent + self.reserved + cost > limit
        {
            return Err(exhausted("--max-cost"));
        }
        self.totals.requests += 1;
        self.reserved += cost;
        Ok(())
    }

    /// Books a request that was reserved: `used` is `None` where nothing is charged.
    pub(crate) fn settle(&mut self, most: Usage, used: Option<Usage>) {
        self.reserved = (self.reserved - self.cost(most)).max(0.0);
        if let Some(used) = used {
            self.totals.usage += used;
            if let Some(prices) = self.budget.prices {
                *self.totals.cost.get_or_insert(0.0) += prices.cost(used);
            }
        }
    }

    pub(crate) fn hit(&mut self) {
        self.totals.cached += 1;
    }

    pub(crate) fn totals(&self) -> Totals {
        self.totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICES: Prices = Prices {
        input_tokens: 2.0,
        output_tokens: 8.0,
        characters: 20.0,
    };

    fn tokens(input_tokens: u64, output_tokens: u64) -> Usage {
        Usage {
            input_tokens,
            output_tokens,
            characters: 0,
        }
    }

    #[test]
    fn figures_without_measure_are_summed_to_the_largest_number() {
        let mut usage = tokens(1 << 63, 1 << 63);
        assert_eq!(usage.tokens(), u64::MAX);
        usage += tokens(1 << 63, 1);
        assert_eq!(usage, tokens(u64::MAX, (1 << 63) + 1));
    }

    #[test]
    fn prices_are_for_a_million() {
        // 2 × 0.5 + 8 × 0.25 = 3.
        assert_eq!(PRICES.cost(tokens(500_000, 250_000)), 3.0);
        let characters = Usage {
            characters: 1_000,
            ..Usage::default()
        };
        assert_eq!(PRICES.cost(characters), 0.02);
    }

    #[test]
    fn what_is_under_way_counts_against_the_cost() {
        let mut ledger = Ledger::new(Budget {
            max_cost: Some(5.0),
            prices: Some(PRICES),
            ..Budget::default()
        });
        let most = tokens(1_000_000, 0);
        assert!(ledger.reserve(most, "llm").is_ok());
        assert!(ledger.reserve(most, "llm").is_ok());
        // 2 + 2 + 2 > 5.
        assert!(matches!(
            ledger.reserve(most, "llm"),
            Err(ApiError::Budget {
                what: "--max-cost",
                ..
            })
        ));
        // One of them used only a tenth: 0.2 spent, 2 under way.
        ledger.settle(most, Some(tokens(100_000, 0)));
        assert!(ledger.reserve(most, "llm").is_ok());
        assert_eq!(ledger.totals().requests, 3);
        assert_eq!(ledger.totals().cost, Some(0.2));
    }

    #[test]
    fn requests_end_at_their_limit() {
        let mut ledger = Ledger::new(Budget {
            max_requests: Some(1),
            ..Budget::default()
        });
        assert!(ledger.reserve(Usage::default(), "llm").is_ok());
        ledger.settle(Usage::default(), None);
        assert!(ledger.reserve(Usage::default(), "llm").is_err());
        assert_eq!(ledger.totals().cost, None);
    }
}
