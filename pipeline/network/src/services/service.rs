use crate::http::{LONGEST_WAIT, RetryPolicy, Transient};
use crate::services::{
    AnswerCache, ApiError, Budget, CachedAnswer, CallError, RequestKey, Secret, Totals, Usage,
    budget::Ledger, limits::RateLimits,
};
use clika_base::types::Progress;
use serde_json::Value;
use std::{
    collections::HashMap,
    future::Future,
    io,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How a service is called: how many requests at once and a minute, how long and how often, and what they may cost.
#[derive(Clone, Copy, Debug)]
pub struct ServiceConfig {
    /// Requests under way at once.
    pub concurrency: usize,
    /// Requests a minute, failed ones included.
    pub requests_per_minute: Option<NonZeroU32>,
    /// Tokens a minute; a request counts with what it uses at most.
    pub tokens_per_minute: Option<NonZeroU32>,
    /// How long one request may take, from the first byte sent to the last one received.
    pub timeout: Duration,
    /// How often a request is tried, and how patiently.
    pub retry: RetryPolicy,
    /// What the run may use.
    pub budget: Budget,
    /// Whether a key may be sent without TLS to another machine.
    pub key_in_clear: bool,
}

/// A service's successful answer and what it used; `None` where the service did not say.
#[derive(Clone, Debug)]
pub struct ServiceAnswer {
    /// The answer.
    pub value: Value,
    /// What it used.
    pub usage: Option<Usage>,
}

/// A paid or rate-limited service.
///
/// Every answer is in the cache and on the disk before anybody sees it, so a run that is killed, refused or out of
/// budget goes on where it stopped and pays for nothing twice.
pub struct Service {
    name: String,
    rules: ServiceConfig,
    limits: RateLimits,
    cache: AnswerCache,
    ledger: Mutex<Ledger>,
    /// Requests under way, so that equal ones are sent once.
    under_way: Mutex<HashMap<RequestKey, Arc<tokio::sync::Mutex<()>>>>,
    /// How much of the cache's file the disk has for certain.
    durable: tokio::sync::Mutex<u64>,
}

impl Service {
    /// A service that keeps its answers in `cache`. Fails where the budget limits a cost that cannot
    /// be known.
    pub fn new(name: &str, rules: ServiceConfig, cache: AnswerCache) -> Result<Self, ApiError> {
        if rules.budget.max_cost.is_some() && rules.budget.prices.is_none() {
            return Err(ApiError::NoPrices {
                service: name.to_owned(),
            });
        }
        Ok(Self {
            name: name.to_owned(),
            limits: RateLimits::new(
                rules.concurrency,
                rules.requests_per_minute,
                rules.tokens_per_minute,
            ),
            ledger: Mutex::new(Ledger::new(rules.budget)),
            rules,
            cache,
            under_way: Mutex::default(),
            durable: tokio::sync::Mutex::default(),
        })
    }

    /// The service's name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it is treated.
    pub fn rules(&self) -> &ServiceConfig {
        &self.rules
    }

    /// Fails where a key would be sent to `address`, another machine, without TLS.
    pub fn check_key(&self, address: &str, key: Option<&Secret>) -> Result<(), ApiError> {
        let (Some(key), Some(url)) = (key, crate::http::address(address)) else {
            return Ok(());
        };
        if self.rules.key_in_clear || crate::http::is_private(&url) {
            return Ok(());
        }
        Err(ApiError::KeyInClear {
            url: crate::http::public(&url).to_string(),
            variable: key.variable().to_owned(),
        })
    }

    /// What this run has used so far.
    pub fn totals(&self) -> Totals {
        self.ledger().totals()
    }

    /// A kept answer.
    pub fn lookup(&self, key: &RequestKey) -> Result<Option<CachedAnswer>, ApiError> {
        let kept = self.cache.get(key)?;
        if kept.is_some() {
            self.ledger().hit();
        }
        Ok(kept)
    }

    /// Whether an answer is kept that `check` does not refuse.
    pub(super) fn keeps(
        &self,
        key: &RequestKey,
        check: impl Fn(&Value) -> Result<(), CallError>,
    ) -> Result<bool, ApiError> {
        let kept = self.cache.get(key)?;
        Ok(kept.is_some_and(|kept| check(&kept.value).is_ok()))
    }

    /// Whether the run has sent as many requests as it may.
    pub(super) fn is_spent(&self) -> bool {
        let most = self.rules.budget.max_requests;
        most.is_some_and(|most| self.totals().requests >= most)
    }

    /// Keeps an answer that [`send`](Self::send) brought. It outlives a kill when this returns, and whatever becomes of the
    /// machine when [`settle`](Self::settle) has returned as well.
    pub fn keep(
        &self,
        key: &RequestKey,
        value: Value,
        usage: Usage,
    ) -> Result<CachedAnswer, ApiError> {
        self.cache.keep(key, value, usage)
    }

    /// Waits until the disk has everything that was kept until now. Those who wait at the same time share one sync.
    pub async fn settle(&self) -> Result<(), ApiError> {
        let (kept, _) = self.cache.written();
        let mut durable = self.durable.lock().await;
        if *durable >= kept {
            return Ok(());
        }
        // More than was kept when this one began to wait: what others have kept meanwhile.
        let (written, file) = self.cache.written();
        let synced = tokio::task::spawn_blocking(move || file.sync_data()).await;
        self.cache
            .synced(synced.map_err(io::Error::other).flatten())?;
        *durable = written;
        Ok(())
    }

    /// The answer to a request, from the cache or from the service. `most` is what it uses at most.
    ///
    /// An answer that `check` refuses is not kept. One that was kept nevertheless, by a version that did not check it, is
    /// asked for again.
    pub async fn ask<F>(
        &self,
        key: &RequestKey,
        most: Usage,
        check: impl Fn(&Value) -> Result<(), CallError>,
        attempt: impl FnMut() -> F,
        progress: &dyn Progress,
    ) -> Result<CachedAnswer, ApiError>
    where
        F: Future<Output = Result<ServiceAnswer, CallError>>,
    {
        let turn = Arc::clone(self.under_way().entry(key.clone()).or_default());
        let held = turn.lock().await;
        let kept = self.lookup(key)?.filter(|kept| {
            let refused = check(&kept.value).err();
            if let Some(error) = &refused {
                progress.note(&format!(
                    "{error}; clika asks again for an answer that was kept"
                ));
            }
            refused.is_none()
        });
        let answer = match kept {
            Some(kept) => Ok(kept),
            None => match self.send(most, attempt, progress).await {
                Ok(ServiceAnswer { value, usage }) => match check(&value) {
                    Ok(()) => self.cache.put(key, value, usage.unwrap_or(most)),
                    Err(source) => Err(ApiError::Call {
                        service: self.name.clone(),
                        source,
                    }),
                },
                Err(error) => Err(error),
            },
        };
        drop(held);
        self.under_way().remove(key);
        let answer = answer?;
        self.settle().await?;
        Ok(answer)
    }

    /// Sends a request under the service's rules, without the cache.
    pub async fn send<F>(
        &self,
        most: Usage,
        mut attempt: impl FnMut() -> F,
        progress: &dyn Progress,
    ) -> Result<ServiceAnswer, ApiError>
    where
        F: Future<Output = Result<ServiceAnswer, CallError>>,
    {
        self.rules
            .retry
            .run(
                || {
                    let request = attempt();
                    self.once(most, request)
                },
                progress,
            )
            .await
            .map_err(|failure| failure.of(&self.name))
    }

    /// Sends a request under the service's rules, without the cache, and does not try again.
    pub(super) async fn send_once(
        &self,
        most: Usage,
        request: impl Future<Output = Result<ServiceAnswer, CallError>>,
    ) -> Result<ServiceAnswer, ApiError> {
        let answered = self.once(most, request).await;
        answered.map_err(|failure| failure.of(&self.name))
    }

    async fn once(
        &self,
        most: Usage,
        request: impl Future<Output = Result<ServiceAnswer, CallError>>,
    ) -> Result<ServiceAnswer, AttemptError> {
        let _place = self.limits.enter().await;
        self.limits.wait(most.tokens()).await;
        self.ledger()
            .reserve(most, &self.name)
            .map_err(AttemptError::Rules)?;
        let mut booking = Reservation {
            service: self,
            most,
            // Until the answer is there: a request that is given up may be charged all the same.
            used: Some(most),
        };
        let answer = request.await;
        booking.used = match &answer {
            Ok(answered) => Some(answered.usage.unwrap_or(most)),
            Err(CallError::Transport(_)) => Some(most),
            Err(_) => None,
        };
        if let Err(error) = &answer
            && let Some(wait) = error.retry_after().filter(|&wait| wait <= LONGEST_WAIT)
        {
            self.limits.hold(Instant::now() + wait);
        }
        answer.map_err(AttemptError::Call)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<RequestKey, Arc<tokio::sync::Mutex<()>>>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Settles a reservation also where the request is dropped in the middle.
struct Reservation<'a> {
    service: &'a Service,
    most: Usage,
    used: Option<Usage>,
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.service.ledger().settle(self.most, self.used);
    }
}

/// Why one attempt failed.
enum AttemptError {
    Call(CallError),
    Rules(ApiError),
}

impl AttemptError {
    fn of(self, service: &str) -> ApiError {
        match self {
            Self::Call(source) => ApiError::Call {
                service: service.to_owned(),
                source,
            },
            Self::Rules(error) => error,
        }
    }
}

impl std::fmt::Display for AttemptError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::Rules(error) => error.fmt(f),
        }
    }
}

impl Transient for AttemptError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Call(error) => error.is_transient(),
            Self::Rules(_) => false,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Call(error) => error.retry_after(),
            Self::Rules(_) => None,
        }
    }
}
