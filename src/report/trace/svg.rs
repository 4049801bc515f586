//! Traces as a sequence diagram in SVG. The template escapes what it is given.

use super::Report;
use super::sequence::{Item, items, lanes};
use crate::trace::Trace;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};
use serde::Serialize;

/// The picture.
///
/// # Errors
/// None that comes from the report.
pub fn render(report: &Report<'_>) -> anyhow::Result<String> {
    let mut y = MARGIN;
    let pictures: Vec<Picture> = report.traces.iter().map(|trace| picture(trace, &mut y)).collect();
    let width = LEFT + ACROSS + RIGHT;
    // by its name it is XML: the engine escapes every value
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_template("sequence.xml", include_str!("sequence.svg.j2"))?;
    let template = environment.get_template("sequence.xml")?;
    Ok(template
        .render(context! { width, height => y + MARGIN, pictures => Value::from(Serde(&pictures)) })?
        + "\n")
}

const MARGIN: i64 = 24;
/// Offsets stand to the left of the client.
const LEFT: i64 = 110;
/// Answers stand to the right of the Satellite.
const RIGHT: i64 = 320;
/// From the client to the Satellite.
const ACROSS: i64 = 690;
const ROW: i64 = 22;
/// Characters of a name over its lane.
const NAME: usize = 30;

#[derive(Serialize)]
struct Picture {
    title: String,
    way: String,
    y: i64,
    top: i64,
    bottom: i64,
    lanes: Vec<LaneAt>,
    rows: Vec<RowAt>,
}

#[derive(Serialize)]
struct LaneAt {
    x: i64,
    role: &'static str,
    name: String,
}

#[derive(Serialize, Default)]
struct RowAt {
    y: i64,
    class: &'static str,
    from: i64,
    to: i64,
    legs: Vec<Leg>,
    offset: String,
    text: String,
    aside: String,
}

/// From a lane to the next.
#[derive(Clone, Serialize)]
struct Leg {
    from: i64,
    to: i64,
    tip: i64,
}

fn picture(trace: &Trace<'_>, y: &mut i64) -> Picture {
    let found = lanes(trace);
    let apart = ACROSS / (found.len() as i64 - 1).max(1);
    let lanes: Vec<LaneAt> = (0..)
        .zip(found)
        .map(|(i, lane)| LaneAt {
            x: LEFT + i * apart,
            role: lane.role,
            name: xml(&lane.name.unwrap_or_default(), NAME),
        })
        .collect();
    let legs: Vec<Leg> =
        lanes.windows(2).map(|pair| Leg { from: pair[0].x, to: pair[1].x, tip: pair[1].x - 7 }).collect();
    let (from, to) = (lanes.first().map_or(LEFT, |l| l.x), lanes.last().map_or(LEFT, |l| l.x));
    let begin = *y;
    let top = begin + 4 * ROW;
    *y = top;
    let (mut rows, mut title, mut way) = (Vec::new(), String::new(), String::new());
    for item in items(trace) {
        match item {
            Item::Begins(host, came) => (title, way) = (xml(&host, usize::MAX), xml(&came, usize::MAX)),
            Item::Gap(text) => {
                *y += ROW;
                rows.push(RowAt {
                    y: *y,
                    class: "gap",
                    from,
                    to,
                    text: xml(&text, usize::MAX),
                    ..RowAt::default()
                });
            }
            Item::Call(call) => {
                *y += ROW;
                let class = match (call.failed, call.inferred) {
                    (true, _) => "failed",
                    (_, true) => "inferred",
                    _ => "exact",
                };
                let aside = call.on_capsule.map_or(String::new(), |seen| format!("; on the capsule {seen}"));
                rows.push(RowAt {
                    y: *y,
                    class,
                    from,
                    to,
                    legs: legs.clone(),
                    offset: call.offset,
                    text: xml(&call.request, usize::MAX),
                    aside: format!("{}{aside}", call.answer),
                });
            }
        }
    }
    *y += ROW;
    let bottom = *y;
    *y += MARGIN;
    Picture { title, way, y: begin + ROW, top, bottom, lanes, rows }
}

// XML has no way to write some characters at all
fn xml(text: &str, most: usize) -> String {
    let mut shown: String = text
        .chars()
        .take(most)
        .map(|c| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(most).is_some() {
        shown.push_str("...");
    }
    shown
}
