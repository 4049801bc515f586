//! Rows of a comparison in; a table, JSON, Markdown or annotations of a workflow out.

pub mod json;
mod levels;
pub mod markdown;
mod notes;
pub mod text;

use crate::compare::comparable::Refusal;
use crate::compare::judge::{Figure, Options, Row, Subject, Verdict};
use crate::compare::levels::Pair;
use crate::compare::run::Run;
use crate::metrics::answer::Metric;
use crate::metrics::targets::Target;
use crate::registration::session::Group;
use crate::report::durations::{calls, digits, digits_of, millis, percent};

/// What is shown: levels of load, or all runs together.
#[derive(Clone, Copy, Debug)]
pub struct Comparisons<'a> {
    /// In the order of load.
    pub pairs: &'a [Pair],
    /// Of each pair, in the order in which they are shown.
    pub rows: &'a [Vec<Row>],
    /// What was asked.
    pub options: &'a Options,
    /// The changes that metrics lead to.
    pub targets: &'a [Target],
}

impl<'a> Comparisons<'a> {
    /// Each of them by itself, those that one side lacks too.
    pub(crate) fn each(&self) -> impl Iterator<Item = Comparison<'a>> {
        let Self { options, targets, .. } = *self;
        self.pairs.iter().zip(self.rows).map(move |(pair, rows)| {
            let Pair { level, before, after } = pair;
            Comparison { level: *level, before, after, options, rows, targets }
        })
    }

    /// The only one, where no archive was compared.
    pub(crate) fn whole(&self) -> Option<Comparison<'a>> {
        self.each().next().filter(|first| first.level.is_none())
    }

    /// Runs of a side as the user named them, each once.
    pub(crate) fn names(&self, side: impl Fn(&'a Pair) -> &'a [Run]) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        for run in self.pairs.iter().flat_map(side) {
            // all runs together may have one twice, and that is theirs to see
            if self.pairs.iter().all(|pair| pair.level.is_none()) || !names.contains(&run.name.as_str()) {
                names.push(&run.name);
            }
        }
        names
    }
}

/// One level, or all runs together.
#[derive(Clone, Copy, Debug)]
pub struct Comparison<'a> {
    /// None of all runs together.
    pub level: Option<u32>,
    /// Runs before.
    pub before: &'a [Run],
    /// Runs after.
    pub after: &'a [Run],
    /// What was asked.
    pub options: &'a Options,
    /// In the order in which they are shown.
    pub rows: &'a [Row],
    /// The changes that metrics lead to.
    pub targets: &'a [Target],
}

impl Comparison<'_> {
    /// Groups that have rows, `all` last as in the tables of metrics.
    pub(crate) fn groups(&self) -> Vec<Option<Group>> {
        let has = |group: &Option<Group>| self.rows.iter().any(|r| r.group == *group);
        Group::ALL.into_iter().map(Some).chain([None]).filter(has).collect()
    }

    pub(crate) fn of(&self, group: Option<Group>) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |r| r.group == group)
    }

    /// The side that has none of the level.
    pub(crate) fn lacks(&self) -> Option<&'static str> {
        match (self.before.is_empty(), self.after.is_empty()) {
            (true, _) => Some("before"),
            (_, true) => Some("after"),
            _ => None,
        }
    }

    /// Why nothing has a verdict, where one reason stands for all.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        common(self.rows.iter())
    }

    /// Why a group has no verdict, where one reason stands for all its rows.
    pub(crate) fn group_refusal(&self, group: Option<Group>) -> Option<&Refusal> {
        common(self.of(group))
    }

    /// The change that a row's metric leads to; the sum of create and facts leads to that of the create.
    pub(crate) fn optimisation(&self, row: &Row) -> Option<&Target> {
        let Subject::Metric(metric) = row.subject else { return None };
        let metric = if metric == Metric::CreateAndFactsMs { Metric::ConsumerCreateMs } else { metric };
        self.targets.iter().find(|t| t.metric == metric && t.may_help(row.group))
    }
}

/// Said where an interval leaves out what the verdict leaves in.
pub(crate) const ALONE: &str = "An interval is of one figure alone, a verdict holds among all of them and past the \
                                threshold: so an interval may leave out 0 where no change is seen.";

/// Whether a reader would take the interval for a change and finds no verdict of one.
pub(crate) fn stands_out_alone(row: &Row) -> bool {
    let leaves_out = |none: f64| move |(_, low, high): (f64, f64, f64)| low > none || high < none;
    row.verdict == Verdict::NoChangeSeen
        && row.difference.map_or_else(|| row.ratio.is_some_and(leaves_out(1.0)), leaves_out(0.0))
}

fn common<'a>(rows: impl Iterator<Item = &'a Row>) -> Option<&'a Refusal> {
    let mut found = None;
    let mut count = 0;
    for row in rows {
        let Verdict::NotComparable(refusal) = &row.verdict else { return None };
        if *found.get_or_insert(refusal) != refusal {
            return None;
        }
        count += 1;
    }
    found.filter(|_| count > 1)
}

pub(crate) fn group_label(group: Option<Group>) -> &'static str {
    group.map_or("All", Group::label)
}

pub(crate) fn group_name(group: Option<Group>) -> &'static str {
    group.map_or("all", Group::name)
}

pub(crate) fn label(subject: Subject) -> &'static str {
    match subject {
        Subject::Metric(Metric::ConsumerCreateMs) => "consumer create",
        Subject::Metric(Metric::ScriptFetchMs) => "script",
        Subject::Metric(Metric::HostRegisterMs) => "host",
        Subject::Metric(Metric::FactUpdateMs) => "facts",
        Subject::Metric(Metric::CreateAndFactsMs) => "create + facts",
        Subject::Metric(Metric::CapsuleScriptFetchMs) => "script, capsule",
        Subject::Metric(Metric::CapsuleHostRegisterMs) => "host, capsule",
        Subject::Metric(Metric::ComplianceCalls) => "compliance calls",
        Subject::Metric(Metric::StatusCalls) => "status calls",
        Subject::Metric(Metric::RedundantConsumerGets) => "redundant GETs",
        Subject::Metric(Metric::ScriptFetches) => "script fetches",
        Subject::Metric(Metric::ScriptCacheHitRate) => "cache hit rate",
        Subject::ErrorRate => "failed attempts",
        Subject::Throughput => "registered/s",
        Subject::CreatesUnderWay => "creates under way",
    }
}

pub(crate) fn verdict_words(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Improved => "improved",
        Verdict::Regressed => "REGRESSED",
        Verdict::NoChangeSeen => "no change seen",
        Verdict::Moved => "moved",
        Verdict::NotComparable(_) => "no verdict",
    }
}

pub(crate) fn verdict_name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Improved => "improved",
        Verdict::Regressed => "regressed",
        Verdict::NoChangeSeen => "no-change-seen",
        Verdict::Moved => "moved",
        Verdict::NotComparable(_) => "not-comparable",
    }
}

// why there is no verdict, or what a verdict means
pub(crate) fn because(row: &Row) -> Option<String> {
    let tail = || {
        let words = tails(row, row.by_tail?)?;
        Some(format!("by its slow end: {words}"))
    };
    meaning(&row.verdict, row.together.as_ref()).or_else(|| match row.verdict {
        Verdict::Improved | Verdict::Regressed => tail(),
        _ => None,
    })
}

/// Why there is no verdict; of a create or a fact update, what came of both together.
pub(crate) fn meaning(verdict: &Verdict, together: Option<&Verdict>) -> Option<String> {
    let words = || together.map_or("not known", plain);
    match verdict {
        Verdict::NotComparable(refusal) => Some(refusal.to_string()),
        Verdict::Moved => Some(format!(
            "work went between consumer create and fact update, which is no gain by itself; create + facts: {}",
            words()
        )),
        Verdict::Improved if together.is_some_and(|t| *t != Verdict::Improved) => {
            Some(format!("create + facts, which a host waits for: {}", words()))
        }
        _ => None,
    }
}

// `P95 7.9 s -> 23.6 s`
fn tails(row: &Row, share: f64) -> Option<String> {
    let (before, after) = row.tail.as_ref()?;
    Some(format!(
        "{} {} -> {}",
        percentile_name(share),
        value(row.subject, before),
        value(row.subject, after)
    ))
}

fn plain(verdict: &Verdict) -> &'static str {
    if *verdict == Verdict::Regressed { "regressed" } else { verdict_words(verdict) }
}

pub(crate) fn value(subject: Subject, figure: &Figure) -> String {
    figure.value.map_or_else(|| "-".to_owned(), |value| number(subject, value))
}

pub(crate) fn number(subject: Subject, value: f64) -> String {
    match subject {
        subject if subject.is_timing() => millis(value),
        subject if subject.is_share() => percent(value),
        _ => calls(value),
    }
}

/// The change that is told where there is room for one: of shares in points, else in per cent.
pub(crate) fn change(row: &Row) -> Option<(String, String)> {
    if row.subject.is_share() { difference(row) } else { ratio(row).or_else(|| difference(row)) }
}

/// What is after less before is of before: `+9.9 %`, with the interval `+5.6 to +14.3`.
pub(crate) fn ratio(row: &Row) -> Option<(String, String)> {
    let part = |ratio: f64| match (ratio - 1.0) * 100.0 {
        percent if percent.abs() < 999.95 => signed(percent, 1),
        percent => signed(percent, 0),
    };
    row.ratio.map(|three| with_interval(three, part, " %"))
}

/// A change of ten times or more as `x 116`, with the interval `x 105 to x 128`: shorter than in per cent.
pub(crate) fn times(row: &Row) -> Option<(String, String)> {
    let part = |ratio: f64| format!("x {}", digits(ratio, usize::from(ratio < 10.0)));
    row.ratio.filter(|(at, ..)| *at >= 10.0).map(|three| with_interval(three, part, ""))
}

/// After less before: `+250 ms`, with the interval `+141 to +361`; of shares in points.
pub(crate) fn difference(row: &Row) -> Option<(String, String)> {
    let three = row.difference?;
    let (at, low, high) = three;
    Some(match row.subject {
        subject if subject.is_share() => with_interval(three, |share| signed(share * 100.0, 1), " pt"),
        subject if subject.is_timing() => match [at, low, high].map(f64::abs).into_iter().fold(0.0, f64::max)
        {
            10_000.0.. => with_interval(three, |ms| signed(ms / 1000.0, 1), " s"),
            _ => with_interval(three, |ms| signed(ms, 0), " ms"),
        },
        // as many digits for a small change as its interval has
        _ => {
            let largest = [at, low, high].map(f64::abs).into_iter().fold(0.0, f64::max);
            let behind = if at == 0.0 { 2 } else { digits_of(largest) };
            with_interval(three, |calls| signed(calls, behind), "")
        }
    })
}

// `+1,234.5`; what rounds to nothing has no sign
fn signed(value: f64, behind: usize) -> String {
    let text = digits(value.abs(), behind);
    let sign = match value {
        _ if !text.contains(|digit: char| matches!(digit, '1'..='9')) => "",
        value if value < 0.0 => "-",
        _ => "+",
    };
    format!("{sign}{text}")
}

fn with_interval(
    (at, low, high): (f64, f64, f64),
    shown: impl Fn(f64) -> String,
    unit: &str,
) -> (String, String) {
    (format!("{}{unit}", shown(at)), format!("{} to {}", shown(low), shown(high)))
}

// `P95`, `P99.9`
fn percentile_name(share: f64) -> String {
    format!("P{}", (share * 1000.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_thousands_apart_and_nothing_has_no_sign() {
        let told = |values: &[f64], behind| values.iter().map(|v| signed(*v, behind)).collect::<Vec<_>>();
        assert_eq!(told(&[2211.4, -1221.0, 250.0, 0.0, -0.4], 0), ["+2,211", "-1,221", "+250", "0", "0"]);
        assert_eq!(told(&[999.94, -0.04, -0.05001, 12_345.67], 1), ["+999.9", "0.0", "-0.1", "+12,345.7"]);
        assert_eq!(told(&[-0.004, 0.006, -1234.5], 2), ["0.00", "+0.01", "-1,234.50"]);
    }

    #[test]
    fn a_large_change_reads_like_the_values_beside_it() {
        let figure = |value: f64| Figure { value: Some(value), interval: None, n: 100 };
        let row = |subject, ratio, difference| Row {
            group: None,
            subject,
            before: figure(296.0),
            after: figure(2507.0),
            tail: None,
            ratio: Some(ratio),
            difference: Some(difference),
            probability: None,
            inferred: false,
            verdict: Verdict::Regressed,
            by_tail: None,
            together: None,
        };
        let create = Subject::Metric(Metric::ConsumerCreateMs);
        let found = row(create, (8.47, 6.0, 110.57), (2211.0, 1480.2, 3462.0));
        let two = |at: &str, interval: &str| Some((at.to_owned(), interval.to_owned()));
        assert_eq!(difference(&found), two("+2,211 ms", "+1,480 to +3,462"));
        assert_eq!(ratio(&found), two("+747.0 %", "+500.0 to +10,957"));
        let none = row(Subject::Throughput, (0.9999, 0.99, 1.01), (-0.001, -1234.0, 0.004));
        assert_eq!(difference(&none), two("0.00", "-1,234.00 to 0.00"));
        assert_eq!(ratio(&none), two("0.0 %", "-1.0 to +1.0"));
        let far = row(create, (2.0, 1.5, 3.0), (1_234_560.0, 900_000.0, 2_000_000.0));
        assert_eq!(difference(&far), two("+1,234.6 s", "+900.0 to +2,000.0"));
    }
}
