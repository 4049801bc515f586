//! Values in, a line of signs out.

use std::ops::Range;

/// Signs from low to high.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signs(&'static [char]);

/// Where the terminal writes UTF-8.
pub const BLOCKS: Signs = Signs(&['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']);
/// Anywhere.
pub const ASCII: Signs = Signs(&['_', '.', '-', '=', '+', '*', '#', '@']);

impl Signs {
    /// As the locale says: the first of LC_ALL, LC_CTYPE and LANG that is set.
    pub fn for_stdout() -> Self {
        let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
        Self::of_locale(set.into_iter().find(|value| !value.is_empty()).as_deref())
    }

    fn of_locale(locale: Option<&str>) -> Self {
        let utf8 = |name: &str| {
            let name = name.to_ascii_lowercase();
            name.contains("utf-8") || name.contains("utf8")
        };
        if locale.is_some_and(utf8) { BLOCKS } else { ASCII }
    }
}

/// A sign a value from the lowest to the highest, at most `width` of them: where values are more, one stands for the
/// mean of several. Values that are all alike are a line in the middle.
pub fn sparkline(values: &[f64], width: usize, signs: Signs) -> String {
    let signs = signs.0;
    let shown: Vec<f64> = pieces(values.len(), width)
        .into_iter()
        .filter_map(|piece| values.get(piece))
        .map(crate::compare::statistics::mean)
        .collect();
    let low = shown.iter().copied().fold(f64::INFINITY, f64::min);
    let high = shown.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sign = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.4 };
        signs[((share * signs.len() as f64) as usize).min(signs.len() - 1)]
    };
    shown.into_iter().map(sign).collect()
}

// so many as there is room for, as even as they can be
fn pieces(length: usize, width: usize) -> Vec<Range<usize>> {
    let count = length.min(width.max(1));
    (0..count).map(|i| i * length / count..(i + 1) * length / count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_go_from_the_lowest_to_the_highest() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        assert_eq!(sparkline(&values, 20, BLOCKS), "▁▂▃▄▅▆▇█");
        assert_eq!(sparkline(&values, 20, ASCII), "_.-=+*#@");
        assert_eq!(sparkline(&values, 4, ASCII), "_-*@");
        assert_eq!(sparkline(&[5.0; 3], 20, ASCII), "===");
        assert_eq!(sparkline(&[], 20, ASCII), "");
    }

    #[test]
    fn the_locale_says_whether_blocks_can_be_shown() {
        assert_eq!(Signs::of_locale(Some("de_DE.UTF-8")), BLOCKS);
        assert_eq!(Signs::of_locale(Some("C.utf8")), BLOCKS);
        assert_eq!([Signs::of_locale(Some("C")), Signs::of_locale(None)], [ASCII, ASCII]);
    }
}
