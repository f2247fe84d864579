//! `clika completions`: shells get scripts that know clika's commands.

#![allow(clippy::unwrap_used)]

use std::process::{Command, Output};

fn clika(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_clika"))
        .args(arguments)
        .output()
        .unwrap()
}

fn script(shell: &str) -> String {
    let output = clika(&["completions", shell]);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_shell_gets_the_commands_and_their_options() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = script(shell);
        for word in [
            "datasets",
            "audit",
            "export",
            "evaluate",
            "finetune",
            "grid",
            "fetch",
            "logits",
            "reproduce",
            "compare",
            "language",
            "devices",
            "init",
            "snapshot",
            "completions",
            // Of `clika evaluate`, `clika finetune` and `clika language check`.
            "endpoint",
            "max-steps",
            "check",
        ] {
            assert!(script.contains(word), "{shell} does not know `{word}`");
        }
    }
}

/// What bash offers for a command line, the last word of which is being typed.
fn bash_offers(words: &str) -> String {
    let ask = format!(
        r#"set -eu
source <(printf %s "$SCRIPT")
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMPREPLY=()
_clika clika "${{COMP_WORDS[-1]}}" "${{COMP_WORDS[-2]}}"
echo "${{COMPREPLY[@]}}""#
    );
    let output = Command::new("bash")
        .args(["--norc", "-c", &ask])
        .env("SCRIPT", script("bash"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn bash_completes_commands_options_and_values() {
    assert_eq!(bash_offers("clika eval"), "evaluate");
    assert_eq!(bash_offers("clika finetune --max-st"), "--max-steps");
    assert_eq!(bash_offers("clika language ch"), "check");
    assert_eq!(bash_offers("clika completions po"), "powershell");
}

#[test]
fn an_unknown_shell_is_refused_with_those_that_there_are() {
    let output = clika(&["completions", "bsh"]);
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("elvish, fish, powershell, zsh"),
        "{message}"
    );
}
