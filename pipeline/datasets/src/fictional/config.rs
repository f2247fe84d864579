use clika_base::named_enum;
use clika_base::types::LanguageCode;
use serde::{Deserialize, Serialize};

/// What decides a fictional world and its training and test sets, next to seed and templates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FictionalConfig {
    /// Where names come from.
    pub names: NameSource,
    /// The language that everything is taught in.
    pub source: LanguageCode,
    /// The languages that half is taught in and the other half asked; empty for all others.
    pub targets: Vec<LanguageCode>,
    /// Continents, and so choices of a question.
    pub continents: usize,
    /// Places; every continent gets equally many, as far as that comes out even.
    pub places: usize,
    /// Places that are taught in the target language too (the paper's type 0).
    pub taught_places: usize,
    /// Kinds of places, each shared by equally many.
    pub landforms: usize,
    /// The first year that a place may be founded in.
    pub first_year: i32,
    /// The last one.
    pub last_year: i32,
    /// Which way names are translated in training.
    pub direction: TranslationDirection,
    /// What is taught and asked about a place.
    pub relation: WorldRelation,
    /// What the world is a control for.
    pub control: Control,
}

named_enum! {
    /// Where names come from.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum NameSource {
        /// Coined from syllables, with a noun for the kind of place.
        Syllabic = ("syllabic", "Coined from syllables; no network"),
        /// Made up in English and translated by a language model, as in the paper.
        Llm = ("llm", "Made up and translated by the model of the experiment's [translation]"),
    }
}

named_enum! {
    /// The directions in which training translates names: from the source language, into it, or both.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum TranslationDirection {
        /// From the source into the target language, as the paper says: en→x.
        Forward = ("forward", "From the source into the target language, as the paper says"),
        /// From the target into the source language, as in the paper's release: x→en.
        Backward = ("backward", "From the target into the source language, as in the paper's release"),
        /// Both ways, as in the paper's Table 20.
        Both = ("both", "Both ways"),
    }
}

named_enum! {
    /// What is taught and asked about a place.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum WorldRelation {
        /// Its continent: two names have to cross the languages, that of the place and that of the continent.
        Continent = ("continent", "Its continent: two names have to cross the languages"),
        /// The year of its foundation: one name has to cross.
        Founding = ("founding", "The year of its foundation: one name has to cross"),
    }
}

named_enum! {
    /// What a world is a control for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Control {
        /// The world itself.
        None = ("none", "No control"),
        /// The target is the source language under other names: what is lost there is lost to composing two
        /// facts, not to a language.
        Alias = ("alias", "The target is the source language under other names"),
        /// Names are equal in both languages: what is lost there is lost to the sentences around them.
        Cognate = ("cognate", "Names are equal in both languages"),
        /// The tested relations are shuffled among the tested places: scores above chance come from elsewhere.
        RandomLabel = ("random-label", "The tested relations are shuffled; must score at chance"),
    }
}

impl Control {
    /// The name in paths; `None` for no control.
    pub fn path_name(self) -> Option<&'static str> {
        (self != Self::None).then(|| self.name())
    }
}

impl FictionalConfig {
    /// The key that is wrong, and why; `None` for a sound configuration.
    pub fn problem(&self) -> Option<(&'static str, String)> {
        let Self {
            continents,
            places,
            taught_places,
            landforms,
            ..
        } = *self;
        let out_of = |key, value: usize, least: usize, most: usize, why: &str| {
            let problem = format!("`{key}` is {value}; it must be between {least} and {most}{why}");
            (!(least..=most).contains(&value)).then_some((key, problem))
        };
        out_of("continents", continents, 2, 1_000, "")
            .or_else(|| {
                let why = ": a continent needs a place";
                out_of("places", places, continents, 100_000, why)
            })
            .or_else(|| {
                let why = ": some places are taught in the target language, the others tested";
                out_of("taught_places", taught_places, 1, places - 1, why)
            })
            .or_else(|| out_of("landforms", landforms, 1, 10_000, ""))
            .or_else(|| self.year_problem())
            .or_else(|| {
                let again = self.targets.contains(&self.source);
                let problem = format!("`targets` names the source language `{}`", self.source);
                again.then_some(("targets", problem))
            })
            .or_else(|| {
                let needed = self.control == Control::Alias && !self.targets.is_empty();
                let problem = "the alias world has one target, the source language under other names";
                needed.then_some(("targets", problem.to_owned()))
            })
            .or_else(|| {
                let tested = places - taught_places;
                let few = self.control == Control::RandomLabel && tested < continents;
                let problem = format!(
                    "random labels need as many tested places as continents, and {tested} of {continents} are tested"
                );
                few.then_some(("taught_places", problem))
            })
            .or_else(|| {
                let twice = self.control == Control::Alias && self.names == NameSource::Llm;
                let problem = "the alias world needs second names, which only `syllabic` gives";
                twice.then_some(("names", problem.to_owned()))
            })
    }

    /// Years have equally many digits: an answer is looked for in what a model writes, and 106 lies within 1061.
    fn year_problem(&self) -> Option<(&'static str, String)> {
        let (first, last) = (self.first_year, self.last_year);
        // Places of every world have a year, whether it is asked about or not.
        let problem = format!(
            "`first_year` is {first} and `last_year` is {last}; the years must be between 1 and 9999, and the first \
             must not be after the last"
        );
        if !(1 <= first && first <= last && last <= 9999) {
            return Some(("first_year", problem));
        }
        if self.relation != WorldRelation::Founding {
            return None;
        }
        let enough = i64::from(last) - i64::from(first) + 1 >= self.continents as i64;
        let sound = first.to_string().len() == last.to_string().len();
        let problem = format!(
            "`first_year` to `last_year` is {first} to {last}; they must have equally many digits, and span at least \
             {} years, one for each choice",
            self.continents
        );
        (!(enough && sound)).then_some(("first_year", problem))
    }

    /// The dataset's name and folder: `fictional`, `fictional-founding`, `fictional-alias`, `fictional-de`.
    pub fn dataset(&self) -> String {
        let mut name = "fictional".to_owned();
        if self.relation == WorldRelation::Founding {
            name += "-founding";
        }
        if let Some(control) = self.control.path_name() {
            name += &format!("-{control}");
        }
        if self.source.as_str() != "en" {
            name += &format!("-{}", self.source);
        }
        name
    }
}
