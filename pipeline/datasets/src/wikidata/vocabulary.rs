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

/// Label languages that Wikidata's pages call otherwise than its RDF (Wikibase's `RdfVocabulary`, by MediaWiki's
/// `LanguageCode::bcp47`), in lower case: the page's code and the tag.
const RDF_TAGS: [(&str, &str); 18] = [
    ("als", "gsw"),
    ("bat-smg", "sgs"),
    ("be-x-old", "be-tarask"),
    ("eml", "egl"),
    ("fiu-vro", "vro"),
    ("no", "nb"),
    ("roa-rup", "rup"),
    ("simple", "en-simple"),
    ("sr-ec", "sr-cyrl"),
    ("sr-el", "sr-latn"),
    ("zh-classical", "lzh"),
    ("zh-cn", "zh-hans-cn"),
    ("zh-hk", "zh-hant-hk"),
    ("zh-min-nan", "nan"),
    ("zh-mo", "zh-hant-mo"),
    ("zh-sg", "zh-hans-sg"),
    ("zh-tw", "zh-hant-tw"),
    ("zh-yue", "yue"),
];

/// The tags of labels in a label language: its code, and what the RDF calls it where that differs.
pub fn label_tags(code: &str) -> impl Iterator<Item = String> {
    let code = code.to_ascii_lowercase();
    let tag = RDF_TAGS.iter().find(|(page, _)| *page == code);
    [code]
        .into_iter()
        .chain(tag.map(|(_, tag)| (*tag).to_owned()))
}

/// The item "male".
pub const MALE: u64 = 6_581_097;
/// The item "female".
pub const FEMALE: u64 = 6_581_072;
/// The item "proleptic Julian calendar".
pub const JULIAN: u64 = 1_985_786;
/// `wikibase:timePrecision` of a date known to the day.
pub const PRECISION_DAY: u8 = 11;
