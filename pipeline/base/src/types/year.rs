use serde::{Deserialize, Serialize};
use std::fmt;

/// A year as historians count: positive in our era, negative before it, and no year 0.
///
/// `-69` is 69 BC. Arithmetic goes through [`Year::astronomical`], where 1 BC is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Year(i32);

/// A text that is no `xsd:dateTime`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an xsd:dateTime such as `1685-03-31T00:00:00Z`")]
pub struct ParseYearError(pub String);

/// Digits of a year at most, so that differences of years stay far from the limits of their type.
const LONGEST_YEAR: usize = 6;

impl Year {
    /// The year that astronomers number `year`: 0 is 1 BC, −68 is 69 BC.
    pub const fn from_astronomical(year: i32) -> Self {
        Self(if year > 0 { year } else { year - 1 })
    }

    /// The year with a year 0, so that differences are right across the eras.
    pub const fn astronomical(self) -> i32 {
        if self.0 > 0 { self.0 } else { self.0 + 1 }
    }

    /// The number without the era: 69 for 69 BC.
    pub const fn number(self) -> u32 {
        self.0.unsigned_abs()
    }

    /// Whether the year lies before our era.
    pub const fn is_bce(self) -> bool {
        self.0 < 0
    }

    /// Reads the year of an `xsd:dateTime` as Wikidata's RDF writes it.
    ///
    /// Wikidata follows XSD 1.1, where 1 BC is the year 0000 (Wikibase RDF dump format, "Time").
    /// The string is read here because date libraries end at year 0 or at year −9999.
    pub fn from_xsd_date_time(text: &str) -> Result<Self, ParseYearError> {
        let error = || ParseYearError(text.to_owned());
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let mut parts = rest.splitn(3, '-');
        let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(error());
        };
        let day = rest.split_once('T').map(|(day, _time)| day);
        let two_digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        let digits =
            (4..=LONGEST_YEAR).contains(&year.len()) && year.bytes().all(|b| b.is_ascii_digit());
        if !(digits && two_digits(month) && day.is_some_and(two_digits)) {
            return Err(error());
        }
        let year: i32 = year.parse().map_err(|_| error())?;
        Ok(Self::from_astronomical(sign * year))
    }
}

impl fmt::Display for Year {
    /// Writes the signed number, `-69`. What a reader sees comes from the language's templates.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_eras() {
        // Cleopatra was born in 69 BC, which Wikidata's RDF writes as −0068.
        for (text, year) in [
            ("1685-03-31T00:00:00Z", 1685),
            ("+1685-03-31T00:00:00Z", 1685),
            ("0161-01-01T00:00:00Z", 161),
            ("0001-01-01T00:00:00Z", 1),
            ("0000-01-01T00:00:00Z", -1),
            ("-0068-01-01T00:00:00Z", -69),
            ("-0550-09-28T00:00:00Z", -551),
        ] {
            assert_eq!(Year::from_xsd_date_time(text), Ok(Year(year)), "{text}");
        }
    }

    #[test]
    fn there_is_no_year_zero() {
        assert_eq!(Year::from_astronomical(1), Year(1));
        assert_eq!(Year::from_astronomical(0), Year(-1));
        assert_eq!(Year(-69).astronomical(), -68);
        assert_eq!(Year(14).astronomical() - Year(-14).astronomical(), 27);
    }

    #[test]
    fn refuses_what_is_no_date() {
        for text in [
            "",
            "1685",
            "1685-03",
            "1685-3-31T00:00:00Z",
            "x-01-01T00:00:00Z",
            "t123",
            "-13798000000-01-01T00:00:00Z",
            // Inside the type's range, but not with an age added.
            "2147483647-01-01T00:00:00Z",
            "-2147483648-01-01T00:00:00Z",
        ] {
            assert_eq!(
                Year::from_xsd_date_time(text),
                Err(ParseYearError(text.to_owned()))
            );
        }
    }
}
