//! Wikidata: the queries in `sparql/`, the embedded store that answers them from the snapshot, and
//! the client that fills the snapshot from a live endpoint. Only this crate knows SPARQL.

mod client;
mod error;
mod pacing;
mod query;
mod refresh;
mod store;
mod vocabulary;

pub use client::{Client, Endpoint, FetchError};
pub use error::WikidataError;
pub use query::Query;
pub use refresh::{RefreshError, RefreshPlan, refresh};
pub use store::{City, Division, Labels, Person, Snapshot};
