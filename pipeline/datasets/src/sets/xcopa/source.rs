//! COPA in every form that it comes in: the archive, its XML, or lines.

use crate::DatasetError;
use crate::texts::{CopaQuestion, DownloadedFile, TextItem, read_copa_lines, wrong};
use clika_base::ProjectPath;
use flate2::read::GzDecoder;
use roxmltree::{Document, Node, ParsingOptions};
use std::{
    collections::BTreeSet,
    io::Read,
    path::{Path, PathBuf},
};

/// COPA (Roemmele et al., 2011): an archive whose `datasets/copa-test.xml` is what we use.
pub const COPA: DownloadedFile = DownloadedFile {
    url: "https://people.ict.usc.edu/~gordon/downloads/COPA-resources.tgz",
    file: "COPA-resources.tgz",
    sha256: "5145348834d2081ad90da0397d1db3d70fa044e506bd8ce224194d24b04cdbbe",
};

/// Reads the archive, `copa-test.xml` or lines.
pub fn read(file: &ProjectPath) -> Result<Vec<TextItem>, DatasetError> {
    let path = &file.shown();
    match extension(path).as_deref() {
        Some("tgz" | "gz") => read_copa_archive(path),
        Some("xml") => read_copa_xml(&bytes(path)?, path),
        Some(_) | None => read_copa_lines(file),
    }
}

fn extension(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_ascii_lowercase())
}

fn bytes(path: &Path) -> Result<Vec<u8>, DatasetError> {
    std::fs::read(path).map_err(|source| DatasetError::SourceFile {
        path: path.to_owned(),
        source,
    })
}

/// The file of the archive that holds the test set and its answers.
const COPA_TEST: &str = "datasets/copa-test.xml";

fn read_copa_archive(path: &Path) -> Result<Vec<TextItem>, DatasetError> {
    let archive = bytes(path)?;
    COPA.check(&archive, path)?;
    let unreadable = |source| DatasetError::SourceFile {
        path: path.to_owned(),
        source,
    };
    let mut archive = tar::Archive::new(GzDecoder::new(archive.as_slice()));
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let name: PathBuf = entry.path().map_err(unreadable)?.into_owned();
        if name.ends_with(COPA_TEST) {
            let mut xml = Vec::new();
            entry.read_to_end(&mut xml).map_err(unreadable)?;
            return read_copa_xml(&xml, &path.join(name));
        }
    }
    Err(wrong(
        path,
        1,
        format!("the archive has no {COPA_TEST}"),
        COPA_XML,
    ))
}

const COPA_XML: &str = "COPA's XML has <item id asks-for most-plausible-alternative> with <p>, \
                        <a1> and <a2>, as datasets/copa-test.xml of COPA-resources.tgz";

/// Reads COPA's XML; `path` is for messages.
pub fn read_copa_xml(xml: &[u8], path: &Path) -> Result<Vec<TextItem>, DatasetError> {
    let fault = |line, problem: String| wrong(path, line, problem, COPA_XML);
    let text = std::str::from_utf8(xml).map_err(|error| fault(1, error.to_string()))?;
    let options = ParsingOptions {
        // COPA names a DTD, which is not read.
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).map_err(|error| {
        let line = usize::try_from(error.pos().row).unwrap_or(1);
        fault(line, error.to_string())
    })?;
    let mut items = Vec::new();
    let mut seen = BTreeSet::new();
    let nodes = document.descendants();
    for node in nodes.filter(|node| node.has_tag_name("item")) {
        let line = usize::try_from(document.text_pos_at(node.range().start).row).unwrap_or(1);
        let item = copa_item(node).map_err(|problem| fault(line, problem))?;
        if !seen.insert(item.id.clone()) {
            return Err(fault(line, format!("item {} occurs twice", item.id)));
        }
        items.push(item);
    }
    if items.is_empty() {
        return Err(fault(1, "the file has no <item>".to_owned()));
    }
    Ok(items)
}

fn copa_item(node: Node) -> Result<TextItem, String> {
    let attribute = |name: &str| {
        let value = node.attribute(name);
        value.ok_or_else(|| format!("an item has no {name}"))
    };
    let child = |name: &str| {
        let text = node
            .children()
            .find(|child| child.has_tag_name(name))
            .and_then(|child| child.text())
            .map(str::trim)
            .filter(|text| !text.is_empty());
        text.map(str::to_owned)
            .ok_or_else(|| format!("an item has no text in <{name}>"))
    };
    Ok(TextItem {
        id: attribute("id")?.to_owned(),
        asks: Some(match attribute("asks-for")? {
            "cause" => CopaQuestion::Cause,
            "effect" => CopaQuestion::Effect,
            other => return Err(format!("asks-for is `{other}`, not cause or effect")),
        }),
        text: child("p")?,
        choices: vec![child("a1")?, child("a2")?],
        label: match attribute("most-plausible-alternative")? {
            "1" => 0,
            "2" => 1,
            other => {
                return Err(format!(
                    "most-plausible-alternative is `{other}`, not 1 or 2"
                ));
            }
        },
    })
}
