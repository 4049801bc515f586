//! Sorted values in, the share of them within each time out: one line a way in, as fine as it is drawn.

use super::axis::{Linear, Log};
use super::{Drawing, PLOT};
use crate::report::page::series::Sorted;

/// A line of the chart.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    pub class: &'a str,
    pub label: &'a str,
    pub sorted: &'a Sorted,
}

/// Points of a line; more cannot be told apart on a phone or on paper.
const POINTS: u32 = 240;

/// The chart; `lines` are drawn in their order, the last on top.
pub fn draw(id: &str, title: &str, description: &str, lines: &[Line<'_>]) -> String {
    let ends = |line: &Line<'_>| Some((*line.sorted.values.first()?, *line.sorted.values.last()?));
    let (smallest, largest) = lines
        .iter()
        .filter_map(ends)
        .fold((f64::INFINITY, 0.0_f64), |(low, high), (first, last)| (low.min(first), high.max(last)));
    let time = Log::over(if smallest.is_finite() { smallest } else { 1.0 }, largest);
    let shares = Linear::up_to(1.0);
    let mut drawing = Drawing::default();
    time.draw(&mut drawing);
    shares.draw(&mut drawing, |share| format!("{:.0} %", share * 100.0));
    for line in lines {
        drawing.path(&format!("line {}", line.class), &points(line.sorted, time, shares));
    }
    if let Some(all) = lines.last() {
        for p in [50, 95] {
            let ms = all.sorted.percentile(p);
            let words = format!("{}: P{p} {}", all.label, crate::report::durations::millis(ms));
            drawing.dot("dot", (time.x(ms), shares.y(p as f64 / 100.0)), &words);
        }
    }
    let about = format!(
        r#" data-hover="shares" data-low="{}" data-high="{}" data-plot="{} {} {} {}""#,
        time.low, time.high, PLOT.left, PLOT.top, PLOT.right, PLOT.bottom
    );
    drawing.image(id, title, description, &about)
}

// only where the line goes another way, so that a thousand equal values are one point
fn points(sorted: &Sorted, time: Log, shares: Linear) -> Vec<Option<(f64, f64)>> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for at in 0..=POINTS {
        let share = f64::from(at) / f64::from(POINTS);
        // the last point holds the largest value, however it was rounded
        let within = if at == POINTS { 1.0 } else { sorted.share_within(time.at(share)) };
        let point = (PLOT.left + share * (PLOT.right - PLOT.left), shares.y(within));
        match points.as_mut_slice() {
            [.., before, last] if before.1 == last.1 && last.1 == point.1 => *last = point,
            _ => points.push(point),
        }
    }
    points.into_iter().map(Some).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_fine_as_it_is_drawn() {
        let many = Sorted { group: None, values: (1..=200_000).map(f64::from).collect() };
        let line = Line { class: "all", label: "All", sorted: &many };
        let svg = draw("a", "t", "d", &[line]);
        assert!(svg.len() < 9000, "{}", svg.len());
        let one = Sorted { group: None, values: vec![0.0; 3] };
        let svg = draw("a", "t", "d", &[Line { sorted: &one, ..line }]);
        assert!(svg.contains("<path"), "{svg}");
    }
}
