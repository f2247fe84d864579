//! Wikidata: queries, store and client.

#![allow(clippy::unwrap_used)]

mod awkward;
mod client;
mod queries;
