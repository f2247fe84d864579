//! What is known of the program, and what is written about it.

use crate::{
    Answer,
    errors::{INVALID_VALUE, OUT_OF_MEMORY, SUCCESS},
    settings::settings,
};
use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::Write,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

/// Where addresses begin: no pointer of the host looks like one of them.
const FIRST_ADDRESS: u64 = 0x0b00_0000_0000;
/// The driver gives out large pieces in pages of this size.
const PAGE: u64 = 2 << 20;

pub(crate) struct State {
    log: Option<File>,
    /// Bytes of each piece of device memory by its address.
    allocations: BTreeMap<u64, u64>,
    next: u64,
    pub(crate) in_use: u64,
    pub(crate) launches: u64,
    /// Bytes of each piece of host memory.
    pub(crate) pinned: BTreeMap<usize, usize>,
    /// Names of kernels; a function's handle is its number here plus 1.
    pub(crate) functions: Vec<Function>,
    /// Entry points of modules; a module's handle is its number here plus 1.
    pub(crate) modules: Vec<Vec<String>>,
    /// Launches before each event, by its handle.
    pub(crate) events: BTreeMap<usize, u64>,
    /// Whether a kernel that measures the device's speed was launched and not waited for.
    pub(crate) measuring: bool,
    handles: usize,
}

pub(crate) struct Function {
    pub(crate) name: String,
    /// Dynamic shared memory that it may be given.
    pub(crate) shared: u32,
}

pub(crate) fn state() -> MutexGuard<'static, State> {
    static STATE: OnceLock<Mutex<State>> = OnceLock::new();
    let state = STATE.get_or_init(|| {
        Mutex::new(State {
            log: open(),
            allocations: BTreeMap::new(),
            next: FIRST_ADDRESS,
            in_use: 0,
            launches: 0,
            pinned: BTreeMap::new(),
            functions: Vec::new(),
            modules: Vec::new(),
            events: BTreeMap::new(),
            measuring: false,
            handles: 0,
        })
    });
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open() -> Option<File> {
    let path = settings().log.as_ref()?;
    match OpenOptions::new().append(true).create(true).open(path) {
        Ok(file) => Some(file),
        Err(error) => {
            eprintln!(
                "stand-in for the driver: {} cannot be written: {error}",
                path.display()
            );
            std::process::abort()
        }
    }
}

impl State {
    /// Writes an event; `fields` are JSON, with a comma in front of each.
    pub(crate) fn note(&mut self, event: &str, fields: &str) {
        if let Some(log) = &mut self.log {
            let line = format!("{{\"event\":\"{event}\"{fields}}}\n");
            if log.write_all(line.as_bytes()).is_err() {
                eprintln!("stand-in for the driver: an event cannot be written");
                std::process::abort();
            }
        }
    }

    /// The error of a device that is lost, or success.
    pub(crate) fn alive(&self) -> Answer {
        if self.launches > settings().lost_after {
            settings().lost_error
        } else {
            SUCCESS
        }
    }

    /// A handle that is no other's.
    pub(crate) fn handle(&mut self) -> usize {
        self.handles += 1;
        self.handles
    }

    /// Reserves an address for so many bytes.
    pub(crate) fn allocate(&mut self, bytes: u64) -> Result<u64, Answer> {
        if self.alive() != SUCCESS {
            return Err(self.alive());
        }
        if bytes == 0 {
            return Err(INVALID_VALUE);
        }
        let most = settings().memory.min(settings().out_of_memory_above);
        if self.in_use + bytes > most {
            let in_use = self.in_use;
            self.note(
                "out of memory",
                &format!(",\"bytes\":{bytes},\"in_use\":{in_use}"),
            );
            return Err(OUT_OF_MEMORY);
        }
        let address = self.next;
        // A page stays free between two pieces, so that a copy beyond one's end is found.
        self.next += bytes.next_multiple_of(PAGE) + PAGE;
        self.allocations.insert(address, bytes);
        self.in_use += bytes;
        let in_use = self.in_use;
        self.note(
            "allocate",
            &format!(",\"bytes\":{bytes},\"in_use\":{in_use}"),
        );
        Ok(address)
    }

    pub(crate) fn free(&mut self, address: u64) -> Answer {
        if self.alive() != SUCCESS {
            return self.alive();
        }
        let Some(bytes) = self.allocations.remove(&address) else {
            return self.refused("free", "an address that was not given out");
        };
        self.in_use -= bytes;
        let in_use = self.in_use;
        self.note("free", &format!(",\"bytes\":{bytes},\"in_use\":{in_use}"));
        SUCCESS
    }

    /// Whether a range lies in one piece of device memory.
    pub(crate) fn holds(&self, address: u64, bytes: u64) -> bool {
        let before = self.allocations.range(..=address).next_back();
        before.is_some_and(|(start, length)| address + bytes <= start + length)
    }

    /// Notes a call that the driver would refuse.
    pub(crate) fn refused(&mut self, call: &str, why: &str) -> Answer {
        self.note(
            "refused",
            &format!(",\"call\":{},\"why\":{}", quoted(call), quoted(why)),
        );
        INVALID_VALUE
    }
}

/// A JSON string.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            letter if letter.is_control() => quoted.push(' '),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
