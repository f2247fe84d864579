use crate::files::{
    ArtifactError, atomic::files, recover::sweep, recover_folder, sha256_file, sha256_hex,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, io, path::Path};

/// What a stage wrote, from what, and how: `manifest.json` next to its files.
///
/// It holds no time and no absolute path, so that equal inputs give equal bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The program and its version: `clika 0.1.0`.
    pub tool: String,
    /// The stage: `datasets xgeo`.
    pub stage: String,
    /// SHA-256 over tool, stage, config and inputs; equal fingerprints mean equal files.
    pub fingerprint: String,
    /// The resolved configuration; every value that moves a result stands here.
    pub config: serde_json::Value,
    /// SHA-256 of every input file, by its path from the project's folder.
    pub inputs: BTreeMap<String, String>,
    /// What the stage reports: counts, exceptions, warnings.
    pub report: serde_json::Value,
    /// SHA-256 of every file written, by its path from the manifest's folder.
    pub files: BTreeMap<String, String>,
}

impl Manifest {
    /// The manifest's file name.
    pub const FILE: &str = "manifest.json";

    /// A manifest without report and files, which the stage adds.
    pub fn new(
        tool: &str,
        stage: &str,
        config: serde_json::Value,
        inputs: BTreeMap<String, String>,
    ) -> Self {
        let identity = serde_json::json!([tool, stage, config, inputs]);
        Self {
            tool: tool.to_owned(),
            stage: stage.to_owned(),
            fingerprint: sha256_hex(identity.to_string()),
            config,
            inputs,
            report: serde_json::Value::Null,
            files: BTreeMap::new(),
        }
    }

    /// Reads the manifest of a folder; `None` where there is none. A folder that a killed process had moved aside is put
    /// back first.
    pub fn read(folder: &Path) -> Result<Option<Self>, ArtifactError> {
        recover_folder(folder)?;
        let path = folder.join(Self::FILE);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|source| ArtifactError::Manifest { path, source }),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(ArtifactError::read(&path)(error)),
        }
    }

    /// The manifest of a folder that holds what it [describes](Self::describes). For those who need not write the folder
    /// then: what a killed process left next to it is removed.
    pub fn finished(folder: &Path) -> Result<Option<Self>, ArtifactError> {
        let Some(manifest) = Self::read(folder)? else {
            return Ok(None);
        };
        if !manifest.describes(folder)? {
            return Ok(None);
        }
        sweep(folder)?;
        Ok(Some(manifest))
    }

    /// Whether the folder holds every file that the manifest names, unchanged, and no other.
    pub fn describes(&self, folder: &Path) -> Result<bool, ArtifactError> {
        // One more for the manifest itself.
        if files(folder).map_err(ArtifactError::read(folder))?.len() != self.files.len() + 1 {
            return Ok(false);
        }
        for (name, digest) in &self.files {
            let path = folder.join(name);
            if !path.exists() || sha256_file(&path)? != *digest {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The manifest as indented JSON with a final newline.
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).expect("a manifest is plain data");
        json.push('\n');
        json
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn manifest(seed: u64) -> Manifest {
        let inputs = BTreeMap::from([("sparql/cities.rq".to_owned(), sha256_hex("SELECT"))]);
        Manifest::new(
            "clika 0.1.0",
            "datasets xgeo",
            json!({ "seed": seed }),
            inputs,
        )
    }

    #[test]
    fn the_fingerprint_follows_the_config() {
        assert_eq!(manifest(1).fingerprint, manifest(1).fingerprint);
        assert_ne!(manifest(1).fingerprint, manifest(2).fingerprint);
    }

    #[test]
    fn notices_a_changed_and_a_missing_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("README.md");
        let mut manifest = manifest(1);
        manifest
            .files
            .insert("README.md".to_owned(), sha256_hex("card"));
        fs::write(&path, "card").unwrap();
        fs::write(folder.path().join(Manifest::FILE), manifest.to_json()).unwrap();
        let read = Manifest::read(folder.path()).unwrap().unwrap();
        assert_eq!(read, manifest);
        assert!(read.describes(folder.path()).unwrap());
        fs::write(&path, "edited").unwrap();
        assert!(!read.describes(folder.path()).unwrap());
        fs::remove_file(&path).unwrap();
        assert!(!read.describes(folder.path()).unwrap());
    }

    #[test]
    fn a_folder_without_manifest_has_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap(), None);
    }
}
