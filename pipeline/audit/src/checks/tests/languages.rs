//! Texts in another language. All sentences were written for these tests.

use super::*;
use crate::checks::languages;
use clika_base::types::Language;

const ENGLISH: [&str; 10] = [
    "The boy opened the window because the room was too warm.",
    "My neighbour sold her old car after the winter.",
    "They missed the train and had to wait for two hours.",
    "The dog barked all night at the empty street.",
    "He put more wood on the fire before he went to bed.",
    "The baker gets up at three in the morning every day.",
    "Nobody noticed that the lamp had been broken.",
    "We planted two apple trees behind the house.",
    "The teacher asked the class to be quiet.",
    "Her letter arrived three weeks too late.",
];

const SPANISH: [&str; 10] = [
    "El niño abrió la ventana porque hacía demasiado calor.",
    "Mi vecina vendió su coche viejo después del invierno.",
    "Perdieron el tren y tuvieron que esperar dos horas.",
    "El perro ladró toda la noche hacia la calle vacía.",
    "Echó más leña al fuego antes de irse a dormir.",
    "El panadero se levanta a las tres de la mañana todos los días.",
    "Nadie se dio cuenta de que la lámpara estaba rota.",
    "Plantamos dos manzanos detrás de la casa.",
    "La maestra pidió a los alumnos que guardaran silencio.",
    "Su carta llegó con tres semanas de retraso.",
];

const PORTUGUESE: [&str; 10] = [
    "O menino abriu a janela porque fazia calor demais.",
    "A minha vizinha vendeu o carro velho depois do inverno.",
    "Eles perderam o comboio e tiveram de esperar duas horas.",
    "O cão ladrou a noite inteira para a rua vazia.",
    "Ele pôs mais lenha na lareira antes de ir dormir.",
    "O padeiro levanta-se às três da manhã todos os dias.",
    "Ninguém reparou que o candeeiro estava partido.",
    "Plantámos duas macieiras atrás da casa.",
    "A professora pediu aos alunos que fizessem silêncio.",
    "A carta dela chegou com três semanas de atraso.",
];

const HINDI: [&str; 10] = [
    "लड़के ने खिड़की खोल दी क्योंकि कमरे में बहुत गर्मी थी।",
    "मेरी पड़ोसन ने सर्दियों के बाद अपनी पुरानी गाड़ी बेच दी।",
    "उनकी रेलगाड़ी छूट गई और उन्हें दो घंटे इंतज़ार करना पड़ा।",
    "कुत्ता रात भर खाली सड़क की ओर भौंकता रहा।",
    "सोने से पहले उसने आग में और लकड़ी डाल दी।",
    "वह नानबाई हर दिन सुबह तीन बजे उठता है।",
    "किसी ने ध्यान नहीं दिया कि दीपक टूट गया था।",
    "हमने घर के पीछे सेब के दो पेड़ लगाए।",
    "अध्यापिका ने बच्चों से चुप रहने के लिए कहा।",
    "उसका पत्र तीन हफ़्ते की देरी से पहुँचा।",
];

fn items(language: &str, texts: &[&str]) -> Vec<ChoiceItem> {
    let texts = texts.iter().enumerate();
    let items = texts.map(|(number, text)| {
        let choices = ["1", "2"].map(|it| format!("{it}{number}"));
        item(language, number, (*text).to_owned(), choices.to_vec(), 0)
    });
    items.collect()
}

/// English and another language.
pub(super) fn with_english(language: &str, texts: &[&str]) -> ChoiceSet {
    let languages = [("en", &ENGLISH[..]), (language, texts)];
    ChoiceSet {
        name: "tiny".to_owned(),
        languages: languages
            .map(|(it, texts)| (code(it), items(it, texts)))
            .into_iter()
            .collect(),
    }
}

/// The project, with a further language.
pub(super) fn with_language(language: &str, script: &str) -> BackgroundFacts {
    let mut knowledge = knowledge();
    let mut new: Language = knowledge.languages[0].clone();
    new.code = code(language);
    new.english_name = format!("The {language}");
    new.script = script.to_owned();
    knowledge.languages.push(new);
    knowledge
}

pub(super) fn shown(findings: Vec<Finding>) -> Vec<Shown> {
    let findings = findings.into_iter();
    findings
        .map(|it| (it.check, it.severity, it.count, it.of))
        .collect()
}

fn languages_of(set: &ChoiceSet, knowledge: &BackgroundFacts) -> Vec<Shown> {
    shown(languages::check(set, knowledge))
}

#[test]
fn a_file_in_a_neighbour_language() {
    let portuguese = with_language("pt", "Latn");
    let right = with_english("pt", &PORTUGUESE);
    assert_eq!(languages_of(&right, &portuguese), []);
    let wrong = with_english("pt", &SPANISH);
    let whole = ("language-reads-as-another", Warning, 1, 2);
    assert_eq!(languages_of(&wrong, &portuguese), [whole]);
    let findings = languages::check(&wrong, &portuguese);
    let example = &findings[0].examples[0];
    assert_eq!(example.language, code("pt"));
    assert_eq!(example.text, format!("Spanish: {}", SPANISH[0]));
    let marathi = with_language("mr", "Deva");
    let wrong = with_english("mr", &HINDI);
    assert_eq!(languages_of(&wrong, &marathi), [whole]);
    // Nine texts are too few to say it of the language.
    let few = with_english("pt", &SPANISH[..9]);
    assert_eq!(languages_of(&few, &portuguese), []);
}

#[test]
fn a_sentence_in_another_language_of_the_set() {
    let portuguese = with_language("pt", "Latn");
    let mut set = with_english("pt", &PORTUGUESE);
    set.languages.insert(code("it"), Vec::new());
    let spoil = |text: &str| {
        let mut set = set.clone();
        set.languages.get_mut(&code("pt")).unwrap()[3].text = text.to_owned();
        languages_of(&set, &portuguese)
    };
    let italian = "Il cane ha abbaiato tutta la notte verso la strada vuota.";
    assert_eq!(spoil(italian), [("text-in-other-language", Note, 1, 20)]);
    assert_eq!(
        spoil("The dog barked at the empty street all night long."),
        [("text-in-english", Warning, 1, 20)]
    );
}

#[test]
fn languages_that_it_does_not_know_are_named() {
    let yoruba = with_language("yo", "Latn");
    let set = with_english("yo", &ENGLISH);
    let findings = languages::check(&set, &yoruba);
    assert_eq!(
        shown(findings.clone()),
        [("language-not-checked", Note, 1, 2)]
    );
    assert_eq!(findings[0].examples[0].language, code("yo"));
    // A language without a file of its own, and one in the script that the identifier cannot read it in.
    for language in ["tlh", "sr-latn"] {
        let set = with_english(language, &ENGLISH);
        let found = languages_of(&set, &with_language("sr", "Cyrl"));
        assert_eq!(found, [("language-not-checked", Note, 1, 2)], "{language}");
    }
}
