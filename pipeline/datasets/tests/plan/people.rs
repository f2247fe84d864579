//! Which people are asked about, and languages without any.

use super::items::config;
use super::*;

#[test]
fn without_fame_in_the_snapshot_people_are_drawn() {
    let plan = plan(
        Task::named("xpeo").unwrap(),
        &sources(),
        &config(DistractorPolicy::Hard),
    )
    .unwrap();
    assert!(
        plan.report
            .ranking
            .values()
            .all(|how| how == "drawn by the seed")
    );
}

#[test]
fn hebrew_has_no_people_and_the_config_says_so() {
    let sources = sources();
    let mut config = config(DistractorPolicy::Hard);
    let hebrew = LanguageCode::try_from("he".to_owned()).unwrap();
    assert_eq!(
        config.sections["xpeo"].languages("languages_without_people"),
        [hebrew]
    );
    without_people(&mut config, Vec::new());
    let error = plan(Task::named("xpeo").unwrap(), &sources, &config)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("xpeo: the snapshot has 0 usable people for `he`, 10 are needed"),
        "{error}"
    );
}

#[test]
fn an_unknown_language_in_the_experiment_is_named() {
    let mut config = config(DistractorPolicy::Hard);
    without_people(
        &mut config,
        vec![LanguageCode::try_from("eo".to_owned()).unwrap()],
    );
    let error = plan(Task::named("xpeo").unwrap(), &sources(), &config)
        .unwrap_err()
        .to_string();
    assert!(error.contains("`eo`"), "{error}");
}
