use super::{FictionalConfig, TranslationDirection, World, WorldRelation};
use clika_base::templates::fill;
use clika_base::types::{Language, QuestionAnswer};
use serde::{Deserialize, Serialize};

/// A row of a fictional dataset: something to learn, or to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FictionalRow {
    /// Unique in its file.
    pub id: String,
    /// What is done: a question answered or a name translated.
    pub kind: RowKind,
    /// The language of the response.
    pub language: String,
    /// `continent` or `founding`; `None` for a translation.
    pub relation: Option<&'static str>,
    /// The place or continent: `place-017`, `continent-04`.
    pub entity: String,
    /// The template, from 1.
    pub template: i64,
    /// 0 for a place whose facts are taught in the target language, 1 for one whose are not (the paper's
    /// types); `None` for a continent, and where there is no target.
    pub type_: Option<i64>,
    /// The question or the instruction.
    pub prompt: String,
    /// The name to translate; empty for a question.
    pub query: String,
    /// The full answer.
    pub response: String,
    /// What a right answer contains: the continent's name, the year, the translated name.
    pub answer: String,
    /// What may be answered, in the order shown; for questions that are tested.
    pub choices: Option<Vec<String>>,
    /// The position of the right choice, from 0.
    pub label: Option<i64>,
}

/// Whether a row of a fictional dataset is a question or a translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowKind {
    /// Answers a question.
    Qa,
    /// Translates a name.
    Translation,
}

impl RowKind {
    /// The name in ids and columns.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Qa => "qa",
            Self::Translation => "translation",
        }
    }
}

/// The rows of a language pair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Splits {
    /// Names in both languages, all facts in the source language, those of the taught places in the target
    /// language: every template.
    pub train: Vec<FictionalRow>,
    /// What a model has to know before conductivity is measured: the first template of all facts in the
    /// source language, of the taught ones in the target language, and of all translations.
    pub gate: Vec<FictionalRow>,
    /// Facts of the places that were not taught in the target language, asked in it: the conductivity test.
    pub test: Vec<FictionalRow>,
}

/// A world, and the words to speak of it from one language to another.
#[derive(Clone, Copy)]
struct WorldTexts<'a> {
    world: &'a World,
    config: &'a FictionalConfig,
    source: &'a Language,
    target: &'a Language,
    instructions: &'a [String],
}

/// What is taught and asked for a target language.
pub fn splits(
    world: &World,
    config: &FictionalConfig,
    source: &Language,
    target: &Language,
    instructions: &[String],
) -> Splits {
    let pair = WorldTexts {
        world,
        config,
        source,
        target,
        instructions,
    };
    let taught = world.taught(&target.code);
    // Type 0 is taught in the target language, type 1 is not.
    let type_of = |place: usize| Some(i64::from(!taught.contains(&place)));
    let places = 0..config.places;
    let mut splits = Splits::default();

    for place in places.clone() {
        for template in 0..pair.templates(source).len() {
            splits
                .train
                .push(pair.qa(source, place, template, type_of(place)));
        }
        if taught.contains(&place) {
            for template in 0..pair.templates(target).len() {
                splits.train.push(pair.qa(target, place, template, Some(0)));
            }
        }
    }
    for (from, to) in pair.directions() {
        for template in 0..instructions.len() {
            splits
                .train
                .extend(pair.translations(from, to, template, &type_of));
        }
        splits.gate.extend(pair.translations(from, to, 0, &type_of));
    }

    let of_target = |places: &[usize], facts: &[usize], of: &str| {
        let positions = world.positions(places.len(), &[of, target.code.as_str()]);
        let asked = places.iter().zip(facts).zip(positions);
        let row =
            |((&place, &fact), position)| pair.asked(target, place, fact, position, type_of(place));
        asked.map(row).collect::<Vec<_>>()
    };
    splits.gate.extend(
        source_test(world, config, source)
            .into_iter()
            .zip(places.clone())
            .map(|(row, place)| FictionalRow {
                type_: type_of(place),
                ..row
            }),
    );
    let known: Vec<_> = taught.iter().copied().collect();
    splits.gate.extend(of_target(&known, &known, "taught"));
    let tested: Vec<_> = places.filter(|place| type_of(*place) == Some(1)).collect();
    let agree = |a, b| pair.answer(target, a) == pair.answer(target, b);
    let facts = world.tested_as(&target.code, &tested, config.control, agree);
    splits.test = of_target(&tested, &facts, "tested");
    splits
}

/// The first template of all facts in the source language, as a test of its own.
pub(super) fn source_test(
    world: &World,
    config: &FictionalConfig,
    source: &Language,
) -> Vec<FictionalRow> {
    let pair = WorldTexts {
        world,
        config,
        source,
        target: source,
        instructions: &[],
    };
    let positions = world.positions(config.places, &["source"]);
    (0..config.places)
        .zip(positions)
        .map(|(place, position)| pair.asked(source, place, place, position, None))
        .collect()
}

impl<'a> WorldTexts<'a> {
    fn templates(&self, language: &'a Language) -> &'a [QuestionAnswer] {
        let templates = language.fictional.as_ref();
        let templates = templates.expect("languages of a world have templates");
        match self.config.relation {
            WorldRelation::Continent => &templates.qa,
            WorldRelation::Founding => &templates.founding,
        }
    }

    fn directions(&self) -> Vec<(&'a Language, &'a Language)> {
        let (forward, backward) = ((self.source, self.target), (self.target, self.source));
        match self.config.direction {
            TranslationDirection::Forward => vec![forward],
            TranslationDirection::Backward => vec![backward],
            TranslationDirection::Both => vec![forward, backward],
        }
    }

    /// What a right answer to a question on `fact` contains.
    fn answer(&self, language: &Language, fact: usize) -> String {
        match self.config.relation {
            WorldRelation::Continent => {
                let continent = self.world.continents[fact];
                self.world.names.continent(continent, language).to_owned()
            }
            WorldRelation::Founding => language.render_year(self.world.founded[fact]),
        }
    }

    /// The question on a place and the answer that is true of `fact`, which only a control tells apart.
    fn row(
        &self,
        language: &'a Language,
        place: usize,
        fact: usize,
        template: usize,
        type_: Option<i64>,
    ) -> FictionalRow {
        let texts = &self.templates(language)[template];
        let answer = self.answer(language, fact);
        let values = [
            ("{place}", self.world.names.place(place, language)),
            ("{continent}", &answer),
            ("{year}", &answer),
        ];
        let relation = self.config.relation.name();
        let code = &language.code;
        FictionalRow {
            id: format!("place-{place:03}-{relation}-{code}-{}", template + 1),
            kind: RowKind::Qa,
            language: code.to_string(),
            relation: Some(relation),
            entity: format!("place-{place:03}"),
            template: template as i64 + 1,
            type_,
            prompt: fill(&texts.question, &values),
            query: String::new(),
            response: fill(&texts.answer, &values),
            answer,
            choices: None,
            label: None,
        }
    }

    fn qa(
        &self,
        language: &'a Language,
        place: usize,
        template: usize,
        type_: Option<i64>,
    ) -> FictionalRow {
        self.row(language, place, place, template, type_)
    }

    /// A question to test with, and its choices.
    fn asked(
        &self,
        language: &'a Language,
        place: usize,
        fact: usize,
        position: usize,
        type_: Option<i64>,
    ) -> FictionalRow {
        let world = self.world;
        let choices: Vec<String> = match self.config.relation {
            WorldRelation::Continent => world
                .continent_choices(place, world.continents[fact], position)
                .into_iter()
                .map(|continent| world.names.continent(continent, language).to_owned())
                .collect(),
            WorldRelation::Founding => world
                .year_choices(place, world.founded[fact], position)
                .into_iter()
                .map(|year| language.render_year(year))
                .collect(),
        };
        FictionalRow {
            label: Some(position as i64),
            choices: Some(choices),
            ..self.row(language, place, fact, 0, type_)
        }
    }

    /// All names, continents first, translated by one instruction.
    fn translations(
        &self,
        from: &'a Language,
        to: &'a Language,
        template: usize,
        type_of: &impl Fn(usize) -> Option<i64>,
    ) -> Vec<FictionalRow> {
        let names = &self.world.names;
        let prompt = fill(
            &self.instructions[template],
            &[
                ("{source}", &from.english_name),
                ("{target}", &to.english_name),
            ],
        );
        let row = |entity: String, type_, query: &str, answer: &str| FictionalRow {
            id: format!("{entity}-{}-{}-{}", from.code, to.code, template + 1),
            kind: RowKind::Translation,
            language: to.code.to_string(),
            relation: None,
            entity,
            template: template as i64 + 1,
            type_,
            prompt: prompt.clone(),
            query: query.to_owned(),
            response: answer.to_owned(),
            answer: answer.to_owned(),
            choices: None,
            label: None,
        };
        // A founding world asks for no continent.
        let continents = match self.config.relation {
            WorldRelation::Continent => 0..names.continents.len(),
            WorldRelation::Founding => 0..0,
        };
        let continents = continents.map(|number| {
            let entity = format!("continent-{number:02}");
            row(
                entity,
                None,
                names.continent(number, from),
                names.continent(number, to),
            )
        });
        let places = (0..names.places.len()).map(|place| {
            let entity = format!("place-{place:03}");
            row(
                entity,
                type_of(place),
                names.place(place, from),
                names.place(place, to),
            )
        });
        continents.chain(places).collect()
    }
}
