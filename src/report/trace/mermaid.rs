//! Traces as a mermaid sequence diagram, which issues and wikis draw.

use super::Report;
use super::sequence::{Call, Item, Lane, items, lanes};
use std::fmt::Write;

/// The diagram; several registrations stand one below the other.
pub fn render(report: &Report<'_>) -> String {
    let mut out = "sequenceDiagram\n".to_owned();
    let all: Vec<Vec<Lane>> = report.traces.iter().map(lanes).collect();
    // a lane is of one registration, but for the Satellite's
    for (number, lanes) in all.iter().enumerate() {
        for lane in lanes.iter().filter(|lane| lane.id != SATELLITE) {
            let kind = if lane.id == "client" { "actor" } else { "participant" };
            let _ = writeln!(out, "    {kind} {} as {}", key(number, lane), words(&label(lane)));
        }
    }
    let _ = writeln!(out, "    participant {SATELLITE} as Satellite");
    for (number, (trace, lanes)) in report.traces.iter().zip(&all).enumerate() {
        for item in items(trace) {
            write_item(&mut out, number, lanes, &item);
        }
    }
    out
}

const SATELLITE: &str = "satellite";

fn key(number: usize, lane: &Lane) -> String {
    if lane.id == SATELLITE { SATELLITE.to_owned() } else { format!("{}{}", lane.id, number + 1) }
}

fn label(lane: &Lane) -> String {
    lane.name.as_ref().map_or_else(|| lane.role.to_owned(), |name| format!("{} {name}", lane.role))
}

fn write_item(out: &mut String, number: usize, lanes: &[Lane], item: &Item) {
    let keys: Vec<String> = lanes.iter().map(|lane| key(number, lane)).collect();
    let client = keys.first().map_or(SATELLITE, String::as_str);
    let _ = match item {
        Item::Begins(title, way) => {
            writeln!(out, "    Note over {client},{SATELLITE}: {}", words(&format!("{title}: {way}")))
        }
        Item::Gap(text) => writeln!(out, "    Note over {client}: {}", words(text)),
        Item::Call(call) => {
            write_call(out, &keys, lanes, call);
            Ok(())
        }
    };
}

fn write_call(out: &mut String, keys: &[String], lanes: &[Lane], call: &Call) {
    for hop in keys.windows(2) {
        let text = words(&format!("{} {}", call.offset, call.request));
        let _ = writeln!(out, "    {}->>{}: {text}", hop[0], hop[1]);
    }
    let arrow = if call.failed { "--x" } else { "-->>" };
    let client = keys.first().map_or(SATELLITE, String::as_str);
    let capsule = lanes.iter().zip(keys).find(|(lane, _)| lane.id == "capsule").map(|(_, key)| key);
    let _ = match (&call.on_capsule, capsule) {
        (Some(seen), Some(capsule)) => {
            let _ = writeln!(out, "    {SATELLITE}{arrow}{capsule}: {}", words(&call.answer));
            writeln!(out, "    {capsule}{arrow}{client}: {}", words(seen))
        }
        _ => writeln!(out, "    {SATELLITE}{arrow}{client}: {}", words(&call.answer)),
    };
}

// what mermaid could read as its own is written as the number of its character
fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '.' | ',' | '/' | ':' | '-' | '_' | '+' | '(' | ')' => {
                out.push(c)
            }
            _ => {
                let _ = write!(out, "#{};", u32::from(c));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_is_read_as_mermaid() {
        assert_eq!(words("a<b>;\n%%{x}#"), "a#60;b#62;#59;#10;#37;#37;#123;x#125;#35;");
    }
}
