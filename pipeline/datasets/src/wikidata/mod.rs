//! Wikidata: the queries in `sparql/`, the embedded store that answers them from the snapshot, and
//! the client that fills the snapshot from a live endpoint. Only this crate knows SPARQL.

mod client;
mod error;
mod extend;
mod fetch_error;
mod pacing;
mod query;
mod refresh;
mod store;
mod vocabulary;

pub use client::{SparqlClient, SparqlEndpoint};
pub use error::WikidataError;
pub use extend::extend;
pub use fetch_error::FetchError;
pub use query::SparqlQuery;
pub use refresh::{RefreshError, RefreshPlan, refresh};
pub use store::{City, Division, Labels, People, Person, Snapshot};
pub use vocabulary::label_tags;
