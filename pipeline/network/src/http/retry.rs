use backon::{ExponentialBuilder, Retryable};
use clika_base::types::Progress;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use std::{fmt::Display, future::Future, time::Duration};

/// A Retry-After beyond this ends the run instead: nobody watches a program sleep for an hour.
pub const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// An error after which the same request may succeed later.
pub trait Transient: Display {
    /// Whether the same request may succeed later.
    fn is_transient(&self) -> bool;
    /// How long the server wants us to wait.
    fn retry_after(&self) -> Option<Duration>;
}

/// How often a request is tried, and how long is waited between attempts.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// How often it is tried in all.
    pub attempts: usize,
    /// The wait before the second attempt; it doubles with each further one.
    pub first_wait: Duration,
}

impl RetryPolicy {
    /// Tries until it succeeds, fails for good, or has been tried often enough.
    ///
    /// Waits as long as the server wants, up to [`LONGEST_WAIT`], and says so.
    pub async fn run<T, E, F>(
        self,
        attempt: impl FnMut() -> F,
        progress: &dyn Progress,
    ) -> Result<T, E>
    where
        E: Transient,
        F: Future<Output = Result<T, E>>,
    {
        let backoff = ExponentialBuilder::new()
            .with_min_delay(self.first_wait)
            .with_max_delay(LONGEST_WAIT)
            .with_max_times(self.attempts.saturating_sub(1))
            .with_jitter();
        attempt
            .retry(backoff)
            .sleep(tokio::time::sleep)
            .when(|error: &E| {
                error.is_transient() && error.retry_after().is_none_or(|wait| wait <= LONGEST_WAIT)
            })
            .adjust(|error, wait| match (wait, error.retry_after()) {
                (Some(wait), Some(wanted)) => Some(wait.max(wanted)),
                (wait, _) => wait,
            })
            .notify(|error, wait| {
                progress.note(&format!(
                    "{error}; trying again in {:.0} s",
                    wait.as_secs_f64()
                ));
            })
            .await
    }
}

/// Reads `Retry-After`: seconds, or a date.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    let wait = date.duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(wait).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms_of_retry_after() {
        let headers = |value: &str| HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
        assert_eq!(retry_after(&headers("120")), Some(Duration::from_secs(120)));
        assert_eq!(
            retry_after(&headers("Sun, 06 Nov 1994 08:49:37 GMT")),
            Some(Duration::ZERO)
        );
        let future = retry_after(&headers("Sun, 07 Nov 2094 08:49:37 GMT")).unwrap();
        assert!(future > Duration::from_secs(365 * 86_400));
        assert_eq!(retry_after(&headers("soon")), None);
    }
}
