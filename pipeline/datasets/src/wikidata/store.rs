use crate::wikidata::{SparqlQuery, WikidataError, vocabulary};
use clika_base::ToProjectPath;
use clika_base::types::{FilePosition, Qid, Sex, Year};
use oxigraph::{
    io::{RdfFormat, RdfParseError},
    model::{Term, Triple},
    sparql::{QueryResults, QuerySolution, SparqlEvaluator},
    store::{LoaderError, Store},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// The snapshot in the embedded store.
pub struct Snapshot {
    store: Store,
}

/// A city of `build/cities.rq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct City {
    /// The city.
    pub city: Qid,
    /// The country it lies in.
    pub country: Qid,
    /// The first-level division it lies in.
    pub division: Qid,
    /// Inhabitants.
    pub population: u64,
    /// Wikipedia articles about it, where the snapshot says so.
    pub sitelinks: Option<u64>,
}

/// A first-level division of `build/divisions.rq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Division {
    /// The division.
    pub division: Qid,
    /// Its country.
    pub country: Qid,
}

/// A person of `build/people.rq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The person.
    pub person: Qid,
    /// The one state the person was a citizen of.
    pub country: Qid,
    /// What verbs agree with; `None` for what no template has a form for.
    pub sex: Option<Sex>,
    /// Year of birth.
    pub birth: Year,
    /// Year of death.
    pub death: Year,
    /// Whether one of the two years depends on the calendar: a Julian date at the turn of the year.
    pub calendar_dependent: bool,
    /// Wikipedia articles about the person, where the snapshot says so.
    pub sitelinks: Option<u64>,
}

/// The people of `build/people.rq`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// Those whose dates can be read.
    pub readable: Vec<Person>,
    /// The others: the person, the state, and the text that cannot be read as a date.
    pub unreadable: Vec<(Qid, Qid, String)>,
}

/// Labels by item and by Wikidata's label language, in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(BTreeMap<Qid, BTreeMap<String, String>>);

impl Labels {
    /// The first label there is in the given label languages, with the one it is in. Case does not count:
    /// Wikidata writes `zh-Hans`; nor does what its pages call the language: `sr-el` finds `sr-Latn`.
    pub fn find<'a, 'b>(
        &'a self,
        item: Qid,
        languages: &'b [String],
    ) -> Option<(&'a str, &'b str)> {
        let labels = self.0.get(&item)?;
        languages.iter().find_map(|language| {
            let label = vocabulary::label_tags(language).find_map(|tag| labels.get(&tag))?;
            Some((label.as_str(), language.as_str()))
        })
    }

    /// Whether an item has a label in any language.
    pub fn knows(&self, item: Qid) -> bool {
        self.0.get(&item).is_some_and(|labels| !labels.is_empty())
    }
}

impl Snapshot {
    /// Loads a Turtle file.
    pub fn open(file: &(impl ToProjectPath + ?Sized)) -> Result<Self, WikidataError> {
        let file = file.to_project_path();
        let path = file.shown();
        match file.text() {
            Ok(text) => Self::parse(&path, &text),
            Err(source) => Err(WikidataError::Unreadable { path, source }),
        }
    }

    /// Loads Turtle; `path` names it in errors.
    pub fn parse(path: &Path, text: &str) -> Result<Self, WikidataError> {
        let store = Store::new()?;
        let mut loader = store.bulk_loader();
        match loader.load_from_slice(RdfFormat::Turtle, text.as_bytes()) {
            Ok(()) => {
                loader.commit()?;
                Ok(Self { store })
            }
            Err(LoaderError::Parsing(error)) => Err(turtle_error(path, text, &error)),
            Err(LoaderError::Storage(error)) => Err(error.into()),
            Err(LoaderError::InvalidBaseIri { .. }) => {
                unreachable!("no base IRI is given to the loader")
            }
        }
    }

    /// The number of triples.
    pub fn len(&self) -> Result<usize, WikidataError> {
        Ok(self.store.len()?)
    }

    /// All triples, in no order.
    pub fn triples(&self) -> Result<Vec<Triple>, WikidataError> {
        let quads = self.store.iter();
        let triples = quads.map(|quad| Ok(Triple::from(quad?)));
        triples.collect()
    }

    /// Whether there is no triple.
    pub fn is_empty(&self) -> Result<bool, WikidataError> {
        Ok(self.store.is_empty()?)
    }

    /// Runs `build/cities.rq` for countries with the inhabitants that make a city there.
    pub fn cities(
        &self,
        query: &SparqlQuery,
        classes: impl IntoIterator<Item = (Qid, u64)>,
    ) -> Result<Vec<City>, WikidataError> {
        let query = query.with_size_classes("(?inCountry ?minimum)", classes)?;
        self.select(&query, |row| {
            Ok(City {
                city: row.item("city")?,
                country: row.item("country")?,
                division: row.item("division")?,
                population: row.number("population")?,
                sitelinks: row.optional("sitelinks", ResultRow::number)?,
            })
        })
    }

    /// Runs `build/divisions.rq` for some countries.
    pub fn divisions(
        &self,
        query: &SparqlQuery,
        countries: impl IntoIterator<Item = Qid>,
    ) -> Result<Vec<Division>, WikidataError> {
        let query = query.with_items("?country", countries)?;
        self.select(&query, |row| {
            Ok(Division {
                division: row.item("division")?,
                country: row.item("country")?,
            })
        })
    }

    /// Runs `build/people.rq` for the citizens of some states.
    pub fn people(
        &self,
        query: &SparqlQuery,
        states: impl IntoIterator<Item = Qid>,
    ) -> Result<People, WikidataError> {
        let query = query.with_items("?country", states)?;
        let rows = self.select(&query, |row| {
            let sex = row.item("sex")?;
            let (person, country) = (row.item("person")?, row.item("country")?);
            let birth = row.date("birth", "birthPrecision", "birthCalendar")?;
            let death = row.date("death", "deathPrecision", "deathCalendar")?;
            let ((birth, birth_depends), (death, death_depends)) = match (birth, death) {
                (Ok(birth), Ok(death)) => (birth, death),
                (Err(text), _) | (_, Err(text)) => return Ok(Err((person, country, text))),
            };
            Ok(Ok(Person {
                person,
                country,
                sex: if sex == Qid::new(vocabulary::FEMALE) {
                    Some(Sex::Female)
                } else if sex == Qid::new(vocabulary::MALE) {
                    Some(Sex::Male)
                } else {
                    None
                },
                birth,
                death,
                calendar_dependent: birth_depends || death_depends,
                sitelinks: row.optional("sitelinks", ResultRow::number)?,
            }))
        })?;
        let mut people = People::default();
        for row in rows {
            match row {
                Ok(person) => people.readable.push(person),
                Err(unreadable) => people.unreadable.push(unreadable),
            }
        }
        Ok(people)
    }

    /// Runs a query whose rows are an `?item`, of some items, and a `?text`; an item has one.
    pub fn texts(
        &self,
        query: &SparqlQuery,
        items: impl IntoIterator<Item = Qid>,
    ) -> Result<BTreeMap<Qid, String>, WikidataError> {
        let query = query.with_items("?item", items)?;
        let rows = self.select(&query, |row| {
            Ok((row.item("item")?, row.text("text")?.to_owned()))
        })?;
        Ok(rows.into_iter().collect())
    }

    /// Runs `build/labels.rq` for some items, in chunks.
    pub fn labels(
        &self,
        query: &SparqlQuery,
        items: &BTreeSet<Qid>,
    ) -> Result<Labels, WikidataError> {
        /// Items a query: large enough to save parsing, small enough for any endpoint.
        const CHUNK: usize = 200;
        let items: Vec<_> = items.iter().copied().collect();
        let mut labels = Labels::default();
        for chunk in items.chunks(CHUNK) {
            let query = query.with_items("?item", chunk.iter().copied())?;
            let rows = self.select(&query, |row| Ok((row.item("item")?, row.label("label")?)))?;
            for (item, (text, language)) in rows {
                // As good as none: it could not be read in a question.
                if text.trim().is_empty() || text.contains(char::is_control) {
                    continue;
                }
                let of_item = labels.0.entry(item).or_default();
                if let Some(other) = of_item.insert(language.clone(), text.clone())
                    && other != text
                {
                    return Err(WikidataError::TwoLabels {
                        item,
                        language,
                        labels: [other, text],
                    });
                }
            }
        }
        Ok(labels)
    }

    fn select<T>(
        &self,
        query: &SparqlQuery,
        read: impl Fn(ResultRow<'_>) -> Result<T, WikidataError>,
    ) -> Result<Vec<T>, WikidataError> {
        let evaluation = |source| WikidataError::Evaluation {
            path: query.path().to_owned(),
            source,
        };
        tracing::debug!(path = %query.path().display(), query = query.text(), "asking the snapshot");
        let results = SparqlEvaluator::new()
            .parse_query(query.text())
            .map_err(|source| WikidataError::Sparql {
                path: query.path().to_owned(),
                source,
            })?
            .on_store(&self.store)
            .execute()
            .map_err(evaluation)?;
        let QueryResults::Solutions(solutions) = results else {
            return Err(WikidataError::NotSelect {
                path: query.path().to_owned(),
            });
        };
        solutions
            .map(|solution| {
                let solution = solution.map_err(evaluation)?;
                read(ResultRow {
                    query: query.path(),
                    solution: &solution,
                })
            })
            .collect()
    }
}

/// Turns the parser's position into one that the error report can show.
fn turtle_error(path: &Path, text: &str, error: &RdfParseError) -> WikidataError {
    let (problem, offset) = match error {
        RdfParseError::Syntax(syntax) => {
            let start = syntax
                .location()
                .map_or(0, |location| location.start.offset);
            (syntax.to_string(), start)
        }
        RdfParseError::Io(error) => (error.to_string(), 0),
    };
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    WikidataError::Turtle {
        problem,
        position: FilePosition::at(path, text, offset),
    }
}

/// One row of a result, read by column name.
struct ResultRow<'a> {
    query: &'a Path,
    solution: &'a QuerySolution,
}

impl ResultRow<'_> {
    fn error(&self, variable: &'static str) -> WikidataError {
        WikidataError::Column {
            path: self.query.to_owned(),
            variable,
            found: match self.solution.get(variable) {
                Some(term) => term.to_string(),
                None => "nothing".to_owned(),
            },
        }
    }

    fn item(&self, variable: &'static str) -> Result<Qid, WikidataError> {
        match self.solution.get(variable) {
            Some(Term::NamedNode(node)) => {
                Qid::from_iri(node.as_str()).map_err(|_| self.error(variable))
            }
            _ => Err(self.error(variable)),
        }
    }

    fn text(&self, variable: &'static str) -> Result<&str, WikidataError> {
        match self.solution.get(variable) {
            Some(Term::Literal(literal)) => Ok(literal.value()),
            _ => Err(self.error(variable)),
        }
    }

    fn label(&self, variable: &'static str) -> Result<(String, String), WikidataError> {
        match self.solution.get(variable) {
            Some(Term::Literal(literal)) => match literal.language() {
                Some(language) => Ok((literal.value().to_owned(), language.to_ascii_lowercase())),
                None => Err(self.error(variable)),
            },
            _ => Err(self.error(variable)),
        }
    }

    /// A whole number; Wikidata writes quantities as decimals (`+3645000`).
    fn number(&self, variable: &'static str) -> Result<u64, WikidataError> {
        let text = self.text(variable)?;
        let text = text.strip_prefix('+').unwrap_or(text);
        let whole = text
            .split_once('.')
            .map_or(text, |(whole, _fraction)| whole);
        whole.parse().map_err(|_| self.error(variable))
    }

    fn optional<T>(
        &self,
        variable: &'static str,
        read: impl Fn(&Self, &'static str) -> Result<T, WikidataError>,
    ) -> Result<Option<T>, WikidataError> {
        match self.solution.get(variable) {
            Some(_) => read(self, variable).map(Some),
            None => Ok(None),
        }
    }

    /// A year, and whether it depends on the calendar; the text, if it is no date.
    ///
    /// Wikidata's RDF gives days of the Julian calendar in the Gregorian one: Newton, born on
    /// 25 December 1642, stands there as 4 January 1643. Both years are defended in print.
    fn date(
        &self,
        time: &'static str,
        precision: &'static str,
        calendar: &'static str,
    ) -> Result<Result<(Year, bool), String>, WikidataError> {
        let text = self.text(time)?;
        let Ok(year) = Year::from_xsd_date_time(text) else {
            return Ok(Err(text.to_owned()));
        };
        // As text, since not every engine finds the smallest of several IRIs.
        let julian = Qid::from_iri(self.text(calendar)?).map_err(|_| self.error(calendar))?
            == Qid::new(vocabulary::JULIAN);
        let to_the_day = self.number(precision)? >= u64::from(vocabulary::PRECISION_DAY);
        let month_and_day = text
            .split_once('T')
            .and_then(|(date, _time)| date.get(date.len().saturating_sub(5)..))
            .ok_or_else(|| self.error(time))?;
        // The calendars are at most 13 days apart until 2100, the Julian one behind since 300.
        let turn_of_the_year =
            ("01-01"..="01-13").contains(&month_and_day) || month_and_day >= "12-29";
        Ok(Ok((year, julian && to_the_day && turn_of_the_year)))
    }
}
