use crate::http::Transient;
use crate::hub::{
    HubError, HubSettings,
    cache::{CacheEntry, Repository},
    client::{HubClient, RequestContext},
    download_progress::DownloadProgress,
    needed,
    remote::RemoteFile,
    revision::{RevisionId, local},
    transfer::{fetch, is_cached},
};
use clika_base::types::{Progress, file_inside};
use clika_checkpoint::{MissingWeights, WeightFiles, gguf_of, gguf_stem, weight_files};
use std::path::{Path, PathBuf};

/// Finds models.
pub struct Hub {
    settings: HubSettings,
    client: HubClient,
}

/// A model on this machine: a local folder or GGUF file, or one that was downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFolder {
    /// The folder, with config.json, the tokenizer's files and the weights, or the GGUF file, of one in parts the first.
    pub folder: PathBuf,
    /// `org/name` on the hub, with `:quantization` where one was named, or the folder's or file's own name.
    pub name: String,
    /// The commit, for a model from the hub.
    pub revision: Option<String>,
}

impl Hub {
    /// A hub as the environment says; see [`HubSettings::from_env`].
    pub fn from_env() -> Result<Self, HubError> {
        Self::new(HubSettings::from_env()?)
    }

    /// A hub with these settings; nothing is sent yet.
    pub fn new(settings: HubSettings) -> Result<Self, HubError> {
        Ok(Self {
            client: HubClient::new(&settings)?,
            settings,
        })
    }

    /// A folder or GGUF file on this machine, if `model` is a path to one.
    pub fn local(model: &str) -> Result<Option<ModelFolder>, HubError> {
        let Some(folder) = local(model)? else {
            return Ok(None);
        };
        // As it is called, not as what a link stands for is; `.` and `..` call it nothing.
        let whole = folder.canonicalize().map_err(HubError::read(&folder))?;
        let name = match folder.file_name().or(whole.file_name()) {
            Some(name) => name.to_string_lossy().into_owned(),
            None => model.to_owned(),
        };
        let name = match gguf_stem(&name) {
            Some(stem) if whole.is_file() => stem.to_owned(),
            Some(_) | None => name,
        };
        Ok(Some(ModelFolder {
            folder,
            name,
            revision: None,
        }))
    }

    /// Refuses a name that is neither a path to a folder or GGUF file on this machine nor one that the hub could have. Nothing
    /// is sent.
    ///
    /// # Errors
    /// What is wrong with the name.
    pub fn check_name(model: &str) -> Result<(), HubError> {
        if local(model)?.is_none() {
            RevisionId::parse(model)?;
        }
        Ok(())
    }

    /// Whether a model needs no network: it is a folder or GGUF file on this machine, or whole in the cache.
    ///
    /// # Errors
    /// A name that no model can have, and a cache that cannot be read.
    pub fn is_here(&self, model: &str) -> Result<bool, HubError> {
        if local(model)?.is_some() {
            return Ok(true);
        }
        let wanted = RevisionId::parse(model)?;
        let repository = Repository::new(&self.settings.cache, &wanted.id);
        Ok(matches!(
            repository.find(&wanted)?,
            CacheEntry::Whole { .. }
        ))
    }

    /// Whether only the cache is used.
    pub fn is_offline(&self) -> bool {
        self.settings.offline
    }

    /// Finds `model`: a folder's or a GGUF file's path, `org/name` or `org/name@revision`, either with `:quantization` for
    /// one GGUF file of the hub's.
    ///
    /// A local folder wins, whatever the hub has. From the hub come the files that a causal language
    /// model needs, with one copy of its weights, as [`weight_files`] chooses it. Without a connection
    /// the cache serves, and a note says so.
    pub async fn locate(
        &self,
        model: &str,
        progress: &dyn Progress,
    ) -> Result<ModelFolder, HubError> {
        if let Some(folder) = Self::local(model)? {
            return Ok(folder);
        }
        let wanted = RevisionId::parse(model)?;
        let repository = Repository::new(&self.settings.cache, &wanted.id);
        let located = |folder, commit| ModelFolder {
            folder,
            name: match &wanted.quantization {
                Some(quantization) => format!("{}:{quantization}", wanted.id),
                None => wanted.id.clone(),
            },
            revision: Some(commit),
        };
        if self.settings.offline {
            return match repository.find(&wanted)? {
                CacheEntry::Whole { folder, commit } => Ok(located(folder, commit)),
                CacheEntry::Lacks(missing) => Err(HubError::Offline {
                    model: model.to_owned(),
                    cache: self.settings.cache.clone(),
                    missing,
                }),
            };
        }
        let asked = self
            .client
            .retry
            .run(|| self.client.listing(&wanted), progress);
        let listing = match asked.await {
            Ok(listing) => listing,
            Err(error) if error.is_transient() => {
                let CacheEntry::Whole { folder, commit } = repository.find(&wanted)? else {
                    return Err(error);
                };
                progress.note(&format!(
                    "{error}; using revision {commit} of `{}` from the cache, which may not be the newest",
                    wanted.id
                ));
                return Ok(located(folder, commit));
            }
            Err(error) => return Err(error),
        };
        let names = listing.names();
        for name in &names {
            file_inside(Path::new(""), name).map_err(|source| HubError::Outside {
                list: format!("the hub's list of the files of `{}`", wanted.id),
                source,
            })?;
        }
        let visit = CommitDownload {
            client: &self.client,
            repository: &repository,
            wanted: &wanted,
            commit: &listing.sha,
            progress,
        };
        let file = visit.bring(&names).await?;
        repository.set_reference(&wanted.revision, &listing.sha)?;
        let folder = repository.snapshot(&listing.sha);
        let folder = match file {
            Some(file) => folder.join(file),
            None => folder,
        };
        Ok(located(folder, listing.sha))
    }
}

/// The download of one commit.
struct CommitDownload<'a> {
    client: &'a HubClient,
    repository: &'a Repository,
    wanted: &'a RevisionId,
    commit: &'a str,
    progress: &'a dyn Progress,
}

impl CommitDownload<'_> {
    /// Brings all that is needed of the commit's files into its snapshot, weights last. Returns the GGUF file that is the
    /// model, where one was asked for or is all that there is.
    async fn bring(&self, names: &[String]) -> Result<Option<String>, HubError> {
        if let Some(quantization) = &self.wanted.quantization {
            let files = gguf_of(names, quantization);
            return self
                .bring_gguf(files.map_err(|problem| self.no_weights(problem, names))?)
                .await;
        }
        let weights = weight_files(names);
        let has_config = names.iter().any(|name| name == needed::CONFIG);
        match weights {
            Ok(WeightFiles::Gguf(files)) => return self.bring_gguf(files).await,
            Err(MissingWeights::Several(found)) if !has_config => {
                return Err(self.no_weights(MissingWeights::Several(found), names));
            }
            _ if !has_config => return Err(self.no_file(needed::CONFIG)),
            _ => {}
        }
        let mut files = needed::small(names);
        match weights.map_err(|problem| self.no_weights(problem, names))? {
            WeightFiles::Files(weights) | WeightFiles::Gguf(weights) => files.extend(weights),
            WeightFiles::Index(index) => {
                self.bring_files(vec![index.clone()]).await?;
                let shards = needed::shards(&self.repository.snapshot(self.commit).join(index))?;
                if let Some(shard) = shards.iter().find(|shard| !names.contains(shard)) {
                    return Err(self.no_file(shard));
                }
                files.extend(shards);
            }
        }
        self.bring_files(files).await?;
        Ok(None)
    }

    /// Brings the parts of a GGUF file, which needs no other, and returns the first.
    async fn bring_gguf(&self, files: Vec<String>) -> Result<Option<String>, HubError> {
        let first = files.first().cloned();
        self.bring_files(files).await?;
        Ok(first)
    }

    fn no_weights(&self, problem: MissingWeights, names: &[String]) -> HubError {
        let model = match &self.wanted.quantization {
            Some(quantization) => format!("{}:{quantization}", self.wanted.id),
            None => self.wanted.id.clone(),
        };
        match problem {
            MissingWeights::Nothing => HubError::NoWeights {
                model,
                found: names.to_vec(),
            },
            MissingWeights::Shard(shard) => self.no_file(&shard),
            MissingWeights::Several(found) => HubError::SeveralWeights { model, found },
        }
    }

    /// Asks for all before anything is fetched: a refusal should not come after an hour.
    async fn bring_files(&self, files: Vec<String>) -> Result<(), HubError> {
        let mut missing = Vec::new();
        let snapshot = self.repository.snapshot(self.commit);
        // A commit's files never change, so that one which is there needs no question.
        for file in files {
            if self.repository.remove_damaged(self.commit, &file)? {
                self.progress.note(&format!(
                    "`{file}` in the cache was damaged: its hash is not its name; it is fetched again"
                ));
            }
            if !snapshot.join(&file).is_file() {
                let remote = self
                    .client
                    .retry
                    .run(|| self.client.ask(self.about(&file)), self.progress)
                    .await?;
                missing.push((file, remote));
            }
        }
        let bytes = missing
            .iter()
            .filter(|(_, remote)| !is_cached(self.repository, remote))
            .map(|(_, remote)| remote.size)
            // Sizes are the server's word.
            .fold(0, u64::saturating_add);
        let meter = DownloadProgress::start(bytes, &self.wanted.id, self.progress);
        let result = self.fetch_files(missing, &meter).await;
        meter.finish(result.is_ok());
        result
    }

    async fn fetch_files(
        &self,
        missing: Vec<(String, RemoteFile)>,
        meter: &DownloadProgress<'_>,
    ) -> Result<(), HubError> {
        for (file, mut remote) in missing {
            if !is_cached(self.repository, &remote) {
                let about = self.about(&file);
                remote = fetch(self.client, self.repository, about, &file, remote, meter).await?;
            }
            self.repository.link(self.commit, &file, &remote.etag)?;
        }
        Ok(())
    }

    fn about<'a>(&'a self, file: &'a str) -> RequestContext<'a> {
        RequestContext {
            wanted: self.wanted,
            file: Some((self.commit, file)),
        }
    }

    fn no_file(&self, file: &str) -> HubError {
        HubError::NoFile {
            model: self.wanted.id.clone(),
            revision: self.commit.to_owned(),
            file: file.to_owned(),
        }
    }
}
