//! measurement.log in, levels of load out.
//!
//! Rows are what Python's csv module writes: `command,log,rc,since,until,katello,satellite,run[,results]`, epochs in
//! seconds. A level is a row of reg-average.py on a log whose name ends with the level:
//! `experiment/reg-average.py 'Execute registration' 'run-X/50-concurrent-exec-8.log',run-X/50-...log,0,1.5,9.5,k,s,run-X,results.items...`
//! Its epochs are those of the first and last client that got through. The playbook's own row (`run-X/50-concurrent-exec-8.log`)
//! has the epochs of the whole step, retries included. All other rows are ignored.

use super::error::ArchiveError;
use crate::timestamp::Timestamp;
use std::io::Read;

/// The longest measurement.log; a run of a day has 100 kB.
const LONGEST: u64 = 64 << 20;
/// What names the clients' lines.
pub const TASK: &str = "Execute registration";

/// A level of load: so many hosts that were told to register at the same time.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Hosts at the same time.
    pub load: u32,
    /// The playbook's log, such as `50-concurrent-exec-8.log`.
    pub log: String,
    /// Its row in measurement.log, from 1.
    pub line: usize,
    /// Start of the first client that got through.
    pub since: Timestamp,
    /// End of the last one.
    pub until: Timestamp,
    /// Start and end of the whole step, where the playbook has a row.
    pub step: Option<(Timestamp, Timestamp)>,
    /// Clients that got through at their first try.
    pub passed: u64,
    /// `katello-4.16.0-1.el9.noarch`, where the row tells.
    pub katello: Option<String>,
    /// `satellite-6.17.0-1.el9sat.noarch`, where the row tells.
    pub satellite: Option<String>,
}

impl Level {
    /// Start of the first client by whole seconds, as the Satellite's log has them.
    pub const fn start(&self) -> Timestamp {
        Timestamp(self.since.0.div_euclid(1_000_000) * 1_000_000)
    }

    /// Seconds from the first client's start to the last one's end.
    pub fn seconds(&self) -> f64 {
        (self.until.0 - self.since.0) as f64 / 1e6
    }

    /// The file of its status data.
    pub fn status_data(&self) -> String {
        format!("{}-{TASK}.log.json", self.log.trim_end_matches(".log"))
    }
}

/// What measurement.log says.
#[derive(Debug, Default)]
pub struct Measurements {
    /// In the order of time.
    pub levels: Vec<Level>,
    /// What was left out, in words.
    pub notes: Vec<String>,
}

/// Reads levels. `path` is for errors.
///
/// # Errors
/// A row of a level that cannot be read, levels that overlap, none at all.
pub fn read(file: impl Read, path: &str) -> Result<Measurements, ArchiveError> {
    let mut bytes = Vec::new();
    let unreadable = |words: String| ArchiveError::Unreadable { name: path.to_owned(), words };
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|e| unreadable(e.to_string()))?;
    if bytes.len() as u64 > LONGEST {
        return Err(unreadable(format!("it is longer than {LONGEST} bytes: that is no measurement.log")));
    }
    let malformed =
        |line: usize, words: String| ArchiveError::Malformed { path: path.to_owned(), line, words };
    let (rows, torn) =
        rows(&String::from_utf8_lossy(&bytes)).map_err(|(line, words)| malformed(line, words))?;
    let Measurements { mut levels, mut notes } = Measurements::default();
    for (line, row) in &rows {
        let level = level(*line, row).map_err(|words| malformed(*line, words))?;
        let Some(mut level) = level else { continue };
        level.step = rows.iter().filter(|(at, _)| at < line).rev().find_map(|(_, row)| step(row, &level));
        if level.passed == 0 {
            // no client got through: the level has no epochs but its step's
            let Some(step) = level.step else {
                notes.push(format!(
                    "{path}:{line}: level {}: no client got through, and no row of ansible-playbook on {} tells when it \
                     ran: the level is left out",
                    level.load, level.log
                ));
                continue;
            };
            (level.since, level.until) = step;
        }
        if let Some(before) = levels.last().filter(|before| level.since < before.until) {
            let seconds = (before.until.0 - level.since.0) as f64 / 1e6;
            let (load, before) = (level.load, before.line);
            return Err(ArchiveError::Overlap { path: path.to_owned(), line: *line, load, seconds, before });
        }
        levels.push(level);
    }
    if let Some(line) = torn {
        let words = "a quote is opened here and never closed";
        if levels.is_empty() {
            return Err(malformed(line, words.to_owned()));
        }
        notes.push(format!("{path}:{line}: {words}: the rows before it are used"));
    }
    if levels.is_empty() {
        return Err(ArchiveError::NoLevel { path: path.to_owned(), rows: rows.len() });
    }
    Ok(Measurements { levels, notes })
}

// none where the row is of no level
fn level(line: usize, row: &[String]) -> Result<Option<Level>, String> {
    let field = |at: usize| row.get(at).map(String::as_str).unwrap_or_default();
    let Some((log, load)) = log_of(field(0)) else { return Ok(None) };
    if row.len() < 8 {
        return Err(format!("the row of level {load} has {} fields, and 8 are the fewest", row.len()));
    }
    let rc: i64 = field(2).parse().map_err(|_| format!("rc '{}' is no number", field(2)))?;
    let name = |at: usize| Some(field(at).to_owned()).filter(|text| !text.is_empty() && text != "N/A");
    let mut level = Level {
        load,
        log,
        line,
        since: Timestamp::MIN,
        until: Timestamp::MIN,
        step: None,
        passed: 0,
        katello: name(5),
        satellite: name(6),
    };
    // reg-average.py that finds no line ends with 1 and has no epochs
    if rc != 0 {
        return Ok(Some(level));
    }
    level.since = epoch("since", field(3))?;
    level.until = epoch("until", field(4))?;
    if level.until < level.since {
        return Err(format!("level {load} ends before it starts ({} to {})", field(3), field(4)));
    }
    let passed = result(field(8), "results.items.passed").unwrap_or_default();
    level.passed = passed.parse().map_err(|_| format!("results.items.passed '{passed}' is no number"))?;
    Ok(Some(level))
}

fn step(row: &[String], level: &Level) -> Option<(Timestamp, Timestamp)> {
    let field = |at: usize| row.get(at).map(String::as_str);
    let own = field(0)?.trim_start().starts_with("ansible-playbook");
    let log = field(1)?.rsplit('/').next()? == level.log;
    let (start, end) = (epoch("", field(3)?).ok()?, epoch("", field(4)?).ok()?);
    // epochs of a step are whole seconds, cut off
    let end = Timestamp(end.0 + 1_000_000);
    (own && log && start <= end).then_some((start, end))
}

// `experiment/reg-average.py 'Execute registration' 'run-X/50-concurrent-exec-8.log'`
fn log_of(command: &str) -> Option<(String, u32)> {
    let words = command.strip_prefix("experiment/reg-average.")?;
    let mut quoted = words.split('\'').skip(1).step_by(2);
    if quoted.next()? != TASK {
        return None;
    }
    let log = quoted.next()?.rsplit('/').next()?;
    let (_, load) = log.strip_suffix(".log")?.split_once("-concurrent-exec-")?;
    let load = load.parse().ok().filter(|load| *load > 0)?;
    Some((log.to_owned(), load))
}

fn epoch(what: &str, text: &str) -> Result<Timestamp, String> {
    // years 1971 to 2200
    let seconds = text.parse::<f64>().ok().filter(|s| (31_536_000.0..7_258_118_400.0).contains(s));
    let seconds = seconds.ok_or_else(|| format!("{what} '{text}' is no time in seconds since 1970"))?;
    Ok(Timestamp((seconds * 1e6).round() as i64))
}

// `results.items.duration=1.0 results.items.passed=8`
fn result<'a>(results: &'a str, key: &str) -> Option<&'a str> {
    results.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
}

/// Rows, and the lines on which they start.
type Rows = Vec<(usize, Vec<String>)>;

/// Stands behind the last row; where a quote is never closed it is a part of a field.
const END: &str = "\n=END=\n";

// rows up to a quote that is never closed, and the line of the row in which it is
fn rows(text: &str) -> Result<(Rows, Option<usize>), (usize, String)> {
    let text = text.to_owned() + END;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let (mut rows, mut line, mut counted) = (Rows::new(), 1, 0);
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| (line, error.to_string()))? {
        // where a row begins is told with the line ends before it
        let told = record.position().map_or(0, csv::Position::byte) as usize;
        let start = told + text.bytes().skip(told).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        line += text.bytes().take(start).skip(counted).filter(|byte| *byte == b'\n').count();
        counted = start;
        let end = reader.position().byte() as usize;
        if is_torn(text.get(start..end).unwrap_or_default().trim_end()) {
            return Ok((rows, Some(line)));
        }
        rows.push((line, record.iter().map(str::to_owned).collect()));
    }
    // the row that is END
    rows.pop();
    Ok((rows, None))
}

// a row that goes on through a level's, to the end, or to a quote that opens another field
fn is_torn(row: &str) -> bool {
    let through = |line: &str| line == END.trim() || log_of(line).is_some();
    row.lines().count() > 1 && (row.lines().skip(1).any(through) || has_stray_quote(row))
}

// one that neither begins nor ends a field; those in it are doubled
fn has_stray_quote(row: &str) -> bool {
    let single = row.replace("\"\"", "");
    let bytes = single.as_bytes();
    let border = |byte: Option<&u8>| byte.is_none_or(|byte| *byte == b',');
    let stray = |(at, _): (usize, &str)| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        !border(before) && !border(bytes.get(at + 1))
    };
    single.match_indices('"').any(stray)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(load: u32, since: &str, until: &str, passed: &str) -> String {
        format!(
            "experiment/reg-average.py 'Execute registration' 'run-1/50-concurrent-exec-{load}.log',run-1/x.log,0,{since},{until},\
             katello-4.16.0,satellite-6.17.0,run-1,results.items.duration=80.0 results.items.passed={passed} results.items.avg_duration=10.0\r\n"
        )
    }

    fn error(text: &str) -> String {
        read(text.as_bytes(), "m.log").unwrap_err().to_string()
    }

    #[test]
    fn levels_and_their_steps_are_read_and_all_else_is_ignored() {
        let text = format!(
            "\"ansible -m shell -a \"\"a, b\nc\"\"\",run-1/00-info.log,0,1775296000,1775296001,N/A,N/A,run-1\r\n\
             ansible-playbook x,run-1/50-concurrent-exec-8.log,0,1775296790,1775296900,k,s,run-1\r\n{}{}",
            row(8, "1775296800.25", "1775296850.5", "7"),
            row(16, "1775297000", "1775297060.75", "16")
        );
        let levels = read(text.as_bytes(), "m.log").unwrap().levels;
        assert_eq!(
            levels.iter().map(|l| (l.load, l.passed, l.line)).collect::<Vec<_>>(),
            [(8, 7, 4), (16, 16, 5)]
        );
        assert_eq!(levels[0].since, Timestamp(1_775_296_800_250_000));
        assert_eq!(levels[0].step.map(|s| s.1), Some(Timestamp(1_775_296_901_000_000)));
        assert_eq!((levels[1].step, levels[1].seconds()), (None, 60.75));
        assert_eq!(levels[0].status_data(), "50-concurrent-exec-8-Execute registration.log.json");
    }

    #[test]
    fn what_is_malformed_is_told_with_its_line() {
        let good = row(8, "1775296800", "1775296850", "8");
        for (bad, words) in [
            (row(16, "yesterday", "1775297060", "16"), "m.log:2: since 'yesterday' is no time"),
            (row(16, "1775297060", "1775297000", "16"), "m.log:2: level 16 ends before it starts"),
            (row(16, "1775297000", "1775297060", "many"), "m.log:2: results.items.passed 'many'"),
            (
                row(16, "1775297000", "1775297060", "16").split(",katello").next().unwrap().to_owned(),
                "has 5 fields",
            ),
            (
                row(16, "1775296849.5", "1775297060", "16"),
                "m.log:2: level 16 starts 0.500 s before the level of line 1",
            ),
            (row(16, "1775290000", "1775290060", "16"), "m.log:2: level 16 starts 6850.000 s before"),
        ] {
            let told = error(&format!("{good}{bad}"));
            assert!(told.contains(words), "{told}");
        }
        assert!(error("a,b,c\n").contains("none of its 1 rows"), "{}", error("a,b,c\n"));
    }

    #[test]
    fn a_level_that_nobody_got_through_has_its_steps_epochs() {
        let text = "ansible-playbook x,r/50-concurrent-exec-8.log,2,1775296790,1775296900,k,s,r\n\
            experiment/reg-average.py 'Execute registration' 'r/50-concurrent-exec-8.log',r/x.log,1,,,k,s,r,results.items.passed=\n";
        let levels = read(text.as_bytes(), "m.log").unwrap().levels;
        assert_eq!((levels[0].passed, levels[0].seconds()), (0, 111.0));
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_the_rows_behind_it_alone() {
        let [one, two] = [row(8, "1775296800", "1775296850", "8"), row(16, "1775297000", "1775297060", "16")];
        for torn in [
            "\"never closed,1\n2".to_owned(),
            "a,\"\n\n".to_owned(),
            // the next quote closes it, behind a level
            format!("x,\"never closed,1\n{two}\"ansible a\",b\n"),
            format!("x,\"never closed,1\n\"ansible a\",b\n{two}"),
        ] {
            let found = read(format!("{one}{torn}").as_bytes(), "m.log").unwrap();
            assert_eq!(found.levels.iter().map(|l| l.load).collect::<Vec<_>>(), [8], "{torn}");
            assert_eq!(
                found.notes,
                ["m.log:2: a quote is opened here and never closed: the rows before it are used"]
            );
            let told = error(&format!("a,b\n{torn}"));
            assert!(told.contains("m.log:2: a quote is opened here and never closed; mend"), "{told}");
        }
        let whole = read(format!("{one}\n\"a \"\"b\"\"\nc\",d").as_bytes(), "m.log").unwrap();
        assert_eq!((whole.levels.len(), whole.notes.len()), (1, 0));
    }

    #[test]
    fn a_level_whose_time_nothing_tells_is_left_out_with_a_word() {
        let nobody = "experiment/reg-average.py 'Execute registration' 'r/50-concurrent-exec-64.log',r/x.log,1,,,k,s,r,\n";
        let found =
            read(format!("{}{nobody}", row(8, "1775296800", "1775296850", "8")).as_bytes(), "m.log").unwrap();
        assert_eq!((found.levels.len(), found.notes.len()), (1, 1));
        assert!(found.notes[0].starts_with("m.log:2: level 64: no client got through"), "{:?}", found.notes);
    }
}
