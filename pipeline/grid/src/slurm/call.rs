use crate::GridError;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// How long a program of Slurm may take: a controller that is busy answers after some seconds.
pub const CALL_SECONDS: u64 = 20;

/// Runs a program and gives its standard output.
///
/// # Errors
/// A program that is not there, that fails (with its own words), and that does not end in time.
pub fn call(program: &str, arguments: &[&str], seconds: u64) -> Result<String, GridError> {
    let command = || {
        format!("{program} {}", arguments.join(" "))
            .trim_end()
            .to_owned()
    };
    let started = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let child = started.map_err(|source| GridError::NoSlurm {
        program: program.to_owned(),
        source,
    })?;
    let pid = Pid::from_child(&child);
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        // Nobody listens any more where it took too long.
        let _ = send.send(child.wait_with_output());
    });
    let output = match receive.recv_timeout(Duration::from_secs(seconds)) {
        Ok(output) => output.map_err(|source| GridError::NoSlurm {
            program: program.to_owned(),
            source,
        })?,
        Err(_) => {
            // It may have ended just now.
            let _ = kill_process(pid, Signal::KILL);
            return Err(GridError::Silent {
                command: command(),
                seconds,
            });
        }
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    let said = match text(&output.stderr) {
        said if said.is_empty() => format!("{}", output.status),
        said => said,
    };
    Err(GridError::Refused {
        command: command(),
        said,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_gives_output_or_says_what_was_wrong() {
        assert_eq!(call("sh", &["-c", "echo 12"], 10).unwrap(), "12");
        let refused = call("sh", &["-c", "echo no such partition >&2; exit 1"], 10).unwrap_err();
        assert!(refused.to_string().ends_with("failed: no such partition"));
        let absent = call("sbatch-that-is-not-there", &[], 10).unwrap_err();
        assert!(matches!(absent, GridError::NoSlurm { .. }));
    }

    #[test]
    fn a_call_that_does_not_end_is_ended() {
        let silent = call("sleep", &["60"], 1).unwrap_err();
        assert_eq!(silent.to_string(), "`sleep 60` gave no answer in 1 seconds");
    }
}
