//! Rows against texts written by hand.

use super::*;

/// The question and choices of one item in every language.
fn written(item: Item) -> BTreeMap<String, (String, Vec<String>)> {
    let sources = sources();
    let entities: BTreeSet<Qid> = item
        .choices
        .iter()
        .filter_map(|choice| match choice {
            Choice::Entity(qid) => Some(*qid),
            Choice::Year(_) => None,
        })
        .chain([item.entity, item.country])
        .collect();
    let query = SparqlQuery::read(&project().build_queries().join("labels.rq")).unwrap();
    let name = if item.relation == "division" {
        "xgeo"
    } else {
        "xpeo"
    };
    let task = Task::named(name).unwrap();
    let plan = DatasetPlan {
        labels: sources.snapshot.labels(&query, &entities).unwrap(),
        items: vec![item],
        languages: Vec::new(),
        report: BuildReport::default(),
    };
    sources
        .languages
        .iter()
        .map(|language| {
            let row = rows(task, &plan, language).remove(0);
            (language.code.to_string(), (row.question, row.choices))
        })
        .collect()
}

#[test]
fn questions_about_a_woman() {
    // Eleanor Roosevelt.
    let born = written(person("Q83396", "birth", Sex::Female, [1884, 1890]));
    let died = written(person("Q83396", "death", Sex::Female, [1962, 1956]));
    for (language, birth, death) in [
        (
            "en",
            "In what year was Eleanor Roosevelt born?",
            "In what year did Eleanor Roosevelt die?",
        ),
        (
            "de",
            "In welchem Jahr wurde Eleanor Roosevelt geboren?",
            "In welchem Jahr ist Eleanor Roosevelt gestorben?",
        ),
        (
            "fr",
            "En quelle année est née Eleanor Roosevelt ?",
            "En quelle année est morte Eleanor Roosevelt ?",
        ),
        (
            "it",
            "In che anno è nata Eleanor Roosevelt?",
            "In che anno è morta Eleanor Roosevelt?",
        ),
        (
            "pl",
            "W którym roku urodziła się Eleanor Roosevelt?",
            "W którym roku zmarła Eleanor Roosevelt?",
        ),
        (
            "ru",
            "В каком году родилась Элеонора Рузвельт?",
            "В каком году умерла Элеонора Рузвельт?",
        ),
        (
            "ar",
            "في أي عام ولدت إليانور روزفلت؟",
            "في أي عام توفيت إليانور روزفلت؟",
        ),
        (
            "he",
            "באיזו שנה נולדה אלינור רוזוולט?",
            "באיזו שנה נפטרה אלינור רוזוולט?",
        ),
        (
            "ja",
            "エレノア・ルーズベルトは何年に生まれましたか？",
            "エレノア・ルーズベルトが亡くなったのは何年ですか？",
        ),
        (
            "zh",
            "请问埃莉诺·罗斯福出生于哪一年？",
            "请问埃莉诺·罗斯福逝世于哪一年？",
        ),
    ] {
        assert_eq!(born[language].0, birth);
        assert_eq!(died[language].0, death);
    }
}

#[test]
fn years_before_our_era_as_choices() {
    // Augustus, 63 BC to 14.
    let written = written(person("Q1405", "birth", Sex::Male, [-62, 14]));
    for (language, choices) in [
        ("en", ["63 BC", "14"]),
        ("de", ["63 v. Chr.", "14"]),
        ("fr", ["63 av. J.-C.", "14"]),
        ("it", ["63 a.C.", "14"]),
        ("pl", ["63 p.n.e.", "14"]),
        ("ru", ["63 до н. э.", "14"]),
        ("ar", ["63 ق.م", "14"]),
        ("he", ["63 לפנה״ס", "14"]),
        ("ja", ["紀元前63年", "14年"]),
        ("zh", ["公元前63年", "14年"]),
    ] {
        assert_eq!(written[language].1, choices, "{language}");
    }
}

#[test]
fn a_city_in_every_language() {
    let written = written(Item {
        id: "xgeo-Q1726".to_owned(),
        relation: "division",
        origin_language: LanguageCode::try_from("de".to_owned()).unwrap(),
        entity: "Q1726".parse().unwrap(),
        sex: None,
        country: "Q183".parse().unwrap(),
        cluster_id: "Q980".parse().unwrap(),
        choices: vec![
            Choice::Entity("Q980".parse().unwrap()),
            Choice::Entity("Q1198".parse().unwrap()),
        ],
        label: 0,
    });
    for (language, question, choices) in [
        (
            "en",
            "In which administrative division is Munich (Germany) located?",
            ["Bavaria", "North Rhine-Westphalia"],
        ),
        (
            "de",
            "In welcher Verwaltungseinheit liegt München (Deutschland)?",
            ["Bayern", "Nordrhein-Westfalen"],
        ),
        (
            "fr",
            "Dans quelle division administrative se trouve Munich (Allemagne) ?",
            ["Bavière", "Rhénanie-du-Nord-Westphalie"],
        ),
        (
            "it",
            "In quale divisione amministrativa si trova Monaco di Baviera (Germania)?",
            ["Baviera", "Renania Settentrionale-Vestfalia"],
        ),
        (
            "pl",
            "W jakiej jednostce administracyjnej znajduje się miasto Monachium (Niemcy)?",
            ["Bawaria", "Nadrenia Północna-Westfalia"],
        ),
        (
            "ru",
            "В какой административной единице находится город Мюнхен (Германия)?",
            ["Бавария", "Северный Рейн-Вестфалия"],
        ),
        (
            "ar",
            "في أي تقسيم إداري تقع مدينة ميونخ (ألمانيا)؟",
            ["بافاريا", "شمال الراين-وستفاليا"],
        ),
        (
            "he",
            "באיזו יחידה מנהלית נמצאת העיר מינכן (גרמניה)?",
            ["בוואריה", "נורדריין-וסטפאליה"],
        ),
        (
            "ja",
            "ミュンヘン（ドイツ）はどの行政区画にありますか？",
            ["バイエルン州", "ノルトライン＝ヴェストファーレン州"],
        ),
        (
            "zh",
            "慕尼黑（德国）位于哪个行政区划？",
            ["巴伐利亚州", "北莱茵-威斯特法伦州"],
        ),
    ] {
        assert_eq!(written[language].0, question);
        assert_eq!(written[language].1, choices, "{language}");
    }
}
