use crate::types::Year;
use serde::{Deserialize, Serialize};

/// A calendar that years are counted in.
///
/// Of the two years that a Gregorian year overlaps, the one that begins in it: 1926 is 1305 of the solar Hijri calendar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Calendar {
    /// The Gregorian calendar.
    #[default]
    Gregorian,
    /// The Thai Buddhist calendar: 1926 is 2469.
    Buddhist,
    /// The solar Hijri calendar of Iran and Afghanistan: 1926 is 1305.
    Persian,
    /// The calendar of the Republic of China: 1926 is 15.
    Roc,
}

impl Calendar {
    /// Every calendar.
    pub const ALL: [Self; 4] = [Self::Gregorian, Self::Buddhist, Self::Persian, Self::Roc];

    /// The name in files, which is CLDR's.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gregorian => "gregorian",
            Self::Buddhist => "buddhist",
            Self::Persian => "persian",
            Self::Roc => "roc",
        }
    }

    /// Years to add to a Gregorian one, both counted with a year 0.
    const fn shift(self) -> i32 {
        match self {
            Self::Gregorian => 0,
            Self::Buddhist => 543,
            Self::Persian => -621,
            Self::Roc => -1911,
        }
    }

    /// Words that say that a year is counted in this calendar.
    pub const fn era_words(self) -> &'static [&'static str] {
        match self {
            Self::Gregorian => &[],
            Self::Buddhist => &["พ.ศ.", "พุทธ"],
            Self::Persian => &["ه.ش", "ه‍.ش", "ه. ش", "هجری", "خورشیدی"],
            Self::Roc => &["民国", "民國"],
        }
    }

    /// A Gregorian year as this calendar counts it; before its first year, years count backwards.
    pub const fn year(self, gregorian: Year) -> Year {
        Year::from_astronomical(gregorian.astronomical() + self.shift())
    }

    pub(crate) fn is_gregorian(&self) -> bool {
        *self == Self::Gregorian
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1926 is 2469 in Thailand and 1305 in Iran; 1912 is the first year of the
    /// Republic of China; 69 BC is 475 after the Buddha.
    #[test]
    fn years_of_other_calendars() {
        for (calendar, gregorian, expected) in [
            (Calendar::Gregorian, 1926, 1926),
            (Calendar::Buddhist, 1926, 2469),
            (Calendar::Persian, 1926, 1305),
            (Calendar::Roc, 1926, 15),
            (Calendar::Roc, 1912, 1),
            (Calendar::Roc, 1911, -1),
            (Calendar::Persian, 621, -1),
            (Calendar::Buddhist, -68, 475),
        ] {
            let year = calendar.year(Year::from_astronomical(gregorian));
            let found = if year.is_bce() {
                -i64::from(year.number())
            } else {
                i64::from(year.number())
            };
            assert_eq!(found, expected, "{gregorian} in {}", calendar.name());
        }
    }
}
