//! `reginfra bench-verdicts`: how often verdicts of `compare` are wrong, and changes missed, as tables.

use crate::at_once::cores;
use crate::cli::bench_verdicts::BenchVerdictsArgs;
use crate::compare::error_rates::{Cell, Counts, SESSIONS, SHIFTS, STORMS, Storms, count_all, wilson};
use crate::report::atomic;
use anyhow::{Context, bail};
use std::io::{Write, stderr};
use std::path::Path;

/// Sessions a side and shift of flat storms that must be found.
const MUST_FIND: [(usize, f64); 2] = [(1500, 0.10), (300, 0.25)];
/// Where the tables stand in a file.
const MARKERS: (&str, &str) = ("<!-- bench-verdicts -->\n", "<!-- /bench-verdicts -->");

/// Draws and compares; the tables go to stdout, or into a file.
///
/// # Errors
/// The file cannot be read or written, or has no markers.
pub fn run(args: &BenchVerdictsArgs) -> anyhow::Result<()> {
    let target = args.into.as_deref().map(|path| split(path).map(|parts| (path, parts))).transpose()?;
    let tell = |cell: &Cell, counts: &Counts| {
        if !args.quiet {
            let _ = writeln!(
                stderr(),
                "{}, {} sessions, {:.0} %: {} of {} pairs regressed, {} improved, create found in {}, too variable in {}, \
                 another figure in {}",
                cell.storms.name,
                cell.sessions,
                cell.shift * 100.0,
                counts.any_regressed,
                counts.pairs,
                counts.any_improved,
                counts.found,
                counts.too_variable,
                counts.beside
            );
        }
    };
    let threads = args.threads.map_or_else(cores, usize::from);
    let count = |cells: Vec<Cell>, seed: u64| -> Vec<(Cell, Counts)> {
        let counts = count_all(&cells, seed, threads, &tell);
        cells.into_iter().zip(counts).collect()
    };
    let done = count(cells(args), args.seed);
    let held_out = count(cells(args).into_iter().filter(is_bar).collect(), args.held_out_seed);
    let tables =
        format!("{}{}{}", tables(args, &done), held_out_table(args, &held_out), in_words(&done, &held_out));
    let (path, text) = match &target {
        Some((path, (before, after))) => (*path, format!("{before}{tables}{after}")),
        None => (Path::new("-"), tables),
    };
    match atomic::write_beside(path, |out| out.write_all(text.as_bytes())) {
        Err(error) if error.is_closed_pipe() => Ok(()),
        other => Ok(other?),
    }
}

// what stands before and after the tables
fn split(path: &Path) -> anyhow::Result<(String, String)> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{}: cannot be read; name a Markdown file", path.display()))?;
    let (Some(from), Some(to)) = (text.find(MARKERS.0), text.find(MARKERS.1)) else {
        bail!(
            "{}: has no markers; write {} and {} where the tables belong",
            path.display(),
            MARKERS.0.trim(),
            MARKERS.1
        );
    };
    let from = from + MARKERS.0.len();
    if to < from {
        bail!("{}: {} stands before {}", path.display(), MARKERS.1, MARKERS.0.trim());
    }
    Ok((text[..from].to_owned(), text[to..].to_owned()))
}

fn cells(args: &BenchVerdictsArgs) -> Vec<Cell> {
    let mut cells = Vec::new();
    for shift in SHIFTS {
        for storms in STORMS {
            for sessions in SESSIONS {
                let pairs = match (shift == 0.0, storms.runs) {
                    (true, _) => args.pairs,
                    (false, 1) => args.shifted_pairs,
                    // a pair of them is many runs
                    (false, _) => args.shifted_pairs.div_ceil(4),
                };
                cells.push(Cell { storms, sessions, shift, pairs: pairs as usize });
            }
        }
    }
    cells
}

fn tables(args: &BenchVerdictsArgs, done: &[(Cell, Counts)]) -> String {
    let mut out = format!(
        "`reginfra bench-verdicts --pairs {} --shifted-pairs {} --seed {} --held-out-seed {}`\n\nThe same settings on both sides: pairs with \
         any regression, and with any improvement, over all figures and groups.\n\n",
        args.pairs, args.shifted_pairs, args.seed, args.held_out_seed
    );
    out.push_str("| storms | sessions a run | pairs | any regression | 95 % interval | any improvement | create: too variable |\n");
    out.push_str("|---|---:|---:|---:|---:|---:|---:|\n");
    for (cell, counts) in done.iter().filter(|(cell, _)| cell.shift == 0.0) {
        out.push_str(&unchanged_row(cell, counts));
    }
    out.push_str(&total(done));
    out.push_str(
        "\nThe create slower by so much after: pairs in which `consumer_create_ms` of all registrations regressed, with the \
         95 % interval of that share. Another figure: pairs of all three in which something that had not changed got a verdict \
         of a change, better or worse, in all registrations or a group: any figure but the create, create + facts and creates \
         under way.\n\n| storms | sessions a run | pairs | 5 % | 10 % | 25 % | another figure |\n\
         |---|---:|---:|---:|---:|---:|---:|\n",
    );
    let key = |cell: &Cell| (cell.storms.name, cell.sessions);
    for (cell, _) in done.iter().filter(|(cell, _)| cell.shift == 0.0) {
        let shifted: Vec<&Counts> = done
            .iter()
            .filter(|(c, _)| c.shift > 0.0 && key(c) == key(cell))
            .map(|(_, counts)| counts)
            .collect();
        let mut shares: Vec<String> = shifted.iter().map(|c| share(c.found, c.pairs)).collect();
        let sum = |of: fn(&Counts) -> usize| shifted.iter().map(|counts| of(counts)).sum::<usize>();
        shares.push(share(sum(|counts| counts.beside), sum(|counts| counts.pairs)));
        let pairs = shifted.first().map_or(0, |counts| counts.pairs);
        out.push_str(&format!(
            "| {} | {} | {pairs} | {} |\n",
            cell.storms.name,
            cell.sessions,
            shares.join(" | ")
        ));
    }
    out
}

fn unchanged_row(cell: &Cell, counts: &Counts) -> String {
    let (low, high) = wilson(counts.any_regressed, counts.pairs);
    format!(
        "| {} | {} | {} | {} | {:.1} to {:.1} | {} | {} |\n",
        cell.storms.name,
        cell.sessions,
        counts.pairs,
        percent(counts.any_regressed, counts.pairs),
        low * 100.0,
        high * 100.0,
        percent(counts.any_improved, counts.pairs),
        percent(counts.too_variable, counts.pairs)
    )
}

// what the method is held to: storms that are unchanged, and two changes that it must find
fn is_bar(cell: &Cell) -> bool {
    cell.shift == 0.0 || cell.storms == STORMS[0] && MUST_FIND.contains(&(cell.sessions, cell.shift))
}

// whether the method fits more than the pairs that it was made with
fn held_out_table(args: &BenchVerdictsArgs, done: &[(Cell, Counts)]) -> String {
    let mut out = format!(
        "\nPairs of another seed ({}), held out.\n\n\
         | storms | sessions a run | create slower by | pairs | any regression | 95 % interval | any improvement | create found | another figure |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
        args.held_out_seed
    );
    for (cell, counts) in done {
        let (low, high) = wilson(counts.any_regressed, counts.pairs);
        let of_shifted =
            |found: usize| if cell.shift > 0.0 { share(found, counts.pairs) } else { "-".to_owned() };
        out.push_str(&format!(
            "| {} | {} | {:.0} % | {} | {} | {:.1} to {:.1} | {} | {} | {} |\n",
            cell.storms.name,
            cell.sessions,
            cell.shift * 100.0,
            counts.pairs,
            percent(counts.any_regressed, counts.pairs),
            low * 100.0,
            high * 100.0,
            percent(counts.any_improved, counts.pairs),
            of_shifted(counts.found),
            of_shifted(counts.beside)
        ));
    }
    out
}

// regressions and improvements of unchanged storms together
fn in_words(done: &[(Cell, Counts)], held_out: &[(Cell, Counts)]) -> String {
    let unchanged = || done.iter().chain(held_out).filter(|(cell, _)| cell.shift == 0.0);
    let wrong = |counts: &Counts| counts.any_regressed + counts.any_improved;
    let share = |counts: &Counts| wrong(counts) as f64 / counts.pairs.max(1) as f64;
    let of = |runs: fn(usize) -> bool| {
        let cells = unchanged().filter(|(cell, _)| runs(cell.storms.runs));
        let (found, pairs) = cells.fold((0, 0), |(f, p), (_, c)| (f + wrong(c), p + c.pairs));
        percent(found, pairs)
    };
    let Some((cell, worst)) = unchanged().max_by(|(_, a), (_, b)| share(a).total_cmp(&share(b))) else {
        return String::new();
    };
    format!(
        "\nWhere nothing has changed, any regression and any improvement is wrong. Pairs with a regression and pairs with an \
         improvement taken together, one with both counted twice, come over all rows of both seeds to {} of the number of \
         pairs with one run a side and {} with several, and to {} at worst ({}, {} sessions).\n",
        of(|runs| runs == 1),
        of(|runs| runs > 1),
        percent(wrong(worst), worst.pairs),
        cell.storms.name,
        cell.sessions
    )
}

fn percent(part: usize, of: usize) -> String {
    format!("{:.1} %", 100.0 * part as f64 / of.max(1) as f64)
}

fn share(found: usize, pairs: usize) -> String {
    let (low, high) = wilson(found, pairs);
    format!("{} ({:.0} to {:.0})", percent(found, pairs), low * 100.0, high * 100.0)
}

fn total(done: &[(Cell, Counts)]) -> String {
    let same = |of: fn(&Storms) -> bool| -> (usize, usize) {
        let cells = done.iter().filter(|(cell, _)| cell.shift == 0.0 && of(&cell.storms));
        cells.fold((0, 0), |(found, pairs), (_, c)| (found + c.any_regressed, pairs + c.pairs))
    };
    let mut out = String::new();
    for (name, (found, pairs)) in
        [("one run a side", same(|s| s.runs == 1)), ("several runs a side", same(|s| s.runs > 1))]
    {
        let (low, high) = wilson(found, pairs);
        out.push_str(&format!(
            "| all with {name} | | {pairs} | {:.1} % | {:.1} to {:.1} | | |\n",
            100.0 * found as f64 / pairs.max(1) as f64,
            low * 100.0,
            high * 100.0
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at_once::in_order;
    use crate::cli::{Cli, Command};
    use crate::compare::error_rates::seed_of;
    use clap::Parser;

    const PAGE: &str = include_str!("../../docs/compare.md");

    #[test]
    fn the_page_has_what_the_command_on_it_counts() {
        let line = PAGE.lines().find(|line| line.starts_with("`reginfra bench-verdicts --pairs ")).unwrap();
        let cli = Cli::try_parse_from(line.trim_matches('`').split(' ')).unwrap();
        let Command::BenchVerdicts(args) = cli.command else { panic!("{line}") };
        let cells = cells(&args);
        // the smallest flat storms, and those in bursts
        let rows = in_order(&[0, SESSIONS.len()], 2, |_, place| {
            let cell = &cells[*place];
            unchanged_row(cell, &cell.count(seed_of(args.seed, *place)))
        });
        for row in rows {
            assert!(
                PAGE.contains(&row),
                "stale: `make verdicts` writes docs/compare.md anew; now it is\n{row}"
            );
        }
    }

    #[test]
    fn verdicts_beside_the_change_are_told_of_all_shifts_together() {
        let cell = |shift: f64| Cell { storms: STORMS[0], sessions: 300, shift, pairs: 200 };
        let counts = |found: usize, beside: usize| Counts { pairs: 200, found, beside, ..Counts::default() };
        let done = [
            (cell(0.0), counts(0, 99)),
            (cell(0.05), counts(2, 3)),
            (cell(0.10), counts(100, 4)),
            (cell(0.25), counts(200, 5)),
        ];
        let args = Cli::try_parse_from(["reginfra", "bench-verdicts"]).unwrap();
        let Command::BenchVerdicts(args) = args.command else { panic!() };
        let row = "| flat | 300 | 200 | 1.0 % (0 to 4) | 50.0 % (43 to 57) | 100.0 % (98 to 100) | 2.0 % (1 to 3) |\n";
        let told = tables(&args, &done);
        assert!(told.contains(row), "{told}");
        let told = held_out_table(&args, &done[..2]);
        assert!(
            told.contains(" | - | - |\n") && told.contains(" | 1.0 % (0 to 4) | 1.5 % (1 to 4) |\n"),
            "{told}"
        );
    }

    #[test]
    fn tables_stand_between_the_markers() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a\n<!-- bench-verdicts -->\nold\n<!-- /bench-verdicts -->\nz\n")
            .unwrap();
        let (before, after) = split(file.path()).unwrap();
        assert_eq!(
            (before.as_str(), after.as_str()),
            ("a\n<!-- bench-verdicts -->\n", "<!-- /bench-verdicts -->\nz\n")
        );
        for bad in ["none", "<!-- /bench-verdicts -->\n<!-- bench-verdicts -->\n"] {
            std::fs::write(file.path(), bad).unwrap();
            assert!(split(file.path()).unwrap_err().to_string().contains("bench-verdicts"), "{bad}");
        }
    }

    #[test]
    fn a_pair_with_both_counts_twice_and_is_said_to() {
        let cell = |storms: Storms, shift: f64| Cell { storms, sessions: 300, shift, pairs: 200 };
        let counts = |any_regressed, any_improved| Counts {
            pairs: 200,
            any_regressed,
            any_improved,
            ..Counts::default()
        };
        let [one, several] = [STORMS[0], STORMS[4]];
        let done = [(cell(one, 0.0), counts(3, 5)), (cell(several, 0.0), counts(1, 2))];
        let held_out = [(cell(one, 0.0), counts(1, 1)), (cell(one, 0.25), counts(200, 7))];
        let told = in_words(&done, &held_out);
        let (words, figures) = told.split_once(" come over all rows of both seeds to ").unwrap();
        assert_eq!(
            figures,
            "2.5 % of the number of pairs with one run a side and 1.5 % with several, and to 4.0 % at worst \
             (flat, 300 sessions).\n"
        );
        assert!(words.ends_with("one with both counted twice,"), "{words}");
        // the page has the same words
        assert!(PAGE.contains(words), "{words}");
    }
}
