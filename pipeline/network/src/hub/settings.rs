use crate::http::RetryPolicy;
use crate::hub::HubError;
use reqwest::Url;
use secrecy::SecretString;
use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Where models come from and where they are kept.
#[derive(Clone, Debug)]
pub struct HubSettings {
    /// The hub's address (HF_ENDPOINT).
    pub endpoint: Url,
    /// The cache's folder, which holds `models--org--name` (HF_HUB_CACHE, or `hub` in HF_HOME).
    pub cache: PathBuf,
    /// The token, sent to the endpoint only (HF_TOKEN, or the file `token` in HF_HOME).
    pub token: Option<SecretString>,
    /// Whether only the cache is used (HF_HUB_OFFLINE).
    pub offline: bool,
    /// How often a request without progress is tried.
    pub retry: RetryPolicy,
    /// How long a server may send nothing.
    pub stall: Duration,
}

const ENDPOINT: &str = "https://huggingface.co";

/// Some 15 s of waiting: beyond a hiccup, and short enough when there is no network at all.
const RETRIES: RetryPolicy = RetryPolicy {
    attempts: 5,
    first_wait: Duration::from_secs(1),
};

/// A CDN that fetches a shard from its store first is silent for some seconds.
const STALL: Duration = Duration::from_secs(60);

impl HubSettings {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, HubError> {
        Self::from_variables(&|name| std::env::var_os(name))
    }

    /// Reads variables with the meaning that `huggingface_hub` gives them: HF_ENDPOINT, HF_HOME (else
    /// `huggingface` in XDG_CACHE_HOME or `~/.cache`), HF_HUB_CACHE (once HUGGINGFACE_HUB_CACHE), HF_TOKEN, HF_TOKEN_PATH,
    /// HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE. An empty variable counts as unset.
    pub fn from_variables(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, HubError> {
        let set = |name: &'static str| variable(name).filter(|value| !value.is_empty());
        let text = |name: &'static str| {
            set(name)
                .map(|value| {
                    value.into_string().map_err(|value| HubError::Setting {
                        variable: name,
                        value: value.to_string_lossy().into_owned(),
                        expected: "text in UTF-8",
                    })
                })
                .transpose()
        };
        let folder = |name| {
            set(name).map(|value| {
                let below_home = value.to_str().and_then(|text| text.strip_prefix("~/"));
                match (below_home, set("HOME")) {
                    (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
                    _ => PathBuf::from(value),
                }
            })
        };
        let home = || {
            if let Some(home) = folder("HF_HOME") {
                return Ok(home);
            }
            folder("XDG_CACHE_HOME")
                .or_else(|| folder("HOME").map(|home| home.join(".cache")))
                .map(|cache| cache.join("huggingface"))
                .ok_or(HubError::NoHome)
        };
        let cache = match folder("HF_HUB_CACHE").or_else(|| folder("HUGGINGFACE_HUB_CACHE")) {
            Some(cache) => cache,
            None => home()?.join("hub"),
        };
        let token = match text("HF_TOKEN")? {
            Some(token) => Some(token),
            None => match folder("HF_TOKEN_PATH") {
                Some(path) => token_file(&path)?,
                // Without a home there is no such file either.
                None => match home() {
                    Ok(home) => token_file(&home.join("token"))?,
                    Err(_) => None,
                },
            },
        };
        let address = text("HF_ENDPOINT")?.unwrap_or_else(|| ENDPOINT.to_owned());
        let endpoint = crate::http::address(&address).ok_or_else(|| HubError::Setting {
            variable: "HF_ENDPOINT",
            value: address.clone(),
            expected: "an address that begins with http:// or https://",
        })?;
        let offline = match text("HF_HUB_OFFLINE")? {
            Some(value) => switch("HF_HUB_OFFLINE", value)?,
            None => match text("TRANSFORMERS_OFFLINE")? {
                Some(value) => switch("TRANSFORMERS_OFFLINE", value)?,
                None => false,
            },
        };
        Ok(Self {
            endpoint,
            cache,
            token: token
                .map(|token| token.trim().to_owned())
                .filter(|token| !token.is_empty())
                .map(SecretString::from),
            offline,
            retry: RETRIES,
            stall: STALL,
        })
    }
}

fn switch(variable: &'static str, value: String) -> Result<bool, HubError> {
    match value.to_ascii_uppercase().as_str() {
        "1" | "ON" | "YES" | "TRUE" => Ok(true),
        "0" | "OFF" | "NO" | "FALSE" => Ok(false),
        _ => Err(HubError::Setting {
            variable,
            value,
            expected: "1 or 0",
        }),
    }
}

fn token_file(path: &Path) -> Result<Option<String>, HubError> {
    match fs::read_to_string(path) {
        Ok(token) => Ok(Some(token)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(HubError::read(path)(error)),
    }
}
