use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Keeps the time that an endpoint spends on our queries under a budget for every minute.
///
/// Wikidata's query service allows each client 60 seconds of query time a minute.
#[derive(Debug)]
pub(crate) struct QueryBudget {
    budget: Duration,
    spent: VecDeque<(Instant, Duration)>,
    not_before: Option<Instant>,
}

const MINUTE: Duration = Duration::from_secs(60);

impl QueryBudget {
    pub(crate) fn new(budget: Duration) -> Self {
        Self {
            budget,
            spent: VecDeque::new(),
            not_before: None,
        }
    }

    /// Lets nothing out before `until`, because the endpoint asked for it.
    pub(crate) fn hold(&mut self, until: Instant) {
        self.not_before = self.not_before.max(Some(until));
    }

    /// Books a query that ended at `now`.
    pub(crate) fn book(&mut self, now: Instant, duration: Duration) {
        self.spent.push_back((now, duration));
    }

    /// How long to wait from `now` until the last minute's queries leave room for another.
    pub(crate) fn wait(&mut self, now: Instant) -> Duration {
        if let Some(until) = self.not_before.filter(|&until| until > now) {
            return until - now;
        }
        while self
            .spent
            .front()
            .is_some_and(|&(end, _)| end + MINUTE <= now)
        {
            self.spent.pop_front();
        }
        let mut total: Duration = self.spent.iter().map(|&(_, duration)| duration).sum();
        for &(end, duration) in &self.spent {
            if total < self.budget {
                break;
            }
            total -= duration;
            if total < self.budget {
                return end + MINUTE - now;
            }
        }
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn waits_until_the_minute_has_room() {
        let start = Instant::now();
        let mut pacing = QueryBudget::new(seconds(50));
        assert_eq!(pacing.wait(start), Duration::ZERO);
        pacing.book(start + seconds(30), seconds(30));
        assert_eq!(pacing.wait(start + seconds(30)), Duration::ZERO);
        pacing.book(start + seconds(60), seconds(30));
        // 60 of 50 seconds are spent; the first 30 leave the minute at 30 + 60 = 90.
        assert_eq!(pacing.wait(start + seconds(60)), seconds(30));
        assert_eq!(pacing.wait(start + seconds(90)), Duration::ZERO);
    }

    #[test]
    fn everybody_waits_when_the_endpoint_asks() {
        let start = Instant::now();
        let mut pacing = QueryBudget::new(seconds(50));
        pacing.hold(start + seconds(5));
        pacing.hold(start + seconds(3));
        assert_eq!(pacing.wait(start + seconds(1)), seconds(4));
        assert_eq!(pacing.wait(start + seconds(6)), Duration::ZERO);
    }

    #[test]
    fn a_query_longer_than_the_budget_does_not_block_for_ever() {
        let start = Instant::now();
        let mut pacing = QueryBudget::new(seconds(10));
        pacing.book(start, seconds(70));
        assert_eq!(pacing.wait(start), seconds(60));
        assert_eq!(pacing.wait(start + seconds(60)), Duration::ZERO);
    }
}
