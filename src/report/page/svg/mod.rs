//! Numbers in, inline SVG out. Colours are classes of the page's style sheet, so that they follow its theme; nothing in
//! here has a style of its own, which the page's policy would refuse.

mod axis;
pub mod bar;
pub mod course;
pub mod panels;
pub mod shares;
pub mod steps;

use std::fmt::Write;

/// Where a drawing's plot lies: left, top, right, bottom.
#[derive(Clone, Copy, Debug)]
pub struct Plot {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

/// Of every chart; small enough that its words can be read on a phone.
pub const WIDTH: f64 = 480.0;
pub const HEIGHT: f64 = 238.0;
pub const PLOT: Plot = Plot { left: 50.0, top: 12.0, right: 468.0, bottom: 212.0 };

/// Where text is held.
#[derive(Clone, Copy, Debug)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// A drawing.
#[derive(Debug, Default)]
pub struct Drawing {
    body: String,
}

impl Drawing {
    pub fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let (x1, y1, x2, y2) = (round(from.0), round(from.1), round(to.0), round(to.1));
        self.put(format_args!(r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#));
    }

    pub fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str) {
        let (x, y, anchor, text) = (round(at.0), round(at.1), anchor.name(), escape_html(text));
        self.put(format_args!(
            r#"<text class="{class}" x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>"#
        ));
    }

    /// A bar with words for those who point at it.
    pub fn bar(&mut self, class: &str, at: (f64, f64), size: (f64, f64), words: &str) {
        let (x, y, w, h) = (round(at.0), round(at.1), round(size.0), round(size.1));
        if w > 0.0 && h > 0.0 {
            let words = escape_html(words);
            self.put(format_args!(
                r#"<rect class="{class}" x="{x}" y="{y}" width="{w}" height="{h}"><title>{words}</title></rect>"#
            ));
        }
    }

    pub fn dot(&mut self, class: &str, at: (f64, f64), words: &str) {
        let (x, y, words) = (round(at.0), round(at.1), escape_html(words));
        self.put(format_args!(
            r#"<circle class="{class}" cx="{x}" cy="{y}" r="3.5"><title>{words}</title></circle>"#
        ));
    }

    /// A line through points; where one is missing it is broken, and a point between two gaps is a short dash.
    pub fn path(&mut self, class: &str, points: &[Option<(f64, f64)>]) {
        self.path_about(class, points, "");
    }

    /// The same with attributes for the page's script.
    pub fn path_about(&mut self, class: &str, points: &[Option<(f64, f64)>], about: &str) {
        let mut d = String::new();
        let mut last: Option<(f64, f64)> = None;
        for (at, point) in points.iter().enumerate() {
            if let Some((x, y)) = point {
                let command = if last.is_some() { 'L' } else { 'M' };
                let _ = write!(d, "{command}{} {}", round(*x), round(*y));
                if last.is_none() && points.get(at + 1).is_none_or(Option::is_none) {
                    d.push_str("h3");
                }
            }
            last = *point;
        }
        if !d.is_empty() {
            self.put(format_args!(r#"<path class="{class}" d="{d}"{about}/>"#));
        }
    }

    /// What follows belongs together; `about` are its attributes.
    pub fn open_group(&mut self, about: &str) {
        self.put(format_args!("<g {about}>"));
    }

    pub fn close_group(&mut self) {
        self.put(format_args!("</g>"));
    }

    fn put(&mut self, piece: std::fmt::Arguments<'_>) {
        // a String takes everything
        let _ = self.body.write_fmt(piece);
    }

    /// The whole of it: an image with a name and a description. `about` are attributes for the page's script.
    pub fn image(self, id: &str, title: &str, description: &str, about: &str) -> String {
        self.image_of_height(HEIGHT, id, title, description, about)
    }

    /// The same of another height.
    pub fn image_of_height(
        self,
        height: f64,
        id: &str,
        title: &str,
        description: &str,
        about: &str,
    ) -> String {
        let (title, description, body) = (escape_html(title), escape_html(description), self.body);
        format!(
            r#"<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{id}-t" aria-describedby="{id}-d"{about}><title id="{id}-t">{title}</title><desc id="{id}-d">{description}</desc>{body}</svg>"#
        )
    }

    /// A drawing whose words stand beside it.
    pub fn inline(self, class: &str, width: f64, height: f64) -> String {
        let body = self.body;
        format!(r#"<svg class="{class}" viewBox="0 0 {width} {height}" aria-hidden="true">{body}</svg>"#)
    }
}

/// Text as markup holds it.
fn escape_html(text: &str) -> String {
    let mut escaped = Vec::with_capacity(text.len());
    // a Vec takes everything
    let _ = tera::escape_html(text, &mut escaped);
    String::from_utf8(escaped).unwrap_or_default()
}

// a tenth of a unit is finer than any screen
fn round(value: f64) -> f64 {
    if value.is_finite() { (value * 10.0).round() / 10.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_log_wrote_is_text_and_a_gap_is_a_gap() {
        let mut drawing = Drawing::default();
        drawing.text("label", (1.0, 2.0), Anchor::End, "<script>\"&");
        drawing.path("all", &[Some((0.0, 1.0)), Some((1.04, 2.0)), None, Some((3.0, f64::NAN))]);
        let svg = drawing.image("a", "</title><b>", "d", "");
        assert!(!svg.contains("<script>") && !svg.contains("<b>"), "{svg}");
        assert!(svg.contains(r#"d="M0 1L1 2M3 0h3""#), "{svg}");
    }
}
