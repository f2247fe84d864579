//! One option for each dataset that is translated from a file: `--copa FILE`.

use clap::{Arg, ArgGroup, ArgMatches, Command, value_parser};
use clika_datasets::{Dataset, DatasetKind, TextsOrigin, TextsSource};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The files that were named, by their options.
#[derive(Clone, Debug, Default)]
pub struct SourceArgs {
    files: BTreeMap<&'static str, PathBuf>,
}

impl SourceArgs {
    /// The file that was named for a source.
    pub fn file(&self, source: &TextsSource) -> Option<&Path> {
        self.files.get(source.option).map(PathBuf::as_path)
    }
}

fn sources() -> impl Iterator<Item = &'static TextsSource> {
    Dataset::all().filter_map(|dataset| match &dataset.kind {
        DatasetKind::Texts(texts) => match &texts.origin {
            TextsOrigin::Translated(source) => Some(source),
            TextsOrigin::Original => None,
        },
        DatasetKind::Facts(_) | DatasetKind::World => None,
    })
}

impl clap::FromArgMatches for SourceArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let file = |option| Some((option, matches.get_one::<PathBuf>(option)?.clone()));
        Ok(Self {
            files: sources().filter_map(|it| file(it.option)).collect(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for SourceArgs {
    fn augment_args(command: Command) -> Command {
        let group = ArgGroup::new("sources").multiple(true);
        let group = group.args(sources().map(|it| it.option));
        let options = sources().map(|source| {
            Arg::new(source.option)
                .long(source.option)
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help(format!("{} [default: downloaded]", source.forms))
        });
        command.args(options).group(group)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
