//! `reginfra man`: the command line's definitions in, one manual page a command out.
//!
//! clap_mangen fills the text after the options as one paragraph; ours holds examples whose lines must stay
//! lines, so these sections are written here.

use crate::cli::Cli;
use crate::report::atomic::write_beside;
use anyhow::Context;
use clap::builder::Resettable;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use std::fs;
use std::io;
use std::path::Path;

/// Writes reginfra.1 to stdout, or it and one page a subcommand into `folder`, which is made where it is not there.
///
/// # Errors
/// Stdout, the folder or a file in it cannot be written; says which.
pub fn run(folder: Option<&Path>) -> anyhow::Result<()> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let Some(folder) = folder else {
        return write_page(Path::new("-"), &command);
    };
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for command in std::iter::once(&command).chain(command.get_subcommands()) {
        let name = command.get_display_name().unwrap_or_else(|| command.get_name());
        write_page(&folder.join(format!("{name}.1")), command)?;
    }
    Ok(())
}

fn write_page(path: &Path, command: &Command) -> anyhow::Result<()> {
    let page = page(command)?;
    Ok(write_beside(path, |out| out.write_all(&page))?)
}

/// One page in roff.
fn page(command: &Command) -> io::Result<Vec<u8>> {
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let bare = command.clone().after_help(Resettable::Reset);
    let mut page = Vec::new();
    Man::new(bare)
        // the build has no date, and an empty one would let the next field slip into its place
        .date(" ")
        .source(format!("reginfra {}", env!("CARGO_PKG_VERSION")))
        .manual("reginfra manual")
        .render(&mut page)?;
    page.extend_from_slice(sections(&after).as_bytes());
    Ok(page)
}

/// The help text after the options: a paragraph that begins with `Words:` is a section, and where the colon ends
/// its first line the lines below stay as they are.
fn sections(after_help: &str) -> String {
    let mut roff = String::new();
    for paragraph in after_help.split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
        match headed(paragraph) {
            Some((heading, text)) => {
                // letters and blanks: nothing to escape
                roff.push_str(&format!(".SH \"{}\"\n", heading.to_uppercase()));
                roff.push_str(&if text.starts_with('\n') {
                    literal(text)
                } else {
                    escaped(text.trim_start())
                });
            }
            None => roff.push_str(&format!(".PP\n{}", escaped(paragraph))),
        }
    }
    roff
}

fn headed(paragraph: &str) -> Option<(&str, &str)> {
    let (heading, text) = paragraph.split_once(':')?;
    heading.chars().all(|c| c.is_alphabetic() || c == ' ').then_some((heading, text))
}

fn literal(lines: &str) -> String {
    format!(".nf\n{}.fi\n", escaped(lines.trim_start_matches('\n')))
}

/// Text that roff shows as it stands, each line ended.
fn escaped(text: &str) -> String {
    let mut roff = String::new();
    for line in text.trim_matches('\n').lines() {
        // a dot or a quote at a line's start would be a request
        if line.starts_with(['.', '\'']) {
            roff.push_str("\\&");
        }
        let line = line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
        roff.push_str(line.trim_end());
        roff.push('\n');
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::{escaped, sections};

    #[test]
    fn example_lines_stay_lines() {
        let roff =
            sections("Examples:\n  reginfra metrics --log DIR   all\n  .x\n\nExit codes: 0 done;\n2 misuse.");
        assert_eq!(
            roff,
            ".SH \"EXAMPLES\"\n.nf\n  reginfra metrics \\-\\-log DIR   all\n  .x\n.fi\n.SH \"EXIT CODES\"\n0 done;\n2 misuse.\n"
        );
    }

    #[test]
    fn a_paragraph_without_a_heading_is_text() {
        assert_eq!(
            sections("Writes DIR/production.log\nand more."),
            ".PP\nWrites DIR/production.log\nand more.\n"
        );
    }

    #[test]
    fn nothing_in_the_text_is_a_roff_request() {
        assert_eq!(escaped(".PP\n'br\na\\b"), "\\&.PP\n\\&\\(aqbr\na\\eb\n");
    }
}
