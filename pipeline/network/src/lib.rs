//! Everything that talks to a server: what all HTTP clients do alike, paid services, the hub of models.

pub mod http;
pub mod hub;
pub mod services;
