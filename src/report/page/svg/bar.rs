//! One bar in a cell of a table: parts beside each other, on the scale of its column.

use super::Drawing;

const WIDTH: f64 = 200.0;
const HEIGHT: f64 = 12.0;

/// Parts (class, words, value) of a bar; `whole` is as wide as the column.
pub fn draw(parts: &[(&str, String, f64)], whole: f64) -> String {
    let mut drawing = Drawing::default();
    let mut at = 0.0;
    for (class, words, value) in parts {
        let width = if whole > 0.0 { (value / whole).clamp(0.0, 1.0) * WIDTH } else { 0.0 };
        drawing.bar(&format!("bar {class}"), (at, 0.0), (width, HEIGHT), words);
        at += width;
    }
    drawing.inline("inline", WIDTH, HEIGHT)
}

/// A bar that begins somewhere on its column's scale; what took no time can be seen too.
pub fn placed(class: &str, (from, length): (f64, f64), whole: f64, words: &str) -> String {
    let mut drawing = Drawing::default();
    let at = |value: f64| if whole > 0.0 { (value / whole).clamp(0.0, 1.0) * WIDTH } else { 0.0 };
    let width = (at(from + length) - at(from)).max(1.0);
    drawing.bar(&format!("bar {class}"), (at(from).min(WIDTH - width), 0.0), (width, HEIGHT), words);
    drawing.inline("inline", WIDTH, HEIGHT)
}

/// A sample of a colour or a line, for legends.
pub fn sample(class: &str, line: bool) -> String {
    let mut drawing = Drawing::default();
    if line {
        drawing.line(&format!("line {class}"), (0.0, 6.0), (22.0, 6.0));
        drawing.inline("sample", 22.0, HEIGHT)
    } else {
        drawing.bar(&format!("bar {class}"), (0.0, 0.0), (22.0, HEIGHT), "");
        drawing.inline("sample", 22.0, HEIGHT)
    }
}
