//! The same chart once a way in or capsule, below each other: one axis of time, one scale, so that they can be compared
//! by eye. Each is named where it stands; no colour has to be told apart.

use super::axis::{Linear, Time};
use super::steps::{Layer, Span};
use super::{Anchor, Drawing, PLOT, escape_html};
use std::fmt::Write;

/// One of them.
#[derive(Clone, Debug)]
pub struct Panel {
    pub name: String,
    /// What it comes to, in a few words.
    pub told: String,
    pub layers: Vec<Layer>,
}

/// All of them.
#[derive(Debug)]
pub struct Panels<'a> {
    pub id: &'a str,
    pub title: &'a str,
    pub span: Span,
    pub panels: &'a [Panel],
    /// Lines, not filled steps.
    pub lines: bool,
    /// How a value is written, on the axis and elsewhere.
    pub shown: fn(f64) -> String,
}

/// Of a panel: from its words to its plot, its plot, and what is left below.
const WORDS: f64 = 18.0;
const HEIGHT: f64 = 40.0;
const APART: f64 = 8.0;
/// Of the words of the axis of time.
const AXIS: f64 = 22.0;
/// How wide a letter of a name is, and one of the figures beside it, on a phone.
const LETTER: f64 = 6.4;
const DIGIT: f64 = 7.4;

impl Panels<'_> {
    pub fn draw(&self) -> String {
        let values = self.panels.iter().flat_map(|p| &p.layers).flat_map(|l| l.values.iter().copied());
        let scale = Linear::up_to(values.filter(|v| v.is_finite()).fold(0.0, f64::max));
        let time = Time { start_us: self.span.start_us, step_us: self.span.step_us, count: self.span.count };
        let mut drawing = Drawing::default();
        let mut bottom = 0.0;
        for panel in self.panels {
            let top = bottom + WORDS;
            self.panel(&mut drawing, panel, (top, top + HEIGHT), (time, scale));
            bottom = top + HEIGHT + APART;
        }
        time.draw_below(&mut drawing, bottom - APART);
        let told: Vec<String> = self.panels.iter().map(|p| format!("{}: {}", p.name, p.told)).collect();
        let about = format!(
            r#" data-hover="panels" data-steps="{}" data-start="{}" data-width="{}" data-plot="{} 0 {} {bottom}""#,
            self.span.count,
            self.span.start_us / 1000,
            self.span.step_us / 1000,
            PLOT.left,
            PLOT.right,
        );
        let height = bottom - APART + AXIS;
        drawing.image_of_height(height, self.id, self.title, &told.join(". "), &about)
    }

    fn panel(
        &self,
        drawing: &mut Drawing,
        panel: &Panel,
        (top, bottom): (f64, f64),
        (time, scale): (Time, Linear),
    ) {
        let room = PLOT.right - PLOT.left - DIGIT * panel.told.chars().count() as f64;
        // the whole of it stands in the description
        let name = match panel.name.char_indices().nth((room / LETTER) as usize) {
            Some((cut, _)) => format!("{}...", panel.name[..cut].trim_end()),
            None => panel.name.clone(),
        };
        drawing.open_group(&format!(
            r#"class="panel" data-name="{}" data-top="{}""#,
            escape_html(&panel.name),
            top - WORDS
        ));
        drawing.text("label name", (PLOT.left, top - 5.0), Anchor::Start, &name);
        drawing.text("label", (PLOT.right, top - 5.0), Anchor::End, &panel.told);
        drawing.line("grid", (PLOT.left, top), (PLOT.right, top));
        drawing.text("label", (PLOT.left - 6.0, top + 4.0), Anchor::End, &(self.shown)(scale.top()));
        let y = |value: f64| scale.y_between(value, top, bottom);
        for layer in &panel.layers {
            let about = about(layer, self.shown);
            let values = layer.values.iter().enumerate();
            if self.lines {
                let points: Vec<_> = values
                    .map(|(at, v)| v.is_finite().then(|| (time.x(at) + time.width() / 2.0, y(*v))))
                    .collect();
                drawing.path_about(&format!("line {}", layer.class), &points, &about);
            } else {
                let mut points = vec![Some((PLOT.left, bottom))];
                points.extend(
                    values.flat_map(|(at, v)| [Some((time.x(at), y(*v))), Some((time.x(at + 1), y(*v)))]),
                );
                points.push(Some((PLOT.right, bottom)));
                drawing.path_about(&format!("bar {}", layer.class), &straight(points), &about);
            }
        }
        drawing.line("axis", (PLOT.left, bottom), (PLOT.right, bottom));
        drawing.close_group();
    }
}

// what the page's script reads at a step
fn about(layer: &Layer, shown: fn(f64) -> String) -> String {
    let mut about = format!(r#" data-label="{}" data-values=""#, escape_html(&layer.label));
    for (at, value) in layer.values.iter().enumerate() {
        let text = if value.is_finite() { shown(*value) } else { "-".to_owned() };
        // a String takes everything
        let _ = write!(about, "{}{}", if at > 0 { "|" } else { "" }, escape_html(&text));
    }
    about.push('"');
    about
}

// without points that lie on a level line between others
fn straight(points: Vec<Option<(f64, f64)>>) -> Vec<Option<(f64, f64)>> {
    let mut kept: Vec<Option<(f64, f64)>> = Vec::with_capacity(points.len());
    for point in points {
        let level = |p: &Option<(f64, f64)>| p.map(|(_, y)| y);
        match kept.as_mut_slice() {
            [.., before, last] if level(before) == level(last) && level(last) == level(&point) => {
                *last = point
            }
            _ => kept.push(point),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(name: &str, values: &[f64]) -> Panel {
        let layer = Layer { class: "ok".into(), label: "started".into(), values: values.to_vec() };
        Panel { name: name.into(), told: format!("{name} in all"), layers: vec![layer] }
    }

    fn drawn(panels: &[Panel], lines: bool) -> String {
        let span = Span { start_us: 0, step_us: 2_000_000, count: 4 };
        Panels { id: "a", title: "t", span, panels, lines, shown: crate::report::durations::calls }.draw()
    }

    #[test]
    fn panels_have_one_scale_and_their_names() {
        let panels = [panel("one", &[4.0, 4.0, 4.0, 4.0]), panel("<two>", &[2.0, 0.0, 0.0, 2.0])];
        let svg = drawn(&panels, false);
        // the full height, then half of it
        assert!(svg.contains(r#"d="M50 58L50 18L468 18L468 58""#), "{svg}");
        assert!(
            svg.contains(r#"d="M50 124L50 104L154.5 104L154.5 124L363.5 124L363.5 104L468 104L468 124""#),
            "{svg}"
        );
        assert!(svg.contains(r#"data-label="started" data-values="2|0|0|2""#), "{svg}");
        assert!(svg.contains(">&lt;two&gt;</text>") && !svg.contains("<two>"), "{svg}");
        assert!(svg.contains(r#"viewBox="0 0 480 146""#), "{svg}");
    }

    #[test]
    fn a_long_name_leaves_room_for_its_figures() {
        let name = format!("{}.example.com", "capsule-with-a-long-name".repeat(3));
        let svg =
            drawn(&[Panel { told: "P50 2,744 ms, P95 7,350 ms".into(), ..panel(&name, &[1.0]) }], false);
        assert!(svg.contains(&format!(">{}...</text>", &name[..35])), "{svg}");
        assert!(
            svg.contains(&format!(r#"data-name="{name}""#)) && svg.contains(&format!("{name}: P50")),
            "{svg}"
        );
    }

    #[test]
    fn a_step_without_a_value_is_a_gap_of_the_line() {
        let svg = drawn(&[panel("one", &[1.0, f64::NAN, 1.0, 1.0])], true);
        assert!(svg.contains("h3M") && svg.contains(r#"data-values="1|-|1|1""#), "{svg}");
    }
}
