//! `reginfra bench-verdicts`.

use clap::Args;
use std::path::PathBuf;

/// How often verdicts of `compare` are wrong.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  reginfra bench-verdicts                          the tables of docs/compare.md, after some minutes
  reginfra bench-verdicts --pairs 40 --quiet       a quick look
  reginfra bench-verdicts --into docs/compare.md   the same, written between the file's markers

Exit codes: 0 done; 2 misuse, or a file that cannot be read or written.")]
pub struct BenchVerdictsArgs {
    /// Pairs of the same settings a kind and size of storms
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub pairs: u32,
    /// Pairs a shift; a fourth of them where runs are many
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub shifted_pairs: u32,
    /// Seed of every draw
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub seed: u64,
    /// Seed of the pairs that judge the method again
    #[arg(long, value_name = "SEED", default_value_t = 3_000_017)]
    pub held_out_seed: u64,
    /// Threads; without it one a core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// Write the tables into this file, between `<!-- bench-verdicts -->` and `<!-- /bench-verdicts -->`
    #[arg(long, value_name = "FILE")]
    pub into: Option<PathBuf>,
    /// Do not tell what is done
    #[arg(short, long)]
    pub quiet: bool,
}
