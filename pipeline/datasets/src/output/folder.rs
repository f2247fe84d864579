//! A dataset's folder: left as it is where nothing has changed, replaced as a whole where something has.

use crate::{BuildOutcome, BuildReport, BuiltDataset, DatasetError};
use clika_base::files::{FolderDraft, Manifest, sha256_hex};
use std::{collections::BTreeMap, path::Path};

/// A dataset that is being written; nothing is seen of it before [`DatasetDraft::finish`].
pub(crate) struct DatasetDraft {
    draft: FolderDraft,
    manifest: Manifest,
}

impl DatasetDraft {
    /// Begins with the manifest of what goes in.
    pub(crate) fn begin(folder: &Path, manifest: Manifest) -> Result<Self, DatasetError> {
        let draft = FolderDraft::begin(folder)?;
        Ok(Self { draft, manifest })
    }

    /// SHA-256 of the inputs, by name.
    pub(crate) fn inputs(&self) -> &BTreeMap<String, String> {
        &self.manifest.inputs
    }

    /// Writes a file, by its path in the folder.
    pub(crate) fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), DatasetError> {
        self.draft.write(name, bytes)?;
        self.manifest
            .files
            .insert(name.to_owned(), sha256_hex(bytes));
        Ok(())
    }

    /// A text that changes whenever a file of data does: `files 1f8a…`.
    pub(crate) fn mark(&self) -> String {
        let files = self.manifest.files.iter();
        let files = files.filter(|(name, _)| name.starts_with("data/"));
        let all: String = files
            .map(|(name, hash)| format!("{name} {hash}\n"))
            .collect();
        format!("files {}", &sha256_hex(all)[..16])
    }

    /// Writes the manifest and puts the folder in place.
    pub(crate) fn finish(self, report: &BuildReport) -> Result<Manifest, DatasetError> {
        let Self {
            draft,
            mut manifest,
        } = self;
        manifest.report = serde_json::to_value(report).expect("a report is plain data");
        draft.write(Manifest::FILE, manifest.to_json().as_bytes())?;
        draft.publish()?;
        Ok(manifest)
    }
}

/// Builds a dataset into `folder`, unless it is there from the same inputs and unchanged.
///
/// A dataset appears whole or not at all: a run that fails or is killed leaves the previous one.
pub(crate) fn build(
    name: &str,
    folder: &Path,
    manifest: Manifest,
    force: bool,
    write: impl FnOnce(&mut DatasetDraft) -> Result<BuildReport, DatasetError>,
) -> Result<BuiltDataset, DatasetError> {
    let built = |outcome, manifest| BuiltDataset {
        name: name.to_owned(),
        folder: folder.to_owned(),
        outcome,
        manifest,
    };
    if !force
        && let Some(present) = Manifest::finished(folder)?
        && present.fingerprint == manifest.fingerprint
    {
        return Ok(built(BuildOutcome::UpToDate, present));
    }
    let mut draft = DatasetDraft::begin(folder, manifest)?;
    let report = write(&mut draft)?;
    let manifest = draft.finish(&report)?;
    Ok(built(BuildOutcome::Written(Box::new(report)), manifest))
}
