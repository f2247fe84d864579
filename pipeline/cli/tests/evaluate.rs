//! From sources to translations to scores, against loopback services.

#![allow(clippy::unwrap_used)]

mod program;

use program::{TestProject, text};
use serde_json::{Value, json};
use std::fs;
use stub_server::{StubRequest, StubResponse, StubServer};

const KEY: &str = "never-to-be-seen";

/// COPA-shaped lines; the right choice of item n is the first where n is even.
fn copa(project: &TestProject) -> String {
    let lines: String = (0..10)
        .map(|n| {
            let line = json!({
                "id": n, "question": "cause", "premise": format!("Something happened to number {n}."),
                "choice1": format!("Somebody wanted number {n}."), "choice2": format!("Nobody knew number {n}."),
                "label": n % 2,
            });
            format!("{line}\n")
        })
        .collect();
    let path = project.path("copa.jsonl");
    fs::write(&path, lines).unwrap();
    path.display().to_string()
}

/// A translator that writes words of the target's script and keeps the markup.
fn translator(request: &StubRequest) -> StubResponse {
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let [something, somebody, nobody] = match body["target_lang"].as_str().unwrap() {
        "RU" => [
            "Что-то случилось с числом",
            "Кто-то хотел число",
            "Никто не знал число",
        ],
        "AR" => ["حدث شيء للرقم", "أراد أحدهم الرقم", "لم يعرف أحد الرقم"],
        "HE" => [
            "משהו קרה למספר",
            "מישהו רצה את מספר",
            "אף אחד לא ידע את מספר",
        ],
        "HI" => [
            "नंबर को कुछ हो गया",
            "किसी को नंबर चाहिए था",
            "किसी को नंबर पता नहीं था",
        ],
        "TH" => [
            "มีบางอย่างเกิดขึ้นกับหมายเลข",
            "มีคนต้องการหมายเลข",
            "ไม่มีใครรู้หมายเลข",
        ],
        "JA" => [
            "番号に何かが起きた",
            "誰かが番号を欲しがった",
            "誰も番号を知らなかった",
        ],
        "ZH-HANS" => [
            "号码发生了什么事情",
            "有人想要这个号码",
            "没有人知道这个号码",
        ],
        _ => [
            "Etwas geschah mit Nummer",
            "Jemand wollte die Nummer",
            "Niemand kannte die Nummer",
        ],
    };
    let translations: Vec<_> = body["text"]
        .as_array()
        .unwrap()
        .iter()
        .map(|text| {
            let text = text.as_str().unwrap();
            let text = text.replace("Something happened to number", something);
            let text = text.replace("Somebody wanted number", somebody);
            json!({ "text": text.replace("Nobody knew number", nobody) })
        })
        .collect();
    let body = json!({ "translations": translations });
    StubResponse::new(200, "application/json", body.to_string())
}

#[test]
fn copa_is_translated_built_scored_and_compared() {
    let project = TestProject::new();
    let source = copa(&project);
    let deepl = StubServer::start(|_, request| translator(request));
    let build = |key: Option<&str>| {
        let origin = deepl.origin();
        let arguments = [
            "datasets",
            "xcopa",
            "--copa",
            &source,
            "--engine",
            "deepl",
            "--engine-url",
            &origin,
        ];
        let mut command = project.command(&arguments);
        if let Some(key) = key {
            command.env("DEEPL_AUTH_KEY", key);
        }
        command.output().unwrap()
    };
    let refused = project.failure(&build(None));
    assert!(
        refused.contains("error: DeepL needs a key to translate into `ar`"),
        "{refused}"
    );
    assert!(
        refused.contains("hint: set the environment variable DEEPL_AUTH_KEY"),
        "{refused}"
    );
    let built = build(Some(KEY));
    assert!(built.status.success(), "{}", text(&built.stderr));
    let said = text(&built.stdout);
    assert!(
        said.contains("xcopa: wrote") && said.contains("ja 10"),
        "{said}"
    );
    assert_eq!(deepl.requests().len(), 13, "one request a language");
    // Kept translations are used without a key, and nothing has changed.
    let again = build(None);
    assert!(
        text(&again.stdout).contains("nothing has changed"),
        "{}",
        text(&again.stderr)
    );
    assert_eq!(deepl.requests().len(), 13);

    let manifest =
        fs::read_to_string(project.path("artifacts/datasets/xcopa/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let german = &manifest["config"]["translation"]["de"];
    assert_eq!(german["engine"], "deepl");
    assert!(
        german["first_date"].as_str().unwrap().starts_with("20"),
        "{german}"
    );

    // One model knows everything, the other always says A.
    let server = StubServer::start(|_, request| {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let Some(prompt) = body["prompt"].as_str() else {
            // A server without chat.
            return StubResponse::new(404, "application/json", "{}");
        };
        let item = &prompt[prompt.rfind("Premise:").unwrap()..];
        let number = item.find(|c: char| c.is_ascii_digit()).unwrap();
        let odd = (item.as_bytes()[number] - b'0') % 2 == 1;
        let said = if body["model"] == "wise" && odd {
            "B."
        } else {
            "A."
        };
        let body = json!({ "choices": [{ "text": said }] });
        StubResponse::new(200, "application/json", body.to_string())
    });
    let endpoint = format!("{}/v1", server.origin());
    let score = |model: &str| {
        let arguments = [
            "evaluate",
            "xcopa",
            "--endpoint",
            &endpoint,
            "--model",
            model,
        ];
        let mut command = project.command(&arguments);
        let output = command.env("CLIKA_API_KEY", KEY).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let wise = score("wise");
    assert!(wise.contains("| xcopa | he | 10 | 1.000 | 0 |"), "{wise}");
    let foolish = score("foolish");
    assert!(
        foolish.contains("| xcopa | zh | 10 | 0.500 | 0 |"),
        "{foolish}"
    );
    let sent = server.requests().len();
    assert_eq!(score("wise"), wise);
    assert_eq!(server.requests().len(), sent, "a second run sends nothing");
    let predictions = project.path("artifacts/predictions").display().to_string();
    let compared = project.run(&[
        "compare",
        "wise",
        "foolish",
        "--predictions",
        &predictions,
        "--resamples",
        "100",
    ]);
    assert!(compared.contains("xcopa"), "{compared}");

    // No key in anything that was written.
    for (path, content) in program::files(&project.path("artifacts")) {
        let found = content
            .windows(KEY.len())
            .any(|part| part == KEY.as_bytes());
        assert!(!found, "the key is in {}", path.display());
    }
}

#[test]
fn what_is_wrong_with_an_evaluation_is_said() {
    let project = TestProject::new();
    let server = StubServer::start(|_, _| StubResponse::new(401, "application/json", "{}"));
    let endpoint = format!("{}/v1", server.origin());
    let evaluate = |more: &[&str]| {
        let mut arguments = vec![
            "evaluate",
            "xcopa-mini",
            "--endpoint",
            &endpoint,
            "--model",
            "m",
            "--quiet",
        ];
        arguments.extend(more);
        project.fail(&arguments)
    };
    let error = evaluate(&[]);
    assert!(
        error.contains("hint: `clika datasets xcopa-mini` builds it"),
        "{error}"
    );
    project.run(&["datasets", "xcopa-mini"]);
    for (arguments, expected) in [
        (vec![], "no key or a wrong one"),
        (vec![], "set the environment variable CLIKA_API_KEY"),
        (
            vec!["--max-requests", "0"],
            "the next request would exceed --max-requests",
        ),
        (
            vec!["--max-cost", "1"],
            "--max-cost needs to know what the service charges",
        ),
        (
            vec!["--prompt", "papre"],
            "there is no prompt template `papre`",
        ),
        (vec!["--languages", "en,xx"], "has no language `xx`"),
    ] {
        let error = evaluate(&arguments);
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
}

#[test]
fn a_source_that_is_none_is_refused() {
    let project = TestProject::new();
    let path = project.path("COPA-resources.tgz");
    fs::write(&path, "no archive").unwrap();
    let error = project.fail(&[
        "datasets",
        "xcopa",
        "--copa",
        path.to_str().unwrap(),
        "--quiet",
    ]);
    assert!(error.contains("has the SHA-256"), "{error}");
}

#[test]
fn two_addresses_of_one_host_share_no_answers() {
    let project = TestProject::new();
    project.run(&["datasets", "xcopa-mini"]);
    // One always says A, the other B.
    let server = StubServer::start(|_, request| {
        let said = if request.head.starts_with("post /a/") {
            "A."
        } else {
            "B."
        };
        let body = json!({ "choices": [{ "text": said }] });
        StubResponse::new(200, "application/json", body.to_string())
    });
    let evaluate = |path: &str| {
        let endpoint = format!("{}/{path}", server.origin());
        let mut arguments = vec![
            "evaluate",
            "xcopa-mini",
            "--endpoint",
            &endpoint,
            "--model",
            "m",
        ];
        arguments.extend([
            "--api",
            "completions",
            "--constraint",
            "free",
            "--limit",
            "6",
        ]);
        arguments.extend(["--languages", "EN", "--name", "n", "--json"]);
        let output = project.command(&arguments).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let object: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
        let right = object["scores"][0]["right"].as_u64().unwrap();
        (
            right,
            object["usage"]["requests"].clone(),
            text(&output.stderr),
        )
    };
    // What an earlier version kept under the name of the host.
    let port = server.origin().rsplit_once(':').unwrap().1.to_owned();
    let old = project.path(&format!("artifacts/cache/api/127.0.0.1_{port}-m.jsonl"));
    fs::create_dir_all(old.parent().unwrap()).unwrap();
    fs::write(&old, "{\"clika_cache\":1}\n").unwrap();
    let (a, sent, said) = evaluate("a/v1");
    assert_eq!(sent, 6);
    assert!(
        said.contains(&format!(
            "note: {} keeps answers of an earlier version",
            old.display()
        )),
        "{said}"
    );
    let (b, sent, said) = evaluate("b/v1");
    assert_eq!(sent, 6);
    // Of two choices one is right.
    assert_eq!(a + b, 6);
    assert!(
        said.contains(
            "note: n on xcopa-mini in en was from another run and is replaced: `endpoint` is"
        ),
        "{said}"
    );
    // A slash at the end is the same address, and its answers are kept.
    let (again, sent, said) = evaluate("a/v1/");
    assert_eq!((again, sent), (a, json!(0)));
    assert!(!said.contains("earlier version"), "{said}");
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let project = TestProject::new();
    let run = |arguments: &[&str]| {
        let mut command = project.command(arguments);
        for variable in [
            "CLIKA_API_KEY",
            "CLIKA_CONTACT",
            "CLIKA_ENDPOINT",
            "CLIKA_LLM_ENDPOINT",
            "CLIKA_LOG",
            "CLIKA_PROGRESS_SECONDS",
            "CLIKA_PROJECT",
            "HF_HOME",
            "HF_HUB_CACHE",
            "HF_TOKEN",
            "HUGGINGFACE_HUB_CACHE",
            "NO_COLOR",
        ] {
            command.env(variable, "");
        }
        let output = command.env("HF_HUB_OFFLINE", "1").output().unwrap();
        (output.status.code(), text(&output.stderr))
    };
    // Where nothing is said of the seconds between lines of progress, they are 30.
    let (code, said) = run(&["datasets", "xcopa-mini"]);
    assert_eq!(code, Some(0), "{said}");
    // An empty endpoint counts as not set: the model is looked for here.
    let (code, said) = run(&["evaluate", "xcopa-mini", "--model", "no-such-model"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("no-such-model"), "{said}");
    assert!(!said.contains("is not the address of a server"), "{said}");
    // So is an empty contact, and an empty endpoint is the experiment's.
    let (code, said) = run(&["snapshot"]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("no contact for the public endpoint https://"),
        "{said}"
    );
}
