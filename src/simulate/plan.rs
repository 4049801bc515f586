//! Options in, a checked plan out.

use super::archive::{self, LawTruth, Planned};
use super::error::SimulateError;
use super::host::{Host, RELEASES, Weights};
use super::random::Random;
use super::rhythm::Rhythm;
use super::scale::Scales;
use super::steps::Step;
use super::topology::{Capsule, capsules};
use crate::cli::{CacheLines, SimulateArgs};
use crate::registration::session::Group;
use crate::timestamp::UtcOffset;

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;

/// Requests of a registration, and of one whose create fails: measured, near enough for the background's rate.
const REQUESTS: (f64, f64) = (34.0, 5.5);

/// The ways in that a storm knows, in the order of its weights.
pub const WAYS: [Group; 4] = [Group::SatelliteSsh, Group::CapsuleSsh, Group::CapsuleMqtt, Group::LbSsh];

/// Hosts beyond this number would share addresses.
const MOST_SESSIONS: u64 = 7_000_000;

/// Below the 1024 files that a process may usually have open.
const MOST_POOL: u16 = 900;

/// A storm that can be run: every option checked, every derived number fixed.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The options themselves.
    pub args: &'a SimulateArgs,
    /// Weights of ways in and of releases.
    pub weights: Weights,
    /// Every capsule; those of the pool last.
    pub capsules: Vec<Capsule>,
    /// First arrival, microseconds UTC.
    pub start: i64,
    /// From the first arrival to the last, were there no retries.
    pub length: i64,
    /// Background before and after, microseconds.
    pub lead: i64,
    /// The offset from the middle of the storm on.
    pub offset_after: UtcOffset,
    /// Katello says through which load balancer a host came: on some Satellites it does.
    pub balancer_line: bool,
    /// Capsules write cache=HIT and MISS lines: some do.
    pub cache_lines: bool,
    /// How much longer steps take.
    pub scales: Scales,
    /// When hosts come, and when the Satellite is slow.
    pub rhythm: Rhythm,
    /// Registrations: attempts of a storm, hosts of levels.
    pub sessions: u64,
    /// Levels of load, where the storm is a run of them.
    pub levels: Vec<Planned>,
    /// The law of their throughput.
    pub law: Option<LawTruth>,
}

impl<'a> Plan<'a> {
    /// Checks the options.
    ///
    /// # Errors
    /// Names the first option that cannot be followed, and what to give instead.
    pub fn new(args: &'a SimulateArgs) -> Result<Self, SimulateError> {
        check_numbers(args)?;
        let weights = Weights { ways: parse_mix(&args.mix)?, releases: parse_releases(&args.releases)? };
        let scales = Scales::parse(&args.scale)?;
        if args.pool == 0 && weights.ways[3] > 0.0 {
            return Err(refuse(
                "--pool",
                "0",
                "the mix has lb-ssh, which needs capsules behind the load balancer",
                "give 1 or more, or take lb-ssh out of --mix",
            ));
        }
        let mut random = Random::new(args.seed, 1);
        let (balancer_line, by_seed) = (random.chance(0.5), random.chance(0.5));
        let cache_lines = match args.cache_lines {
            CacheLines::Seed => by_seed,
            CacheLines::Yes => true,
            CacheLines::No => false,
        };
        let levels = archive::plan(&args.archive, &args.archive_law, args.start.0)?;
        if let Some(none) = args.scale_levels.iter().find(|load| !args.archive.contains(load)) {
            return Err(refuse(
                "--scale-levels",
                none.to_string(),
                "--archive has no such level",
                "give levels of --archive",
            ));
        }
        let mut sessions = args.sessions;
        let mut length = (args.sessions as f64 / args.rate * SECOND as f64) as i64;
        if let Some(last) = levels.last() {
            sessions = levels.iter().map(|level| u64::from(level.load)).sum();
            length = last.end() - args.start.0;
        }
        let mut capsules = capsules(args.pool);
        for capsule in &mut capsules {
            capsule.skew = ((random.unit() * 2.0 - 1.0) * args.clock_skew * SECOND as f64) as i64;
        }
        Ok(Self {
            args,
            weights,
            capsules,
            start: args.start.0,
            length,
            lead: i64::from(args.lead) * SECOND,
            offset_after: args.utc_offset_after.unwrap_or(args.utc_offset),
            balancer_line,
            cache_lines,
            scales,
            rhythm: Rhythm::drawn(args.seed, args.batch, args.slow_phases, args.start.0, length),
            sessions,
            levels,
            law: <LawTruth>::try_from(args.archive_law.as_slice()).ok(),
        })
    }

    /// What the host's step is scaled by that is asked for at a time.
    pub fn scale(&self, host: &Host, step: Step, at: i64) -> f64 {
        let only = &self.args.scale_levels;
        let level = || archive::level_of(&self.levels, host.number).filter(|_| !host.old);
        let own = only.is_empty() || level().is_some_and(|level| only.contains(&level.load));
        let of_step = if own { self.scales.of(step) } else { 1.0 };
        of_step * self.rhythm.times_as_long(if host.old { 0 } else { host.number }, at)
    }

    /// When the offset changes, microseconds UTC: a whole second, as an offset never changes within one.
    pub const fn offset_changes_at(&self) -> i64 {
        (self.start + self.length / 2) / SECOND * SECOND
    }

    /// Whether there is any background.
    pub fn has_background(&self) -> bool {
        self.args.noise > 0.0
    }

    /// Requests that the storm will make, near enough.
    pub fn storm_requests(&self) -> f64 {
        let failing = self.args.failures * 0.92;
        self.sessions as f64 * (REQUESTS.0 * (1.0 - failing) + REQUESTS.1 * failing)
    }

    /// Start of the log, microseconds UTC.
    pub fn log_start(&self) -> i64 {
        if self.has_background() { self.start - self.lead } else { self.start }
    }

    /// End of the dense part of the log, near enough.
    pub fn dense_end(&self) -> i64 {
        let storm_end = self.start + self.length + 40 * SECOND;
        if self.has_background() { storm_end + self.lead } else { storm_end }
    }

    /// Where a set of so many files is split: at equal times of the storm itself, so that registrations cross every seam.
    pub fn splits(&self) -> Vec<i64> {
        let files = i64::from(self.args.rotate);
        let length = self.length + 25 * SECOND;
        (1..files).map(|i| self.start + length / files * i).collect()
    }
}

fn refuse(
    option: &'static str,
    value: impl ToString,
    problem: &'static str,
    way_out: impl ToString,
) -> SimulateError {
    SimulateError::Option { option, value: value.to_string(), problem, way_out: way_out.to_string() }
}

fn check_numbers(args: &SimulateArgs) -> Result<(), SimulateError> {
    check_sizes(args)?;
    check_shares(args)?;
    check_times(args)
}

fn check_sizes(args: &SimulateArgs) -> Result<(), SimulateError> {
    if args.sessions == 0 {
        return Err(refuse("--sessions", 0, "a storm has at least one registration", "give 1 or more"));
    }
    if args.sessions > MOST_SESSIONS {
        return Err(refuse(
            "--sessions",
            args.sessions,
            "there are not so many addresses for clients",
            format!("give {MOST_SESSIONS} or fewer"),
        ));
    }
    if !(args.rate.is_finite() && args.rate > 0.0) {
        return Err(refuse(
            "--rate",
            args.rate,
            "registrations a second must be more than 0",
            "give a number such as 8 or 0.5",
        ));
    }
    if args.pool > MOST_POOL {
        return Err(refuse(
            "--pool",
            args.pool,
            "each capsule has an open file of its own",
            format!("give {MOST_POOL} or fewer"),
        ));
    }
    if args.rotate == 0 || args.rotate > 1000 {
        return Err(refuse(
            "--rotate",
            args.rotate,
            "a set has from 1 to 1000 files",
            "give 1 for a single file",
        ));
    }
    if args.rotate > 1 && super::place::streams(args) {
        return Err(refuse(
            "--rotate",
            args.rotate,
            "what goes to standard output is one file",
            "leave it out, or name a folder and leave out --stdout",
        ));
    }
    Ok(())
}

fn check_shares(args: &SimulateArgs) -> Result<(), SimulateError> {
    for (option, share) in [("--failures", args.failures), ("--reregistrations", args.reregistrations)] {
        if !(0.0..=1.0).contains(&share) {
            return Err(refuse(
                option,
                share,
                "a share is from 0 to 1",
                "give a number such as 0.02 for 2 of a hundred",
            ));
        }
    }
    if !(0.0..=100.0).contains(&args.noise) {
        return Err(refuse(
            "--noise",
            args.noise,
            "background requests for each request of the storm are from 0 to 100",
            "give a number such as 0.3",
        ));
    }
    Ok(())
}

fn check_times(args: &SimulateArgs) -> Result<(), SimulateError> {
    if !(0.0..=86_400.0).contains(&args.clock_skew) {
        return Err(refuse(
            "--clock-skew",
            args.clock_skew,
            "a skew is from 0 to 86400 seconds",
            "give a number such as 2.5",
        ));
    }
    // years 1971 to 2200: whatever the options, every time of the storm can be shown
    let seconds = args.start.secs();
    let length = args.sessions as f64 / args.rate;
    if !(31_536_000..7_258_118_400).contains(&seconds) {
        return Err(refuse(
            "--start",
            args.start,
            "a storm starts in the years 1971 to 2199",
            "give a time such as 2026-04-04T10:00:00Z",
        ));
    }
    // the probes of capsules alone would fill the disk
    if length > 30.0 * 86_400.0 {
        return Err(refuse(
            "--rate",
            args.rate,
            "the storm would last more than 30 days",
            "give a higher rate or fewer --sessions",
        ));
    }
    Ok(())
}

fn parse_mix(mix: &str) -> Result<[f64; 4], SimulateError> {
    parse_weights("--mix", mix, WAYS.map(Group::name), "GROUP")
}

fn parse_releases(releases: &str) -> Result<[f64; 3], SimulateError> {
    parse_weights("--releases", releases, RELEASES, "EL")
}

// NAME=WEIGHT,... in the order of the names; `kind` is what a name is of
fn parse_weights<const N: usize>(
    option: &'static str,
    text: &str,
    names: [&str; N],
    kind: &str,
) -> Result<[f64; N], SimulateError> {
    let refused = |problem| {
        refuse(option, text, problem, format!("give {kind}=WEIGHT,... with any of {}", names.join(", ")))
    };
    let mut weights = [0.0; N];
    let mut seen = [false; N];
    for part in text.split(',') {
        let (name, weight) = part.split_once('=').ok_or_else(|| refused("a part has no = and weight"))?;
        let at = names
            .iter()
            .position(|known| *known == name.trim())
            .ok_or_else(|| refused("a name is not known"))?;
        let weight: f64 = weight.trim().parse().map_err(|_| refused("a weight is not a number"))?;
        if !(0.0..=1e9).contains(&weight) {
            return Err(refused("a weight is below 0 or too large"));
        }
        if std::mem::replace(&mut seen[at], true) {
            return Err(refused("a name stands there twice"));
        }
        weights[at] = weight;
    }
    if weights.iter().all(|w| *w == 0.0) {
        return Err(refused("every weight is 0"));
    }
    Ok(weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_names_groups_and_weights() {
        assert_eq!(parse_mix("satellite-ssh=1, lb-ssh=2.5").unwrap(), [1.0, 0.0, 0.0, 2.5]);
    }

    #[test]
    fn a_bad_mix_is_refused_with_the_groups_that_there_are() {
        for bad in [
            "",
            "lb-ssh",
            "lb-ssh=x",
            "lb-ssh=-1",
            "lb-ssh=0",
            "unknown=1",
            "lb-ssh=1,lb-ssh=1",
            "lb-ssh=NaN",
        ] {
            let message = parse_mix(bad).unwrap_err().to_string();
            assert!(message.starts_with("--mix") && message.contains("capsule-mqtt"), "{bad}: {message}");
        }
        let message = parse_releases("7=1").unwrap_err().to_string();
        assert!(message.starts_with("--releases") && message.contains("8, 9, 10"), "{message}");
    }
}
