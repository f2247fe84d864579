use std::ffi::OsString;

/// A variable of the environment. An empty one counts as not set: that is how a shell script takes one away.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
