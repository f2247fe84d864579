use clika_base::types::{FilePosition, Qid};
use miette::Diagnostic;
use oxigraph::{
    sparql::{QueryEvaluationError, SparqlSyntaxError},
    store::StorageError,
};
use std::{io, path::PathBuf};

/// Why the snapshot or a query cannot be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum WikidataError {
    /// A query or snapshot file cannot be read.
    #[error("cannot read {}", path.display())]
    #[diagnostic(help(
        "check the path and the file's permissions; where a project has no file of its own, the built-in one is read"
    ))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The snapshot is not valid Turtle.
    #[error("the snapshot is not valid Turtle: {problem}\n   {position}")]
    #[diagnostic(help(
        "fix the line, or take the file from version control; `clika snapshot` makes a fresh one"
    ))]
    Turtle {
        /// What the parser says.
        problem: String,
        /// Where.
        position: FilePosition,
    },
    /// A query is not valid SPARQL.
    #[error("query {} is not valid SPARQL", path.display())]
    #[diagnostic(help("try the file in a query service's page, and compare with version control"))]
    Sparql {
        /// The query's file.
        path: PathBuf,
        /// What the parser says, with line and column.
        source: SparqlSyntaxError,
    },
    /// A query lacks a VALUES block that the program fills.
    #[error("query {} has no block `VALUES {variables} {{ … }}`", path.display())]
    #[diagnostic(help("clika puts the items to ask for there; restore the block"))]
    NoValues {
        /// The query's file.
        path: PathBuf,
        /// The variables as they have to stand.
        variables: String,
    },
    /// A query returns something else than the program reads.
    #[error("query {} returns no usable ?{variable}: {found}", path.display())]
    #[diagnostic(help("the query's first comment lists the columns that it must return"))]
    Column {
        /// The query's file.
        path: PathBuf,
        /// The column.
        variable: &'static str,
        /// What is there.
        found: String,
    },
    /// An item has two labels in one language, where Wikidata allows one.
    #[error("{item} has two labels in `{language}`: {labels:?}")]
    #[diagnostic(help("keep only the one that Wikidata shows"))]
    TwoLabels {
        /// The item.
        item: Qid,
        /// The label language.
        language: String,
        /// The labels.
        labels: [String; 2],
    },
    /// A query is not of the form the program expects.
    #[error("query {} is not a SELECT query", path.display())]
    NotSelect {
        /// The query's file.
        path: PathBuf,
    },
    /// The evaluation failed.
    #[error("query {} failed", path.display())]
    Evaluation {
        /// The query's file.
        path: PathBuf,
        /// Why.
        source: QueryEvaluationError,
    },
    /// The embedded store failed.
    #[error("the embedded store failed")]
    Store(#[from] StorageError),
}
