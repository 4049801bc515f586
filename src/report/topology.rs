//! A topology in, words for people out: Satellites, capsules by location behind their load balancers, what is missing.
//!
//! Fits 80 columns; without colour it says the same. Names come from a file, so control characters in them are
//! shown, not sent.

use super::table::grid::{Cell, Columns, GUTTER, Row};
use super::table::text::{Tone, escaped, paint, wrap};
use super::table::{MAX_WIDTH, MIN_WIDTH, TableStyle};
use crate::inventory::{Capsule, Inventory, LoadBalancer, RexMode, Topology};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Names of hosts that play no part here; more are only counted.
const MAX_OTHERS: usize = 5;

/// The topology as text, lines ended by newlines.
pub fn render(inventory: &Inventory, topology: &Topology, style: &TableStyle) -> String {
    let style = TableStyle { width: style.width.clamp(MIN_WIDTH, MAX_WIDTH), ..*style };
    let mut page = Page { style, out: String::new() };
    page.paragraph(&summary(inventory, topology), Tone::Strong, 0);
    let blocks = blocks(topology);
    let lines = blocks.iter().flat_map(|block| &block.rows);
    let columns = Columns::measure(lines.filter(|line| !line.is_long(style)).map(|line| &line.row), 2);
    for block in &blocks {
        page.out.push('\n');
        page.paragraph(&block.title, Tone::Title, 0);
        block.rows.iter().for_each(|line| page.row(line, &columns));
    }
    page.others(inventory, topology);
    page.missing(topology);
    page.out
}

fn count(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

fn summary(inventory: &Inventory, topology: &Topology) -> String {
    format!(
        "{}: {}, {}, {}",
        inventory.source().display(),
        count(topology.satellites.len(), "Satellite", "Satellites"),
        count(topology.capsules.len(), "capsule", "capsules"),
        count(topology.load_balancers.len(), "load balancer", "load balancers"),
    )
}

/// A title and the hosts below it.
struct Block {
    title: String,
    rows: Vec<Line>,
}

/// A host: its cells, and its addresses and other names, which wrap.
struct Line {
    row: Row,
    reached: String,
}

impl Line {
    /// Whether the name is too long to stand in a column.
    fn is_long(&self, style: TableStyle) -> bool {
        self.row.cells.first().is_some_and(|name| name.text.chars().count() > style.width / 2)
    }
}

fn blocks(topology: &Topology) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !topology.satellites.is_empty() {
        let rows =
            topology.satellites.iter().map(|h| line(0, &h.name, "Satellite", "", &h.addresses, &h.aliases));
        blocks.push(Block { title: "Satellite".to_owned(), rows: rows.collect() });
    }
    let places = topology
        .capsules
        .iter()
        .map(|c| &c.location)
        .chain(topology.load_balancers.iter().map(|l| &l.location));
    let places: BTreeSet<&Option<String>> = places.collect();
    // those in no location come last
    let (nowhere, somewhere): (Vec<_>, Vec<_>) = places.into_iter().partition(|place| place.is_none());
    for place in somewhere.into_iter().chain(nowhere) {
        let title = place
            .as_ref()
            .map_or("In no location".to_owned(), |place| format!("Location {}", escaped(place)));
        blocks.push(Block { title, rows: location(topology, place.as_deref()) });
    }
    blocks
}

/// Load balancers, each with the capsules behind it, then the standalone ones.
fn location(topology: &Topology, place: Option<&str>) -> Vec<Line> {
    let mut rows = Vec::new();
    let here = |location: &Option<String>| location.as_deref() == place;
    for balancer in topology.load_balancers.iter().filter(|l| here(&l.location)) {
        let LoadBalancer { name, aliases, addresses, .. } = balancer;
        rows.push(line(0, name, "load balancer", "", addresses, aliases));
        let behind = topology.capsules.iter().filter(|c| c.load_balancer.as_ref() == Some(name));
        rows.extend(behind.map(|c| capsule(1, c, "behind it")));
    }
    let alone = topology.capsules.iter().filter(|c| here(&c.location) && c.load_balancer.is_none());
    rows.extend(alone.map(|c| capsule(0, c, "standalone")));
    rows
}

fn capsule(level: usize, capsule: &Capsule, how: &str) -> Line {
    let rex = match capsule.rex_mode {
        RexMode::Ssh => "ssh",
        RexMode::Mqtt => "mqtt",
    };
    line(level, &capsule.name, &format!("capsule, {how}"), rex, &capsule.addresses, &capsule.aliases)
}

fn line(level: usize, name: &str, what: &str, rex: &str, addresses: &[IpAddr], aliases: &[String]) -> Line {
    let name = format!("{}{}", "  ".repeat(level), escaped(name));
    let reached: Vec<String> =
        addresses.iter().map(ToString::to_string).chain(aliases.iter().map(|a| escaped(a))).collect();
    let cells = vec![Cell::plain(name), Cell::plain(what), Cell::plain(rex)];
    let reached = if reached.is_empty() { "no address known".to_owned() } else { reached.join(", ") };
    Line { row: Row { inferred: false, cells }, reached }
}

struct Page {
    style: TableStyle,
    out: String,
}

impl Page {
    fn paragraph(&mut self, text: &str, tone: Tone, indent: usize) {
        for line in wrap(&escaped(text), self.style.width, indent, indent + 2) {
            self.out.push_str(&paint(self.style, tone, &line));
            self.out.push('\n');
        }
    }

    /// Addresses beside the host where there is room, else below it.
    fn row(&mut self, line: &Line, columns: &Columns) {
        if line.is_long(self.style) {
            let mut row = line.row.clone();
            let name = row.cells.first_mut().map(|cell| std::mem::take(&mut cell.text)).unwrap_or_default();
            self.paragraph(&name, Tone::Plain, GUTTER + name.len() - name.trim_start().len());
            return self.row(&Line { row, reached: line.reached.clone() }, columns);
        }
        let start = columns.total() + 2;
        let text = columns.line_left(&line.row, self.style);
        let tone = if line.reached == "no address known" { Tone::Caution } else { Tone::Quiet };
        let room = start + 20 <= self.style.width;
        let indent = if room { start } else { GUTTER + 4 };
        let lines = wrap(&line.reached, self.style.width, indent, indent);
        let mut lines = lines.into_iter();
        match lines.next().filter(|_| room) {
            Some(first) => {
                let plain = columns.line_left(&line.row, TableStyle { color: false, ..self.style });
                let gap = " ".repeat(start.saturating_sub(plain.chars().count()));
                self.out.push_str(&format!("{text}{gap}{}\n", paint(self.style, tone, first.trim_start())));
            }
            None => {
                self.out.push_str(&format!("{text}\n"));
                lines = wrap(&line.reached, self.style.width, indent, indent).into_iter();
            }
        }
        for rest in lines {
            self.out.push_str(&format!("{}\n", paint(self.style, tone, &rest)));
        }
    }

    fn others(&mut self, inventory: &Inventory, topology: &Topology) {
        let known: BTreeSet<&str> = topology
            .satellites
            .iter()
            .map(|h| h.name.as_str())
            .chain(topology.capsules.iter().map(|c| c.name.as_str()))
            .chain(topology.load_balancers.iter().map(|l| l.name.as_str()))
            .collect();
        let others: Vec<&str> = inventory.hosts().filter(|name| !known.contains(name)).collect();
        if others.is_empty() {
            return;
        }
        let more = if others.len() > MAX_OTHERS { ", ..." } else { "" };
        let names: Vec<&str> = others.iter().copied().take(MAX_OTHERS).collect();
        let text =
            format!("{} of other kinds: {}{more}", count(others.len(), "host", "hosts"), names.join(", "));
        self.out.push('\n');
        self.paragraph(&text, Tone::Quiet, 0);
    }

    fn missing(&mut self, topology: &Topology) {
        let mut points = topology.warnings.clone();
        points.extend(without_address(topology));
        if points.is_empty() {
            return;
        }
        self.out.push('\n');
        self.paragraph("Missing or odd", Tone::Title, 0);
        points.iter().for_each(|point| self.paragraph(&format!("- {point}"), Tone::Caution, 2));
    }
}

/// Hosts whose requests no address can tell, and what to do.
fn without_address(topology: &Topology) -> Option<String> {
    let hosts = topology.satellites.iter().map(|h| (&h.name, &h.addresses));
    let hosts = hosts.chain(topology.capsules.iter().map(|c| (&c.name, &c.addresses)));
    let bare: Vec<String> = hosts.filter(|(_, a)| a.is_empty()).map(|(name, _)| escaped(name)).collect();
    let first: Vec<&str> = bare.iter().take(3).map(String::as_str).collect();
    let more = if bare.len() > 3 { ", ..." } else { "" };
    (!bare.is_empty()).then(|| {
        format!(
            "no address of {}{more} ({} in all): set private_ip (and public_ip), so that what comes from there is told by its address",
            first.join(", "),
            bare.len()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const INVENTORY: &str = "\
[satellite6]
sat.example.com private_ip=10.0.0.1 public_ip=192.0.2.1
[capsules]
cap1.example.com private_ip=10.0.1.1 ansible_host=cap1.lab.example.net
cap2.example.com private_ip=10.0.1.2
cap3.example.com rex_mode=mqtt location=pune private_ip=10.0.2.1 public_ip=192.0.2.3 private_ip6=2001:db8::3
cap4.example.com
[capsule_lbs]
lb.example.com private_ip=10.0.1.100
[location_dublin]
cap[1:2].example.com
lb.example.com
[docker_hosts]
docker[1:9].example.com
";

    fn shown(text: &str, width: usize) -> String {
        let inventory = Inventory::parse(text, Path::new("inventory.ini")).unwrap();
        let topology = Topology::of(&inventory).unwrap();
        render(&inventory, &topology, &TableStyle { width, color: false })
    }

    #[test]
    fn the_topology_at_80_columns() {
        insta::assert_snapshot!(shown(INVENTORY, 80));
    }

    #[test]
    fn the_topology_at_200_columns() {
        insta::assert_snapshot!(shown(INVENTORY, 200));
    }

    #[test]
    fn no_line_is_wider_than_asked_and_nothing_steers_the_terminal() {
        let long = format!(
            "[capsules]\n{}.example.com private_ip=10.0.0.1\n\"a\u{1b}(31mb\" location=\"x\u{1b}[1m\"\n",
            "c".repeat(200)
        );
        for (text, width) in [(INVENTORY, 60), (INVENTORY, 80), (long.as_str(), 80), (long.as_str(), 140)] {
            let shown = shown(text, width);
            assert!(!shown.contains('\u{1b}'), "{shown}");
            for line in shown.lines().filter(|l| !l.contains("cccccccc")) {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }
}
