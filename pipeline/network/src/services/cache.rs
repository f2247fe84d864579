use crate::services::{ApiError, Usage};
use clika_base::files::sha256_hex;
use clika_base::types::FilePosition;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use std::{
    collections::{HashMap, HashSet},
    fs::{File, OpenOptions, TryLockError},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// Names a request by what decides its answer: SHA-256 of the model, parameters and messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestKey(String);

impl RequestKey {
    /// The key of a request. Keys of objects are sorted, so that their order does not matter.
    pub fn new(request: &Value) -> Self {
        let mut text = String::new();
        canonical(request, &mut text);
        Self(sha256_hex(text))
    }

    /// The key as 64 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn digest(&self) -> Digest {
        digest(&self.0).expect("a key is 64 hexadecimal digits")
    }
}

/// A key as bytes: half of the memory, for each of hundreds of thousands of answers.
type Digest = [u8; 32];

/// `None` where the text is no key.
fn digest(key: &str) -> Option<Digest> {
    let key = key.as_bytes();
    let mut digest = [0; 32];
    if key.len() != 2 * digest.len() {
        return None;
    }
    for (byte, digits) in digest.iter_mut().zip(key.chunks_exact(2)) {
        for digit in digits {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            *byte = (*byte << 4) | value;
        }
    }
    Some(digest)
}

/// JSON with sorted keys and without spaces. serde_json's own order depends on a cargo feature that
/// any dependency can switch on, and a changed key would be paid for twice.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                canonical(value, out);
            }
            out.push('}');
        }
        Value::Array(values) => {
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                canonical(value, out);
            }
            out.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.push_str(&value.to_string());
        }
    }
}

/// An answer of a service as the cache keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct CachedAnswer {
    /// The answer.
    pub value: Value,
    /// The day it was given, UTC: `2026-11-24`.
    pub date: String,
}

/// Answers of a service, one a line, appended before they are used and never changed.
///
/// The first line names the format. A last line without its end is a write that was cut off: it is
/// dropped with a warning, and its answer is asked for again. Whole lines before it count.
#[derive(Debug)]
pub struct AnswerCache {
    path: PathBuf,
    state: Mutex<CacheState>,
    /// The same file, to be synced while others append to it.
    disk: Arc<File>,
}

#[derive(Debug)]
struct CacheState {
    file: File,
    /// Where the next line goes.
    end: u64,
    /// Where each answer's line stands, and its length.
    lines: HashMap<Digest, (u64, usize)>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    clika_cache: u32,
}

const FORMAT: u32 = 1;

/// A line as it is checked when the cache is opened, without copying its answer.
#[derive(Deserialize)]
#[serde(expecting = "an object with `key` and `value`")]
struct CheckedLine<'a> {
    key: &'a str,
    #[serde(default)]
    replaces: bool,
    #[serde(borrow, rename = "value")]
    _value: &'a RawValue,
}

#[derive(Serialize, Deserialize)]
#[serde(expecting = "an object with `key` and `value`")]
struct CacheLine<'a> {
    key: &'a str,
    /// Whether it counts instead of an earlier line, whose answer could not be used.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    replaces: bool,
    date: String,
    usage: Usage,
    value: Value,
}

impl<'a> CacheLine<'a> {
    /// A line of today.
    fn new(key: &'a RequestKey, value: Value, usage: Usage, replaces: bool) -> Self {
        Self {
            key: key.as_str(),
            replaces,
            date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
            usage,
            value,
        }
    }

    fn answer(self) -> CachedAnswer {
        CachedAnswer {
            value: self.value,
            date: self.date,
        }
    }
}

impl AnswerCache {
    /// Opens a cache, or makes an empty one. Only one run uses a cache at a time.
    pub fn open(path: &Path) -> Result<Self, ApiError> {
        let unusable = |source| ApiError::CacheFile {
            path: path.to_owned(),
            source,
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(unusable)?;
        }
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(ApiError::CacheInUse {
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        let mut state = read(file, path, &unusable)?;
        if state.end == 0 {
            let header = serde_json::to_string(&Header {
                clika_cache: FORMAT,
            });
            let header = header.expect("a header is plain data") + "\n";
            append(&mut state, header.as_bytes())
                .and_then(|()| state.file.sync_all())
                .and_then(|()| sync_folder(path))
                .map_err(unusable)?;
        }
        let disk = Arc::new(state.file.try_clone().map_err(unusable)?);
        Ok(Self {
            path: path.to_owned(),
            state: Mutex::new(state),
            disk,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number of answers.
    pub fn len(&self) -> usize {
        self.state().lines.len()
    }

    /// Whether there is no answer.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An answer, if it was kept.
    pub fn get(&self, key: &RequestKey) -> Result<Option<CachedAnswer>, ApiError> {
        let mut state = self.state();
        let Some(&(start, length)) = state.lines.get(&key.digest()) else {
            return Ok(None);
        };
        let mut bytes = vec![0; length];
        let read = state
            .file
            .seek(SeekFrom::Start(start))
            .and_then(|_| state.file.read_exact(&mut bytes))
            .and_then(|()| Ok(serde_json::from_slice::<CacheLine>(&bytes)?));
        match read {
            Ok(line) => Ok(Some(CachedAnswer {
                value: line.value,
                date: line.date,
            })),
            Err(source) => Err(self.unusable(source)),
        }
    }

    /// Keeps an answer. It is in the file when this returns, and outlives a kill; the machine may still lose it.
    pub fn keep(
        &self,
        key: &RequestKey,
        value: Value,
        usage: Usage,
    ) -> Result<CachedAnswer, ApiError> {
        let line = CacheLine::new(key, value, usage, false);
        self.append(std::slice::from_ref(&line))?;
        Ok(line.answer())
    }

    /// Keeps an answer, instead of the one that is kept where there is one.
    pub fn put(
        &self,
        key: &RequestKey,
        value: Value,
        usage: Usage,
    ) -> Result<CachedAnswer, ApiError> {
        let replaces = self.state().lines.contains_key(&key.digest());
        let line = CacheLine::new(key, value, usage, replaces);
        self.append(std::slice::from_ref(&line))?;
        Ok(line.answer())
    }

    /// Keeps answers that cost nothing but time, as [`put`](Self::put) does, with one write. They are on the disk when this
    /// returns, and a process that is killed in the middle of it loses those of this call at most.
    pub fn put_batch<'a>(
        &self,
        answers: impl IntoIterator<Item = (&'a RequestKey, Value)>,
    ) -> Result<(), ApiError> {
        let mut lines = Vec::new();
        let mut keys = HashSet::new();
        {
            let state = self.state();
            for (key, value) in answers {
                let digest = key.digest();
                let replaces = state.lines.contains_key(&digest) || !keys.insert(digest);
                lines.push(CacheLine::new(key, value, Usage::default(), replaces));
            }
        }
        if lines.is_empty() {
            return Ok(());
        }
        self.append(&lines)?;
        self.synced(self.disk.sync_data())
    }

    /// How much of the file is written, and the file, for those who wait until the disk has it.
    pub(super) fn written(&self) -> (u64, Arc<File>) {
        (self.state().end, Arc::clone(&self.disk))
    }

    /// What became of having the disk hold the file.
    pub(super) fn synced(&self, result: io::Result<()>) -> Result<(), ApiError> {
        result.map_err(|source| self.unusable(source))
    }

    /// Appends lines with one write.
    fn append(&self, lines: &[CacheLine]) -> Result<(), ApiError> {
        let mut bytes = Vec::new();
        let mut places = Vec::with_capacity(lines.len());
        for line in lines {
            let start = bytes.len();
            serde_json::to_writer(&mut bytes, line).expect("a line is plain data");
            places.push((start as u64, bytes.len() - start));
            bytes.push(b'\n');
        }
        let mut state = self.state();
        let begin = state.end;
        append(&mut state, &bytes).map_err(|source| self.unusable(source))?;
        for (line, (start, length)) in lines.iter().zip(places) {
            let digest = digest(line.key).expect("a key is 64 hexadecimal digits");
            state.lines.insert(digest, (begin + start, length));
        }
        Ok(())
    }

    fn unusable(&self, source: io::Error) -> ApiError {
        ApiError::CacheFile {
            path: self.path.clone(),
            source,
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, CacheState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has a new file's name outlive a machine that stops.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if folder != Path::new("") => File::open(folder)?.sync_all(),
        Some(_) | None => File::open(".")?.sync_all(),
    }
}

/// Appends whole lines. What a failed write left in the file is removed, so that the next one starts clean.
fn append(state: &mut CacheState, lines: &[u8]) -> io::Result<()> {
    if let Err(error) = state.file.write_all(lines) {
        state.file.set_len(state.end)?;
        return Err(error);
    }
    state.end += lines.len() as u64;
    Ok(())
}

fn read(
    file: File,
    path: &Path,
    unusable: &impl Fn(io::Error) -> ApiError,
) -> Result<CacheState, ApiError> {
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut lines = HashMap::new();
    let mut start = 0;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let length = reader.read_until(b'\n', &mut line).map_err(unusable)?;
        let Some(content) = line.strip_suffix(b"\n") else {
            if length > 0 {
                if number == 1 {
                    // A first line that was cut off is ours; anything else is somebody's file.
                    check_torn_header(&line, path)?;
                }
                tracing::warn!(
                    path = %path.display(),
                    "the last line is cut off: it is dropped, and clika asks for its answer again"
                );
                reader.get_ref().set_len(start).map_err(unusable)?;
                // Nothing is appended to a line that may come back.
                reader.get_ref().sync_data().map_err(unusable)?;
            }
            break;
        };
        if number == 1 {
            check_header(content, path)?;
        } else {
            let wrong = |problem: String| ApiError::CacheLine {
                problem: format!("the line is not an answer: {problem}"),
                position: FilePosition {
                    path: path.to_owned(),
                    line: number,
                },
            };
            let seen: CheckedLine =
                serde_json::from_slice(content).map_err(|error| wrong(error.to_string()))?;
            let key = digest(seen.key)
                .ok_or_else(|| wrong("`key` is not 64 hexadecimal digits".to_owned()))?;
            let position = (start, content.len());
            if seen.replaces {
                lines.insert(key, position);
            } else {
                // A key that stands twice was asked for twice; the first answer is the one that was used.
                lines.entry(key).or_insert(position);
            }
        }
        start += length as u64;
    }
    Ok(CacheState {
        file: reader.into_inner(),
        end: start,
        lines,
    })
}

fn check_header(line: &[u8], path: &Path) -> Result<(), ApiError> {
    let problem = match serde_json::from_slice::<Header>(line) {
        Ok(Header { clika_cache }) if clika_cache == FORMAT => return Ok(()),
        Ok(Header { clika_cache }) => {
            format!("its format is {clika_cache}, and this version writes format {FORMAT}")
        }
        Err(_) => "its first line names no format".to_owned(),
    };
    Err(ApiError::CacheVersion {
        path: path.to_owned(),
        problem,
    })
}

fn check_torn_header(line: &[u8], path: &Path) -> Result<(), ApiError> {
    let header = serde_json::to_vec(&Header {
        clika_cache: FORMAT,
    });
    if header.expect("a header is plain data").starts_with(line) {
        return Ok(());
    }
    check_header(line, path)
}
