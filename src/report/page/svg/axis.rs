//! Scales with the ticks that people count in.

use super::{Anchor, Drawing, PLOT};
use crate::report::durations;
use crate::timestamp::Timestamp;

/// Counts and shares from 0 up.
#[derive(Clone, Copy, Debug)]
pub struct Linear {
    top: f64,
    step: f64,
}

impl Linear {
    /// To the next round number above the largest value.
    pub fn up_to(largest: f64) -> Self {
        let largest = if largest.is_finite() && largest > 0.0 { largest } else { 1.0 };
        let rough = largest / 4.0;
        let decade = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|m| m * decade).find(|s| *s >= rough);
        let step = step.unwrap_or(rough);
        Self { top: (largest / step).ceil() * step, step }
    }

    pub fn y(&self, value: f64) -> f64 {
        self.y_between(value, PLOT.top, PLOT.bottom)
    }

    /// The same in a plot that begins and ends elsewhere.
    pub fn y_between(&self, value: f64, top: f64, bottom: f64) -> f64 {
        bottom - (value / self.top).clamp(0.0, 1.0) * (bottom - top)
    }

    /// Where it ends.
    pub const fn top(&self) -> f64 {
        self.top
    }

    /// Lines across the plot, each with its number.
    pub fn draw(&self, drawing: &mut Drawing, label: impl Fn(f64) -> String) {
        let ticks = (self.top / self.step).round() as u32;
        for tick in 0..=ticks {
            let value = f64::from(tick) * self.step;
            let y = self.y(value);
            let class = if tick == 0 { "axis" } else { "grid" };
            drawing.line(class, (PLOT.left, y), (PLOT.right, y));
            drawing.text("label", (PLOT.left - 6.0, y + 4.0), Anchor::End, &label(value));
        }
    }
}

/// Milliseconds, each decade as wide as the next.
#[derive(Clone, Copy, Debug)]
pub struct Log {
    pub low: f64,
    pub high: f64,
}

impl Log {
    /// From the round number below the smallest value to that above the largest; values below 1 stand at 1.
    pub fn over(smallest: f64, largest: f64) -> Self {
        let low = rounds(smallest.max(1.0)).filter(|v| *v <= smallest.max(1.0)).last().unwrap_or(1.0);
        let high = rounds(largest.max(1.0)).find(|v| *v >= largest).unwrap_or(largest);
        Self { low, high: if high > low { high } else { low * 10.0 } }
    }

    pub fn share(&self, ms: f64) -> f64 {
        ((ms.max(1.0) / self.low).ln() / (self.high / self.low).ln()).clamp(0.0, 1.0)
    }

    pub fn x(&self, ms: f64) -> f64 {
        PLOT.left + self.share(ms) * (PLOT.right - PLOT.left)
    }

    /// Milliseconds at a share of the width.
    pub fn at(&self, share: f64) -> f64 {
        self.low * (self.high / self.low).powf(share)
    }

    /// Lines up the plot, each with its time.
    pub fn draw(&self, drawing: &mut Drawing) {
        let decades = (self.high / self.low).log10();
        // so many ticks that their words do not touch
        let wanted: &[f64] = match decades {
            d if d < 1.8 => &[1.0, 2.0, 5.0],
            d if d < 3.0 => &[1.0, 3.0],
            _ => &[1.0],
        };
        for power in 0..12 {
            for factor in wanted {
                let ms = factor * 10f64.powi(power);
                if ms >= self.low * 0.999 && ms <= self.high * 1.001 {
                    let x = self.x(ms);
                    drawing.line("grid", (x, PLOT.top), (x, PLOT.bottom));
                    drawing.text("label", (x, PLOT.bottom + 16.0), anchor_at(self.share(ms)), &short(ms));
                }
            }
        }
    }
}

// at the right edge half of the words would be cut off; at the left edge there is room for them
fn anchor_at(share: f64) -> Anchor {
    if share > 0.93 { Anchor::End } else { Anchor::Middle }
}

// 1, 2, 5, 10 ... around a value
fn rounds(value: f64) -> impl Iterator<Item = f64> {
    let decade = 10f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(move |m| m * decade)
}

/// A round time: `500 ms`, `2 s`.
pub fn short(ms: f64) -> String {
    if ms < 1000.0 { format!("{ms:.0} ms") } else { format!("{} s", durations::calls(ms / 1000.0)) }
}

/// Steps of time from left to right.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    pub start_us: i64,
    pub step_us: i64,
    pub count: usize,
}

/// Distances of ticks in seconds.
const TICKS: [i64; 17] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400];

/// How wide a letter of a time is, on a phone.
const LETTER: f64 = 7.4;

impl Time {
    /// The left edge of a step.
    pub fn x(&self, at: usize) -> f64 {
        PLOT.left + at as f64 * self.width()
    }

    pub fn width(&self) -> f64 {
        (PLOT.right - PLOT.left) / self.count.max(1) as f64
    }

    pub fn draw(&self, drawing: &mut Drawing) {
        self.draw_below(drawing, PLOT.bottom);
    }

    /// Below a plot that ends elsewhere.
    pub fn draw_below(&self, drawing: &mut Drawing, bottom: f64) {
        let span = self.step_us.saturating_mul(self.count as i64);
        let seconds = span / 1_000_000;
        let distance = TICKS.into_iter().find(|t| seconds / t <= 5).unwrap_or(seconds / 5 + 1) * 1_000_000;
        let mut at = self.start_us.div_euclid(distance) * distance;
        let mut free_from = 0.0;
        while at < self.start_us.saturating_add(span) {
            if at >= self.start_us {
                let share = (at - self.start_us) as f64 / span as f64;
                let x = PLOT.left + share * (PLOT.right - PLOT.left);
                drawing.line("axis", (x, bottom), (x, bottom + 4.0));
                let anchor = anchor_at(share);
                let words = clock(at, distance);
                let width = LETTER * words.len() as f64;
                let from = if matches!(anchor, Anchor::End) { x - width } else { x - width / 2.0 };
                if from >= free_from {
                    drawing.text("label", (x, bottom + 16.0), anchor, &words);
                    free_from = from + width + LETTER;
                }
            }
            at = at.saturating_add(distance);
        }
    }
}

/// `10:05`, `10:05:30`, `04-05 10:00` or `2026-04-05`, as fine as ticks are apart.
fn clock(us: i64, distance: i64) -> String {
    let text = Timestamp::from_secs(us.div_euclid(1_000_000)).to_string();
    let part = match distance / 1_000_000 {
        d if d < 60 => text.get(11..19),
        d if d < 21_600 => text.get(11..16),
        d if d < 86_400 => text.get(5..16),
        _ => text.get(0..10),
    };
    part.unwrap_or(&text).replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_all_values() {
        for (largest, top) in [(7.0, 8.0), (0.3, 0.3), (1000.0, 1000.0), (1001.0, 1500.0), (0.0, 1.0)] {
            let axis = Linear::up_to(largest);
            assert!((axis.top - top).abs() < 1e-9, "{largest}: {axis:?}");
        }
        let log = Log::over(53.0, 20_800.0);
        assert_eq!((log.low, log.high), (50.0, 50_000.0));
        assert!((log.at(log.share(777.0)) - 777.0).abs() < 1e-6);
        let one = Log::over(0.0, 0.0);
        assert!(one.high > one.low, "{one:?}");
    }

    #[test]
    fn times_do_not_touch_each_other() {
        let start_us = Timestamp::parse("2026-04-04T09:59:50Z").unwrap().0;
        let mut drawing = Drawing::default();
        // its last tick stands at the edge, and its words beside it
        Time { start_us, step_us: 10_000_000, count: 17 }.draw(&mut drawing);
        let svg = drawing.inline("c", 1.0, 1.0);
        assert!(svg.contains("10:00:00") && svg.contains("10:02:00") && !svg.contains("10:02:30"), "{svg}");
        assert_eq!(svg.matches("<line").count(), 6, "{svg}");
    }

    #[test]
    fn a_time_at_the_left_edge_leaves_room_for_the_next() {
        let start_us = Timestamp::parse("2026-04-04T10:00:00Z").unwrap().0;
        let mut drawing = Drawing::default();
        Time { start_us, step_us: 5_000_000, count: 35 }.draw(&mut drawing);
        let svg = drawing.inline("c", 1.0, 1.0);
        assert!(svg.contains(">10:00:00<") && svg.contains(">10:00:30<"), "{svg}");
    }

    #[test]
    fn the_last_word_of_an_axis_is_not_cut_off() {
        let mut drawing = Drawing::default();
        Log { low: 100.0, high: 10_000.0 }.draw(&mut drawing);
        let svg = drawing.inline("c", 1.0, 1.0);
        assert!(svg.contains(r#"x="468" y="228" text-anchor="end">10 s<"#), "{svg}");
        assert!(svg.contains(r#"x="50" y="228" text-anchor="middle">100 ms<"#), "{svg}");
    }

    #[test]
    fn times_are_as_fine_as_their_ticks() {
        let at = Timestamp::parse("2026-04-04T10:05:30Z").unwrap().0;
        let shown = |seconds: i64| clock(at, seconds * 1_000_000);
        assert_eq!([shown(30), shown(60), shown(21_600)], ["10:05:30", "10:05", "04-04 10:05"]);
        assert_eq!(shown(86_400), "2026-04-04");
        assert!(!clock(i64::MAX / 2, 1_000_000).is_empty());
    }
}
