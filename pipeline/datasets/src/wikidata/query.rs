use crate::wikidata::WikidataError;
use clika_base::ToProjectPath;
use clika_base::types::Qid;
use std::path::{Path, PathBuf};

/// A SPARQL query from a file of `sparql/`.
#[derive(Clone, Debug)]
pub struct SparqlQuery {
    path: PathBuf,
    text: String,
}

impl SparqlQuery {
    /// Reads a query. It is checked when it is first used.
    pub fn read(file: &(impl ToProjectPath + ?Sized)) -> Result<Self, WikidataError> {
        let file = file.to_project_path();
        let path = file.shown();
        match file.text() {
            Ok(text) => Ok(Self { path, text }),
            Err(source) => Err(WikidataError::Unreadable { path, source }),
        }
    }

    /// The file the query came from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The query's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The query with the content of its block `VALUES variables { … }` replaced by `rows`.
    ///
    /// The files hold an example in the block, so that each runs unchanged in a query service.
    pub fn with_values(&self, variables: &str, rows: &str) -> Result<Self, WikidataError> {
        let head = format!("VALUES {variables} {{");
        let replaced = self.text.split_once(&head).and_then(|(before, rest)| {
            let (_example, after) = rest.split_once('}')?;
            Some(format!("{before}{head} {rows} }}{after}"))
        });
        match replaced {
            Some(text) => Ok(Self {
                path: self.path.clone(),
                text,
            }),
            None => Err(WikidataError::NoValues {
                path: self.path.clone(),
                variables: variables.to_owned(),
            }),
        }
    }

    /// [`SparqlQuery::with_values`] for one variable and items.
    pub fn with_items(
        &self,
        variable: &str,
        items: impl IntoIterator<Item = Qid>,
    ) -> Result<Self, WikidataError> {
        let rows: Vec<_> = items.into_iter().map(|qid| format!("wd:{qid}")).collect();
        self.with_values(variable, &rows.join(" "))
    }

    /// [`SparqlQuery::with_values`] for `(?country ?minimum)`: each country with its size class.
    pub fn with_size_classes(
        &self,
        variables: &str,
        classes: impl IntoIterator<Item = (Qid, u64)>,
    ) -> Result<Self, WikidataError> {
        let rows: Vec<_> = classes
            .into_iter()
            .map(|(country, minimum)| format!("(wd:{country} {minimum})"))
            .collect();
        self.with_values(variables, &rows.join(" "))
    }
}
