use std::env::consts::{ARCH, OS};

/// The kind of machine that this program is built for: `x86_64 linux`.
pub fn architecture() -> String {
    format!("{ARCH} {OS}")
}

/// This machine's name, as Slurm and `hostname` give it.
pub fn host() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}
