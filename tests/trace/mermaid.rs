//! The sequence diagram as mermaid itself takes it, in chromium: parsed, and drawn with every name as text.

use crate::formats::{HOSTILE, hostile, run, small};
use crate::log::uuid;
use crate::support::chromium::{self, Browser};
use crate::support::skip;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// A browser with mermaid in it; none where one of both is not there, which is told.
fn mermaid() -> Option<Browser> {
    let Some(program) = chromium::program() else {
        skip(
            "chromium is not there (its package: chromium): diagrams were NOT held against mermaid's parser",
        );
        return None;
    };
    let Ok(source) =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/node/mermaid.min.js"))
    else {
        skip("mermaid is not in .cache/node (.ci/setup test): diagrams were NOT held against its parser");
        return None;
    };
    let mut browser = Browser::start(&program);
    browser.tell(&format!("{source}; mermaid.initialize({{ startOnLoad: false }}); null"));
    Some(browser)
}

fn told(browser: &mut Browser, what: &str, diagram: &str) -> Value {
    let answered = "(told) => [true, told]";
    browser.tell(&format!(
        "mermaid.{what}({}).then({answered}, (error) => [false, String(error)])",
        json!(diagram)
    ))
}

#[test]
fn mermaid_s_own_parser_takes_every_diagram() {
    let Some(mut browser) = mermaid() else { return };
    let storm = small();
    let many = run(&storm, "--slowest 30 --format mermaid").go().code(0).stdout;
    let failed = storm.sessions().iter().find(|s| s["success"] == false).unwrap().clone();
    let failed =
        run(&storm, &format!("{} --format mermaid", failed["host"].as_str().unwrap())).go().code(0).stdout;
    let hostile = hostile().run(&format!("{} --format mermaid", uuid(1))).go().code(0).stdout;
    for diagram in [&many, &failed, &hostile] {
        let told = told(&mut browser, "parse", diagram);
        assert_eq!(
            (&told[0], &told[1]["diagramType"]),
            (&json!(true), &json!("sequence")),
            "{told}: {diagram}"
        );
    }
    // it refuses what is none
    let broken = hostile.replace("->>", "-").replace("-->>", "-");
    assert_eq!(told(&mut browser, "parse", &broken)[0], false, "{broken}");
    // and the name of a host is drawn as it is, control characters shown
    let drawn = browser.tell(&format!(
        "mermaid.render('drawn', {}).then(({{ svg }}) => {{ document.body.innerHTML = svg; return \
         [[...document.querySelectorAll('text')].map((one) => one.textContent), document.querySelectorAll('script').length]; }})",
        json!(hostile)
    ));
    let texts: Vec<&str> = drawn[0].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let name = HOSTILE.split('\u{9b}').next().unwrap();
    assert!(texts.iter().any(|text| text.contains(name)), "{texts:?}");
    assert_eq!(drawn[1], 0);
}
