use crate::hub::{
    HubError,
    cache::Repository,
    client::{HubClient, RequestContext, ResponseHead, bad},
    download_progress::DownloadProgress,
    lock::lock,
    partial::PartialFile,
    remote::{LINKED_ETAG, RemoteFile, named},
    resume::{Validator, is_rest, validator},
};
use reqwest::{
    RequestBuilder, StatusCode, Url,
    header::{IF_RANGE, RANGE},
};
use std::fs;

/// How often a file is started again before the download fails.
const MOST_STARTS: usize = 3;

/// Brings a file's content into the cache, unless it is there, and returns what it is.
///
/// `remote` is what the hub said of the file. What an earlier run left is gone on with, and checked
/// with all else where the hub gives a SHA-256. A file that changes on the way starts over.
pub async fn fetch(
    client: &HubClient,
    repository: &Repository,
    about: RequestContext<'_>,
    file: &str,
    mut remote: RemoteFile,
    meter: &DownloadProgress<'_>,
) -> Result<RemoteFile, HubError> {
    let progress = meter.progress();
    let mut starts = 1;
    loop {
        let blob = repository.blob(&remote.etag);
        let held = lock(&repository.lock(&remote.etag), file, progress).await?;
        // Another process may have brought it while we waited for the lock.
        if is_cached(repository, &remote) {
            meter.file_is_whole(remote.size, file);
            return Ok(remote);
        }
        let transfer = Transfer {
            client,
            about,
            file,
            remote: &remote,
            meter,
            partial: PartialFile::open(file, &blob, &remote)?,
            validator: None,
            resumed: false,
        };
        let (reason, error) = match transfer.run().await? {
            TransferEnd::Whole(partial) => {
                partial.publish(&blob)?;
                meter.file_is_whole(remote.size, file);
                return Ok(remote);
            }
            TransferEnd::Unusable { reason, error } => (reason, error),
        };
        drop(held);
        starts += 1;
        if starts > MOST_STARTS {
            return Err(error);
        }
        progress.note(&format!("`{file}` starts over: {reason}"));
        remote = client.retry.run(|| client.ask(about), progress).await?;
    }
}

/// Whether a blob is in the cache.
pub fn is_cached(repository: &Repository, remote: &RemoteFile) -> bool {
    fs::metadata(repository.blob(&remote.etag))
        .is_ok_and(|blob| blob.is_file() && blob.len() == remote.size)
}

/// How a file's download ended.
enum TransferEnd<'a> {
    /// All is there and checked.
    Whole(PartialFile<'a>),
    /// What was there could not be gone on with, and is removed.
    Unusable {
        reason: &'static str,
        /// What it is if it happens too often.
        error: HubError,
    },
}

struct Transfer<'a> {
    client: &'a HubClient,
    about: RequestContext<'a>,
    file: &'a str,
    remote: &'a RemoteFile,
    meter: &'a DownloadProgress<'a>,
    partial: PartialFile<'a>,
    /// What the last server called the bytes that it sent.
    validator: Option<Validator>,
    /// Whether the file was put together from several answers.
    resumed: bool,
}

/// What an answer's head says of its body.
enum BodyKind {
    /// It goes on where we are.
    Rest,
    /// It is the whole file.
    Whole,
    /// It is of no use together with what is there.
    Unusable(&'static str),
}

impl<'a> Transfer<'a> {
    /// Asks for the rest until nothing is missing.
    ///
    /// A cut connection is taken up at once if it brought something new, else after a wait, as often
    /// as `retry` says.
    async fn run(mut self) -> Result<TransferEnd<'a>, HubError> {
        let progress = self.meter.progress();
        let retry = self.client.retry;
        // Less than was ever there is nothing new: a server without ranges must not keep us forever.
        let mut most = self.partial.have();
        let mut fruitless = 0;
        self.meter.at(self.partial.have(), self.file);
        while self.partial.have() < self.remote.size {
            let prepare = |url: &Url, request: RequestBuilder| self.ask_for_rest(url, request);
            let arrived = retry
                .run(|| self.client.open(self.about, &prepare), progress)
                .await?;
            match self.body(&arrived)? {
                BodyKind::Rest => self.resumed |= self.partial.have() > 0,
                BodyKind::Whole => {
                    if self.partial.have() > 0 {
                        progress.note(&format!(
                            "`{}` starts over: the server sends it from the beginning",
                            self.file
                        ));
                    }
                    self.partial.clear()?;
                    self.resumed = false;
                }
                BodyKind::Unusable(reason) => return self.give_up(reason, &arrived.url),
            }
            let url = arrived.url.clone();
            self.validator = validator(&arrived);
            let broke = match self.read(arrived).await? {
                BodyRead::Whole => break,
                BodyRead::TooLong => {
                    return self.give_up("the server sent more than the file", &url);
                }
                BodyRead::Cut(source) => HubError::Cut {
                    file: self.file.to_owned(),
                    have: self.partial.have(),
                    size: self.remote.size,
                    source,
                },
            };
            if self.partial.have() > most {
                most = self.partial.have();
                fruitless = 0;
            } else {
                fruitless += 1;
            }
            if fruitless >= retry.attempts {
                return Err(broke);
            }
            progress.note(&format!("{broke}; continuing"));
            if fruitless > 0 {
                let doublings = u32::try_from(fruitless - 1).unwrap_or(u32::MAX).min(8);
                tokio::time::sleep(retry.first_wait * 2u32.pow(doublings)).await;
            }
        }
        self.check()
    }

    /// Asks for what is missing, on the condition that it is of the same file.
    fn ask_for_rest(&self, url: &Url, request: RequestBuilder) -> RequestBuilder {
        let have = self.partial.have();
        if have == 0 {
            return request;
        }
        let request = request.header(RANGE, format!("bytes={have}-"));
        match &self.validator {
            Some(validator) if validator.server.origin() == url.origin() => {
                request.header(IF_RANGE, &validator.etag)
            }
            // Another server than the hub calls the file otherwise, and would never go on. There the
            // SHA-256 tells whether the pieces belong together; without one, all is sent again.
            _ if self.remote.sha256().is_some() && !self.client.is_hub(url) => request,
            _ => request.header(IF_RANGE, format!("\"{}\"", self.remote.etag)),
        }
    }

    fn body(&self, arrived: &ResponseHead) -> Result<BodyKind, HubError> {
        let ResponseHead { url, response } = arrived;
        let headers = response.headers();
        if self.client.is_hub(url)
            && (self.remote.sha256().is_none() || headers.contains_key(LINKED_ETAG))
            && named(headers).is_some_and(|etag| etag != self.remote.etag)
        {
            return Ok(BodyKind::Unusable("it has changed on the hub"));
        }
        let (have, size) = (self.partial.have(), self.remote.size);
        Ok(match response.status() {
            StatusCode::PARTIAL_CONTENT if have > 0 => {
                let same = match (&self.validator, validator(arrived)) {
                    (Some(old), Some(new)) if old.server.origin() == url.origin() => {
                        old.etag == new.etag
                    }
                    _ => true,
                };
                if !same {
                    BodyKind::Unusable("it has changed on the server")
                } else if is_rest(headers, have, size) {
                    BodyKind::Rest
                } else {
                    BodyKind::Unusable("the server sent another range than requested")
                }
            }
            StatusCode::OK => match response.content_length() {
                Some(length) if length != size => BodyKind::Unusable("its length has changed"),
                _ => BodyKind::Whole,
            },
            StatusCode::RANGE_NOT_SATISFIABLE => BodyKind::Unusable("its length has changed"),
            _ => return Err(bad(url, "neither a file nor a part of one")),
        })
    }

    async fn read(&mut self, arrived: ResponseHead) -> Result<BodyRead, HubError> {
        let mut response = arrived.response;
        loop {
            match response.chunk().await {
                Ok(Some(bytes)) => {
                    if self.partial.have() + bytes.len() as u64 > self.remote.size {
                        return Ok(BodyRead::TooLong);
                    }
                    self.partial.append(&bytes)?;
                    self.meter.at(self.partial.have(), self.file);
                }
                Ok(None) if self.partial.have() == self.remote.size => return Ok(BodyRead::Whole),
                Ok(None) => return Ok(BodyRead::Cut(None)),
                Err(error) => return Ok(BodyRead::Cut(Some(error.without_url()))),
            }
        }
    }

    fn check(self) -> Result<TransferEnd<'a>, HubError> {
        let (Some(expected), Some(found)) = (self.remote.sha256(), self.partial.sha256()) else {
            return Ok(TransferEnd::Whole(self.partial));
        };
        if expected.eq_ignore_ascii_case(&found) {
            return Ok(TransferEnd::Whole(self.partial));
        }
        let error = HubError::Corrupt {
            file: self.file.to_owned(),
            expected: expected.to_owned(),
            found,
        };
        self.partial.remove()?;
        if self.resumed {
            return Ok(TransferEnd::Unusable {
                reason: "its pieces do not belong together",
                error,
            });
        }
        Err(error)
    }

    fn give_up(self, reason: &'static str, url: &Url) -> Result<TransferEnd<'a>, HubError> {
        self.partial.remove()?;
        Ok(TransferEnd::Unusable {
            reason,
            error: bad(url, "a file that differs with every request"),
        })
    }
}

/// How an answer's body ended.
enum BodyRead {
    Whole,
    TooLong,
    Cut(Option<reqwest::Error>),
}
