use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The identifier of a Wikidata item, `Q` and a positive number: `Q64`.
///
/// Ordered by the number, so that `Q9` comes before `Q10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Qid(u64);

/// A text that is not an item identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a Wikidata item: expected `Q` and a number, such as `Q64`")]
pub struct ParseQidError(pub String);

impl Qid {
    /// The identifier with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The item's IRI, `http://www.wikidata.org/entity/Q64`.
    pub fn iri(self) -> String {
        format!("{}{self}", Self::NAMESPACE)
    }

    /// Reads an item from its IRI.
    pub fn from_iri(iri: &str) -> Result<Self, ParseQidError> {
        iri.strip_prefix(Self::NAMESPACE)
            .ok_or_else(|| ParseQidError(iri.to_owned()))?
            .parse()
    }

    const NAMESPACE: &str = "http://www.wikidata.org/entity/";
}

impl fmt::Display for Qid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Q{}", self.0)
    }
}

impl FromStr for Qid {
    type Err = ParseQidError;

    fn from_str(text: &str) -> Result<Self, ParseQidError> {
        let digits = text
            .strip_prefix('Q')
            .filter(|digits| digits.starts_with(|c: char| ('1'..='9').contains(&c)));
        match digits.map(str::parse) {
            Some(Ok(number)) => Ok(Self(number)),
            Some(Err(_)) | None => Err(ParseQidError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Qid {
    type Error = ParseQidError;

    fn try_from(text: String) -> Result<Self, ParseQidError> {
        text.parse()
    }
}

impl From<Qid> for String {
    fn from(qid: Qid) -> Self {
        qid.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_identifier() {
        let berlin: Qid = "Q64".parse().unwrap();
        assert_eq!(berlin.to_string(), "Q64");
        assert_eq!(berlin.iri(), "http://www.wikidata.org/entity/Q64");
        assert_eq!(Qid::from_iri(&berlin.iri()), Ok(berlin));
        assert!("Q9".parse::<Qid>().unwrap() < "Q10".parse().unwrap());
    }

    #[test]
    fn refuses_what_is_no_item() {
        for text in [
            "",
            "Q",
            "64",
            "P31",
            "q64",
            "Q0",
            "Q07",
            "Q+5",
            "Q6 4",
            "Q99999999999999999999",
        ] {
            assert_eq!(text.parse::<Qid>(), Err(ParseQidError(text.to_owned())));
        }
        assert!(Qid::from_iri("http://www.wikidata.org/prop/P31").is_err());
    }
}
