//! The files that the program brings along, so that it runs in any folder. Those of a project take their places.

use clika_base::BuiltIn;
use rust_embed::Embed;
use std::{borrow::Cow, path::Path};

#[derive(Embed)]
#[folder = "../../templates"]
#[prefix = "templates/"]
struct Templates;

#[derive(Embed)]
#[folder = "../../sparql"]
#[prefix = "sparql/"]
struct Sparql;

#[derive(Embed)]
#[folder = "../../experiments"]
#[prefix = "experiments/"]
struct Experiments;

#[derive(Embed)]
#[folder = "../../reference/paper"]
#[prefix = "reference/paper/"]
struct Paper;

/// The embedded files.
pub const BUILT_IN: BuiltIn = BuiltIn { names, content };

fn names() -> Vec<Cow<'static, str>> {
    let all = Templates::iter()
        .chain(Sparql::iter())
        .chain(Experiments::iter())
        .chain(Paper::iter());
    let mut names: Vec<_> = all.filter(|name| is_ours(name)).collect();
    names.sort();
    names
}

fn content(name: &str) -> Option<Cow<'static, [u8]>> {
    let file = Templates::get(name)
        .or_else(|| Sparql::get(name))
        .or_else(|| Experiments::get(name))
        .or_else(|| Paper::get(name));
    Some(file.filter(|_| is_ours(name))?.data)
}

/// What editors and interrupted runs leave behind is not: a copy that ends in `~`, a rejected snapshot.
fn is_ours(name: &str) -> bool {
    let kinds = ["jsonl", "md", "rq", "toml", "ttl", "txt"];
    let extension = Path::new(name).extension().and_then(|it| it.to_str());
    extension.is_some_and(|it| kinds.contains(&it))
        && !name.contains("/.")
        && !name.ends_with(".candidate.ttl")
}
