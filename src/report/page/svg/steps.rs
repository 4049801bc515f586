//! Steps in time in, bars that stand on each other or lines out.

use super::axis::{Linear, Time};
use super::{Drawing, PLOT};

/// A part of each bar, or a line.
#[derive(Clone, Debug)]
pub struct Layer {
    pub class: String,
    pub label: String,
    /// One a step; NaN is a gap.
    pub values: Vec<f64>,
}

/// What all charts of a run share.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub start_us: i64,
    pub step_us: i64,
    pub count: usize,
}

/// A chart over time.
#[derive(Debug)]
pub struct OverTime<'a> {
    pub id: &'a str,
    pub title: &'a str,
    pub description: &'a str,
    pub span: Span,
    pub layers: &'a [Layer],
    /// Lines, not bars.
    pub lines: bool,
    /// The least that the axis goes up to.
    pub at_least: f64,
    /// How a value is written, on the axis and elsewhere.
    pub shown: fn(f64) -> String,
}

impl OverTime<'_> {
    pub fn draw(&self) -> String {
        let time = Time { start_us: self.span.start_us, step_us: self.span.step_us, count: self.span.count };
        let finite = |value: f64| if value.is_finite() { value } else { 0.0 };
        let of_step =
            |at: usize| self.layers.iter().map(move |l| l.values.get(at).copied().map_or(0.0, finite));
        let largest = (0..self.span.count)
            .map(|at| if self.lines { of_step(at).fold(0.0, f64::max) } else { of_step(at).sum() })
            .fold(self.at_least, f64::max);
        let scale = Linear::up_to(largest);
        let mut drawing = Drawing::default();
        scale.draw(&mut drawing, self.shown);
        time.draw(&mut drawing);
        if self.lines {
            self.lines(&mut drawing, time, scale)
        } else {
            self.bars(&mut drawing, time, scale)
        }
        let about = format!(
            r#" data-hover="steps" data-steps="{}" data-plot="{} {} {} {}""#,
            self.span.count, PLOT.left, PLOT.top, PLOT.right, PLOT.bottom
        );
        drawing.image(self.id, self.title, self.description, &about)
    }

    fn bars(&self, drawing: &mut Drawing, time: Time, scale: Linear) {
        // a hair between bars, where there is room for one
        let gap = if time.width() > 4.0 { 1.0 } else { 0.0 };
        for at in 0..self.span.count {
            let mut below = 0.0;
            for layer in self.layers {
                let value = layer.values.get(at).copied().filter(|v| *v > 0.0).unwrap_or(0.0);
                let (top, bottom) = (scale.y(below + value), scale.y(below));
                let words = format!("{}: {}", layer.label, (self.shown)(value));
                let class = format!("bar {}", layer.class);
                drawing.bar(&class, (time.x(at), top), (time.width() - gap, bottom - top), &words);
                below += value;
            }
        }
    }

    fn lines(&self, drawing: &mut Drawing, time: Time, scale: Linear) {
        for layer in self.layers {
            let middle = |(at, value): (usize, &f64)| {
                value.is_finite().then(|| (time.x(at) + time.width() / 2.0, scale.y(*value)))
            };
            let points: Vec<_> = layer.values.iter().enumerate().map(middle).collect();
            drawing.path(&format!("line {}", layer.class), &points);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_each_other() {
        let layer = |class: &str, values: &[f64]| Layer {
            class: class.into(),
            label: class.into(),
            values: values.to_vec(),
        };
        let chart = OverTime {
            id: "a",
            title: "t",
            description: "d",
            span: Span { start_us: 0, step_us: 1_000_000, count: 2 },
            layers: &[layer("one", &[3.0, 0.0]), layer("two", &[1.0, f64::NAN])],
            lines: false,
            at_least: 0.0,
            shown: crate::report::durations::calls,
        };
        let svg = chart.draw();
        assert_eq!(svg.matches("<rect").count(), 2, "{svg}");
        assert!(svg.contains(r#"class="bar two" x="50" y="12""#), "{svg}");
        assert!(svg.contains("<title>one: 3</title>"), "{svg}");
    }
}
