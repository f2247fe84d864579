//! Wikidata: queries, store and client.

mod awkward;
mod client;
mod queries;
