use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::{
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Instant,
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Limits the requests to a service that are under way at once, and those of a minute.
pub(crate) struct RateLimits {
    concurrency: Semaphore,
    requests: Option<DefaultDirectRateLimiter>,
    tokens: Option<Tokens>,
    /// The service asked for rest until then.
    not_before: Mutex<Option<Instant>>,
}

struct Tokens {
    limiter: DefaultDirectRateLimiter,
    /// More than this is never let through at once.
    burst: NonZeroU32,
}

/// A tenth of a minute's allowance may go at once, so that a minute sees at most a tenth too many.
fn burst(per_minute: NonZeroU32) -> NonZeroU32 {
    NonZeroU32::new(per_minute.get() / 10).unwrap_or(NonZeroU32::MIN)
}

fn limiter(per_minute: NonZeroU32) -> DefaultDirectRateLimiter {
    RateLimiter::direct(Quota::per_minute(per_minute).allow_burst(burst(per_minute)))
}

impl RateLimits {
    pub(crate) fn new(
        concurrency: usize,
        requests_per_minute: Option<NonZeroU32>,
        tokens_per_minute: Option<NonZeroU32>,
    ) -> Self {
        Self {
            concurrency: Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS)),
            requests: requests_per_minute.map(limiter),
            tokens: tokens_per_minute.map(|per_minute| Tokens {
                limiter: limiter(per_minute),
                burst: burst(per_minute),
            }),
            not_before: Mutex::new(None),
        }
    }

    /// A place among the requests under way.
    pub(crate) async fn enter(&self) -> SemaphorePermit<'_> {
        let permit = self.concurrency.acquire().await;
        permit.expect("the semaphore is never closed")
    }

    /// Waits until a request of so many tokens may go.
    pub(crate) async fn wait(&self, tokens: u64) {
        if let Some(limiter) = &self.requests {
            limiter.until_ready().await;
        }
        if let Some(Tokens { limiter, burst }) = &self.tokens {
            let mut left = tokens;
            while let Some(part) =
                NonZeroU32::new(u32::try_from(left).unwrap_or(u32::MAX).min(burst.get()))
            {
                let ready = limiter.until_n_ready(part).await;
                ready.expect("no part is larger than the burst");
                left -= u64::from(part.get());
            }
        }
        // Last, and again after each sleep: another request may have been told to wait meanwhile.
        loop {
            let until = *self.rest();
            let now = Instant::now();
            match until {
                Some(until) if until > now => tokio::time::sleep(until - now).await,
                Some(_) | None => return,
            }
        }
    }

    /// Lets nothing out before `until`.
    pub(crate) fn hold(&self, until: Instant) {
        let mut rest = self.rest();
        *rest = (*rest).max(Some(until));
    }

    fn rest(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.not_before
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
