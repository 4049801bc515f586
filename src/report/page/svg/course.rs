//! A figure of run after run in, dots with the level of each stretch between changes out.

use super::axis::Linear;
use super::{Anchor, Drawing, PLOT};

/// More dots than this touch each other; a line alone is drawn then.
const DOTS: usize = 120;

/// A figure over runs.
pub struct Course<'a> {
    pub id: &'a str,
    pub title: &'a str,
    pub description: &'a str,
    /// One a run, with the words of those who point at it.
    pub values: &'a [(f64, String)],
    /// First run, the one behind the last, and the level between them.
    pub stretches: &'a [(usize, usize, f64)],
    /// Words below the first run and the last.
    pub ends: [&'a str; 2],
    /// How a value is written at the axis, where there is little room.
    pub shown: &'a dyn Fn(f64) -> String,
}

impl Course<'_> {
    pub fn draw(&self) -> String {
        let mut drawing = Drawing::default();
        let scale = Linear::up_to(self.values.iter().map(|(value, _)| *value).fold(0.0, f64::max));
        scale.draw(&mut drawing, self.shown);
        let width = (PLOT.right - PLOT.left) / self.values.len().max(1) as f64;
        let left = |at: usize| PLOT.left + at as f64 * width;
        // where a stretch begins something has changed
        for (from, ..) in self.stretches.iter().skip(1) {
            drawing.line("axis", (left(*from), PLOT.top), (left(*from), PLOT.bottom));
        }
        let points: Vec<(f64, f64)> = self
            .values
            .iter()
            .enumerate()
            .map(|(at, (value, _))| (left(at) + width / 2.0, scale.y(*value)))
            .collect();
        for (from, to, level) in self.stretches {
            let y = scale.y(*level);
            drawing.path("line p-95", &[Some((left(*from), y)), Some((left(*to), y))]);
        }
        drawing.path("line g-all", &points.iter().copied().map(Some).collect::<Vec<_>>());
        if points.len() <= DOTS {
            for (at, (_, words)) in points.iter().zip(self.values) {
                drawing.dot("dot", *at, words);
            }
        }
        let below = PLOT.bottom + 16.0;
        drawing.text("label", (PLOT.left, below), Anchor::Start, self.ends[0]);
        drawing.text("label", (PLOT.right, below), Anchor::End, self.ends[1]);
        drawing.image(self.id, self.title, self.description, "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_run_has_a_dot_and_each_stretch_its_level() {
        let values: Vec<(f64, String)> =
            (0..6).map(|i| (if i < 3 { 10.0 } else { 20.0 }, format!("<{i}>"))).collect();
        let course = |values: &[(f64, String)]| {
            let stretches = [(0, 3, 10.0), (3, values.len(), 20.0)];
            let shown = |value: f64| format!("{value}");
            let ends = ["a", "b"];
            Course {
                id: "c",
                title: "t",
                description: "d",
                values,
                stretches: &stretches,
                ends,
                shown: &shown,
            }
            .draw()
        };
        let svg = course(&values);
        assert_eq!((svg.matches("<circle").count(), svg.matches("line p-95").count()), (6, 2), "{svg}");
        assert!(svg.contains("&lt;5&gt;") && !svg.contains("<5>"), "{svg}");
        // the second stretch begins in the middle of the plot
        assert!(svg.contains(r#"<line class="axis" x1="259""#), "{svg}");
        let many: Vec<(f64, String)> = (0..500).map(|i| (f64::from(i), String::new())).collect();
        assert!(!course(&many).contains("<circle"));
    }
}
