//! What a piece of work takes, as Linux counts it for this process.

use serde_json::{Value, json};
use std::{
    error::Error,
    fs,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

/// Ticks of a second in `/proc`: the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// The process's counters at one time.
struct Counters {
    page_faults: u64,
    user_seconds: f64,
    system_seconds: f64,
    /// A thread that waited gave its core up.
    voluntary_switches: u64,
    /// The system gave the core to something else.
    forced_switches: u64,
}

impl Counters {
    fn now() -> Result<Self, Box<dyn Error>> {
        let stat = fs::read_to_string("/proc/self/stat")?;
        // The program's name, in brackets, may hold spaces; the fields after it begin with the third.
        let (_, fields) = stat.rsplit_once(") ").ok_or("/proc/self/stat is cut off")?;
        let fields: Vec<&str> = fields.split(' ').collect();
        let field = |number: usize| -> Result<u64, Box<dyn Error>> {
            Ok(fields
                .get(number - 3)
                .ok_or("/proc/self/stat is cut off")?
                .parse()?)
        };
        let seconds = |number: usize| -> Result<f64, Box<dyn Error>> {
            Ok(field(number)? as f64 / TICKS_PER_SECOND)
        };
        // Switches are counted for each thread.
        let (mut voluntary_switches, mut forced_switches) = (0, 0);
        for thread in fs::read_dir("/proc/self/task")? {
            let status = fs::read_to_string(thread?.path().join("status"))?;
            voluntary_switches += number_after(&status, "voluntary_ctxt_switches:")?;
            forced_switches += number_after(&status, "nonvoluntary_ctxt_switches:")?;
        }
        Ok(Self {
            page_faults: field(10)?,
            user_seconds: seconds(14)?,
            system_seconds: seconds(15)?,
            voluntary_switches,
            forced_switches,
        })
    }
}

/// Does some work and returns what it took. `begin` is a Unix time, so that a profiler's samples can be told apart.
pub fn measured<T>(
    work: impl FnOnce() -> Result<T, Box<dyn Error>>,
) -> Result<(Value, T), Box<dyn Error>> {
    let before = Counters::now()?;
    let begin = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let started = Instant::now();
    let value = work()?;
    let seconds = started.elapsed().as_secs_f64();
    let after = Counters::now()?;
    let usage = json!({
        "begin": begin.as_secs_f64(),
        "seconds": seconds,
        "user_seconds": after.user_seconds - before.user_seconds,
        "system_seconds": after.system_seconds - before.system_seconds,
        "page_faults": after.page_faults - before.page_faults,
        "voluntary_switches": after.voluntary_switches - before.voluntary_switches,
        "forced_switches": after.forced_switches - before.forced_switches,
    });
    Ok((usage, value))
}

/// The most memory that the process held at a time.
pub fn peak_mib() -> Result<f64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    Ok(number_after(&status, "VmHWM:")? as f64 / 1024.0)
}

/// The number on the line of `status` that begins so.
fn number_after(status: &str, name: &str) -> Result<u64, Box<dyn Error>> {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let line = line.ok_or_else(|| format!("/proc has no {name}"))?.trim();
    Ok(line.strip_suffix("kB").unwrap_or(line).trim().parse()?)
}
