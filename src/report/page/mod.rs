//! One run, and what it is held against, in; one page for people or Markdown out.
//!
//! The page is one file: styles, script and charts stand in it, its policy lets it load nothing, and the policy's hashes
//! let in no style and no script but its own. What a log wrote is escaped by the templates, or where a chart is drawn.
//! It is bounded: charts are as fine as they are drawn, tables name the first of many and say how many more there are.

pub mod attempts;
mod parts;
mod sections;
pub(crate) mod series;
mod svg;

use super::compare::Comparison;
use super::history::Shown;
use super::markup;
use crate::compare::run::Run;
use crate::kept::answer::KeptAnswer;
use crate::kept::traces::TraceLine;
use attempts::Attempts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parts::{Card, Said, Section};
use serde::Serialize;
use series::Steps;
use sha2::{Digest, Sha256};
use tera::{Context, Tera};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What is reported.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What stands at its head.
    pub title: &'a str,
    /// Registrations and their figures.
    pub run: &'a Run,
    /// The answer, as other programs get it.
    pub answer: &'a KeptAnswer,
    /// Attempts that are named.
    pub attempts: &'a Attempts,
    /// The slowest of them request by request; none of a run that was kept without them.
    pub traces: &'a [TraceLine],
    /// Held against these.
    pub comparison: Option<&'a Comparison<'a>>,
    /// What a reader must know before any of its verdicts; what the page says of `run` by itself is left out.
    pub comparison_notes: &'a [String],
    /// How figures went from run to run.
    pub history: Option<&'a Shown<'a>>,
}

/// A page could not be made; whoever wrote the templates is at fault, no input is.
#[derive(Debug, thiserror::Error)]
#[error("the page cannot be made: {0}; this is a fault of reginfra: please report it")]
pub struct PageError(#[from] tera::Error);

/// As the templates take it.
#[derive(Serialize)]
struct Page {
    title: String,
    version: &'static str,
    asked: Vec<String>,
    cards: Vec<Card>,
    said: Vec<Said>,
    sections: Vec<Section>,
}

impl Page {
    fn of(report: &Report<'_>) -> Self {
        let steps = Steps::of(&report.attempts.groups, &report.attempts.capsules);
        let steps = steps.as_ref();
        let compared = |comparison| sections::comparison::section(report, comparison);
        let mut all: Vec<Section> = report.comparison.map(compared).into_iter().collect();
        all.extend(report.history.map(sections::history::section));
        all.push(sections::timings::section(report));
        all.push(sections::over_time::section(report, steps));
        all.extend(sections::capsules::section(report, steps));
        all.extend(sections::slowest::section(report));
        all.push(sections::errors::section(report));
        all.push(sections::evidence::section(report));
        Self {
            title: parts::shown(report.title),
            version: env!("CARGO_PKG_VERSION"),
            asked: sections::summary::asked(report),
            cards: sections::summary::cards(report, steps),
            said: sections::summary::said(report),
            sections: all,
        }
    }
}

/// The page.
///
/// # Errors
/// None that comes from the input.
pub fn html(report: &Report<'_>) -> Result<String, PageError> {
    let mut tera = Tera::new();
    tera.add_raw_templates([
        ("table.html", include_str!("table.html")),
        ("chart.html", include_str!("chart.html")),
        ("page.html", include_str!("page.html")),
    ])?;
    let mut context = Context::from_serialize(&Page::of(report))?;
    context.insert("style", STYLE);
    context.insert("script", SCRIPT);
    context.insert("policy", &policy());
    Ok(tera.render("page.html", &context)?)
}

/// The same for an issue or a wiki, without charts.
///
/// # Errors
/// None that comes from the input.
pub fn markdown(report: &Report<'_>) -> Result<String, PageError> {
    let mut tera = Tera::new();
    tera.autoescape_on([".md"]);
    tera.set_escape_fn(escape_markdown);
    tera.add_raw_template("page.md", include_str!("page.md"))?;
    Ok(tera.render("page.md", &Context::from_serialize(&Page::of(report))?)?)
}

// nothing is loaded; styles and scripts are known by their bytes
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

fn escape_markdown(text: &str, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    out.write_all(markup::escape(text).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_makes_a_page_as_well() {
        let (run, answer, attempts) = (Run::default(), KeptAnswer::default(), Attempts::default());
        let title = "</title><script>alert(1)</script>";
        let report = Report {
            title,
            run: &run,
            answer: &answer,
            attempts: &attempts,
            traces: &[],
            comparison: None,
            comparison_notes: &[],
            history: None,
        };
        let page = html(&report).unwrap();
        assert!(page.starts_with("<!doctype html>"), "{page}");
        assert!(!page.contains("<script>alert"), "{page}");
        assert!(!markdown(&report).unwrap().contains("<script>"));
    }

    #[test]
    fn the_page_s_own_blocks_cannot_be_ended_early() {
        assert!(!STYLE.contains("</") && !SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
        assert!(
            !STYLE.contains('\r') && !SCRIPT.contains('\r'),
            "a parser would take it out and the hash would differ"
        );
    }
}
