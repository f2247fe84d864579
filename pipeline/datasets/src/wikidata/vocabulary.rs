//! The terms of Wikidata's RDF that code has to name; everything else stands in the queries.

/// Prefixes of the snapshot's Turtle.
pub const PREFIXES: [(&str, &str); 9] = [
    ("wd", "http://www.wikidata.org/entity/"),
    ("wdt", "http://www.wikidata.org/prop/direct/"),
    ("p", "http://www.wikidata.org/prop/"),
    ("ps", "http://www.wikidata.org/prop/statement/"),
    ("psv", "http://www.wikidata.org/prop/statement/value/"),
    ("pq", "http://www.wikidata.org/prop/qualifier/"),
    ("wikibase", "http://wikiba.se/ontology#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

/// The item "male".
pub const MALE: u64 = 6_581_097;
/// The item "female".
pub const FEMALE: u64 = 6_581_072;
/// The item "proleptic Julian calendar".
pub const JULIAN: u64 = 1_985_786;
/// `wikibase:timePrecision` of a date known to the day.
pub const PRECISION_DAY: u8 = 11;
