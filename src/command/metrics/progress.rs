//! What a person at a terminal sees while logs are read.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

/// A bar on stderr for work over a second, on a terminal only.
pub struct Progress {
    bar: Option<ProgressBar>,
    /// Bytes to come, where every file tells.
    total: Option<u64>,
    done: u64,
    since: Instant,
    wanted: bool,
}

impl Progress {
    /// `quiet`: never shown.
    pub fn new(quiet: bool) -> Self {
        Self {
            bar: None,
            total: Some(0),
            done: 0,
            since: Instant::now(),
            wanted: !quiet && stderr().is_terminal(),
        }
    }

    /// So many bytes more will be read; none where that is not known.
    pub fn expect(&mut self, bytes: Option<u64>) {
        self.total = self.total.zip(bytes).map(|(a, b)| a + b);
        if let (Some(bar), Some(total)) = (&self.bar, self.total) {
            bar.set_length(total);
        }
    }

    /// So many bytes more have been read.
    pub fn add(&mut self, bytes: u64) {
        self.done += bytes;
        if !self.wanted || self.since.elapsed() < Duration::from_secs(1) {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let target = ProgressDrawTarget::stderr_with_hz(5);
            let (bar, template) = match self.total {
                Some(total) => (
                    ProgressBar::with_draw_target(Some(total), target),
                    "{bytes} of {total_bytes} [{wide_bar}] {bytes_per_sec}, {eta} left",
                ),
                None => {
                    (ProgressBar::with_draw_target(None, target), "{spinner} {bytes} of log, {bytes_per_sec}")
                }
            };
            match ProgressStyle::with_template(template) {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        bar.set_position(self.done);
    }

    /// Takes the bar away.
    pub fn finish(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
