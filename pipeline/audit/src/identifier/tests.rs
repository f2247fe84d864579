//! What the identifier gets right: on the texts of the two mini sets, and on sentences written here.

use super::*;
use clika_datasets::load_languages;
use std::path::{Path, PathBuf};

fn code(text: &str) -> LanguageCode {
    LanguageCode::try_from(text.to_owned()).unwrap()
}

fn among(languages: &[(&str, &str)]) -> LanguageDetector {
    let languages = languages.iter();
    LanguageDetector::among(languages.map(|(it, script)| (code(it), (*script).to_owned())))
}

fn templates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates")
}

/// The questions of both sets in a language, each with its choices.
fn items(language: &LanguageCode) -> Vec<(String, Vec<String>)> {
    let sets = ["xcopa-mini", "xcsqa-mini"];
    let files = sets.map(|set| templates().join(format!("items/{set}/{language}.jsonl")));
    let lines = files
        .into_iter()
        .filter_map(|file| std::fs::read_to_string(file).ok());
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let of = |line: &str| {
        let item: serde_json::Value = serde_json::from_str(line).unwrap();
        match item.get("premise") {
            Some(premise) => (
                text(premise),
                vec![text(&item["choice1"]), text(&item["choice2"])],
            ),
            None => {
                let choices = &item["question"]["choices"]["text"];
                let choices = choices.as_array().unwrap().iter().map(text);
                (text(&item["question"]["stem"]), choices.collect())
            }
        }
    };
    lines
        .flat_map(|lines| lines.lines().map(of).collect::<Vec<_>>())
        .collect()
}

/// Of how many texts the own language is the likeliest, and how many read as another one for certain.
#[derive(Default)]
struct Row {
    of: usize,
    right: usize,
    alarms: usize,
}

impl Row {
    fn count(&mut self, model: &Model, text: &str, own: &str) {
        let scores = Scores::of(model, text);
        self.of += 1;
        self.right += usize::from(scores.judged(own, 0.0) == Detected::Own);
        let is_alarm = matches!(scores.judged(own, LEAD), Detected::Other(_));
        self.alarms += usize::from(is_alarm);
    }

    fn percent(&self) -> f64 {
        100.0 * self.right as f64 / self.of as f64
    }
}

/// Prints the table of docs/audit.md. The floors are a little under what was measured.
#[test]
fn right_on_our_own_items() {
    let languages = load_languages(&templates().join("languages")).unwrap();
    let with_script = languages.iter();
    let with_script = with_script.map(|it| (it.code.clone(), it.script.clone()));
    let detector = LanguageDetector::among(with_script);
    println!("| language | questions | whole items | choices | questions, among all languages |");
    println!("| --- | --- | --- | --- | --- |");
    let mut alone = Vec::new();
    for language in &languages {
        let Some(own) = detector.known.get(&language.code) else {
            panic!("{} is not known", language.code);
        };
        let some = detector.some.as_ref().unwrap();
        let mut rows: [Row; 4] = Default::default();
        let items = items(&language.code);
        for (question, choices) in &items {
            rows[0].count(some, question, own);
            rows[1].count(some, &format!("{question} {}", choices.join(" ")), own);
            for choice in choices {
                rows[2].count(some, choice, own);
            }
            rows[3].count(&detector.all, question, own);
        }
        assert_eq!(rows[0].of, 120, "{}", language.code);
        let cells = rows.iter().map(|row| format!("{:.1} %", row.percent()));
        let cells: Vec<String> = cells.collect();
        println!("| {} | {} |", language.english_name, cells.join(" | "));
        assert_eq!(rows[0].alarms + rows[1].alarms, 0, "{}", language.code);
        for (row, floor) in rows.iter().zip([99.0, 100.0, 60.0, 92.0]) {
            assert!(row.percent() >= floor, "{}: {cells:?}", language.code);
        }
        let texts: Vec<&str> = items.iter().map(|it| it.0.as_str()).collect();
        alone.push(detector.detect_all(&texts, &language.code));
    }
    assert!(alone.iter().all(|it| *it == Detected::Own), "{alone:?}");
}

#[test]
fn a_sentence_in_another_of_the_languages() {
    let detector = among(&[
        ("de", "Latn"),
        ("sw", "Latn"),
        ("pt", "Latn"),
        ("pt-br", "Latn"),
        ("ru", "Cyrl"),
    ]);
    let english = "She had forgotten her umbrella, so she waited under the roof of the station.";
    let swahili = "Watoto walikimbia nyumbani kwa sababu mvua ilianza kunyesha ghafla.";
    let portuguese = "Eles chegaram atrasados porque o autocarro avariou a meio do caminho.";
    for language in ["de", "sw", "pt"] {
        let found = detector.detect(english, &code(language));
        assert_eq!(found, Detected::Other("en".to_owned()), "{language}");
    }
    let found = detector.detect(swahili, &code("de"));
    assert_eq!(found, Detected::Other("sw".to_owned()));
    assert_eq!(detector.detect(swahili, &code("sw")), Detected::Own);
    assert_eq!(detector.detect(portuguese, &code("pt-br")), Detected::Own);
    // Too short to tell, and a language that it was not made for.
    assert_eq!(detector.detect("Anna", &code("sw")), Detected::Unsure);
    assert_eq!(detector.detect(english, &code("fr")), Detected::Unsure);
}

/// Languages that do not ship: "the children ran home when it began to rain".
#[test]
fn a_sentence_in_each_of_ten_further_languages() {
    let sentences = [
        (
            "tr",
            "Latn",
            "Yağmur başlayınca çocuklar koşarak eve döndü.",
        ),
        ("fa", "Arab", "وقتی باران شروع شد، بچه‌ها به خانه دویدند."),
        ("sr", "Cyrl", "Деца су отрчала кући чим је почела киша."),
        (
            "pt-br",
            "Latn",
            "As crianças correram para casa quando começou a chover.",
        ),
        ("vi", "Latn", "Bọn trẻ chạy về nhà khi trời bắt đầu mưa."),
        (
            "el",
            "Grek",
            "Τα παιδιά έτρεξαν στο σπίτι μόλις άρχισε να βρέχει.",
        ),
        ("ka", "Geor", "ბავშვები სახლში გაიქცნენ, როცა წვიმა დაიწყო."),
        (
            "fil",
            "Latn",
            "Tumakbo pauwi ang mga bata nang magsimulang umulan.",
        ),
        ("no", "Latn", "Barna løp hjem da det begynte å regne."),
        ("ku", "Latn", "Gava baran dest pê kir, zarok bazdan malê."),
    ];
    let detector = among(&sentences.map(|(language, script, _)| (language, script)));
    for (language, _, sentence) in sentences {
        let own = &detector.known[&code(language)];
        let all = Scores::of(&detector.all, sentence);
        assert_eq!(all.judged(own, 0.0), Detected::Own, "{language}");
        assert_eq!(detector.detect(sentence, &code(language)), Detected::Own);
    }
}

/// Bokmål is one language under two codes, and Filipino is Tagalog.
#[test]
fn languages_with_two_codes() {
    let detector = among(&[
        ("no", "Latn"),
        ("nb", "Latn"),
        ("fil", "Latn"),
        ("da", "Latn"),
    ]);
    let norwegian = "Guttene gikk hjem fordi det begynte å regne kraftig utpå kvelden.";
    assert_eq!(detector.detect(norwegian, &code("no")), Detected::Own);
    assert_eq!(detector.detect(norwegian, &code("nb")), Detected::Own);
    let filipino = "Umuwi nang maaga ang mga bata dahil biglang umulan nang malakas.";
    assert_eq!(detector.detect(filipino, &code("fil")), Detected::Own);
    let found = detector.detect(filipino, &code("nb"));
    assert_eq!(found, Detected::Other("tl".to_owned()));
}

#[test]
fn what_it_knows() {
    let detector = among(&[
        ("tr", "Latn"),
        ("th", "Thai"),
        ("hi", "Deva"),
        ("fa", "Arab"),
        ("sr", "Cyrl"),
        ("sr-latn", "Latn"),
        ("pt-br", "Latn"),
        ("yue", "Hant"),
        ("zh", "Hans"),
        ("zh-hant", "Hant"),
        ("vi", "Latn"),
        ("sw", "Latn"),
        ("ka", "Geor"),
        ("el", "Grek"),
        ("fil", "Latn"),
        ("nb", "Latn"),
        ("ku", "Latn"),
        ("ku-arab", "Arab"),
        ("ja", "Jpan"),
        ("ko", "Kore"),
        ("tlh", "Latn"),
    ]);
    let known = detector.known.keys().map(LanguageCode::as_str);
    let known: Vec<&str> = known.collect();
    assert_eq!(
        known,
        [
            "el", "fa", "fil", "hi", "ja", "ka", "ko", "ku", "nb", "pt-br", "sr", "sw", "th", "tr",
            "vi", "zh", "zh-hant"
        ]
    );
}
