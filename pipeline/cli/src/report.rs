use miette::Diagnostic;
use std::{error::Error, fmt::Write};

/// Renders an error for a person: what is wrong, where, why, and what to do.
///
/// ```text
/// error: template `xgeo.question` has no `{city}` placeholder
///    templates/languages/he.toml:14
/// hint: add `{city}` exactly once
/// ```
pub fn render(error: &dyn Diagnostic) -> String {
    let mut out = format!("error: {error}\n");
    let mut current = Some(error);
    let mut hints = Vec::new();
    while let Some(diagnostic) = current {
        if let Some(hint) = diagnostic.help() {
            hints.push(hint.to_string());
        }
        current = diagnostic.diagnostic_source();
    }
    let mut shown = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // A transparent wrapper says what its content says.
        let text = error.to_string();
        if text != shown {
            writeln!(out, "  cause: {text}").expect("writing to memory succeeds");
        }
        shown = text;
        cause = Error::source(error);
    }
    for hint in hints {
        writeln!(out, "hint: {hint}").expect("writing to memory succeeds");
    }
    out
}
