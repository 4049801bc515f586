//! Another program's answer, within bounds: a command and its input in, what it wrote out.
//!
//! A program that takes too long is ended, with all that it started. A shell is never between.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// More is no inventory's.
const MAX_STDOUT: u64 = 256 << 20;
/// Of more the first part says why.
const MAX_STDERR: u64 = 64 << 10;

/// What a program wrote, when it was content.
#[derive(Debug)]
pub(super) struct Answer {
    pub stdout: String,
    /// Its lines that are not empty.
    pub stderr: Vec<String>,
}

/// Why there is no answer, and the way out.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("{0} is not there: install ansible-core, or add its folder to PATH")]
    NotThere(String),
    #[error("{0} cannot be started: {1}")]
    Start(String, std::io::Error),
    #[error("{0} gave no answer within {1} s and was ended; run it by hand to see what it waits for")]
    TooLong(String, u64),
    #[error("{program} failed ({status}); it says: {words}")]
    Failed { program: String, status: String, words: String },
    #[error("{0} answered with more than {MAX_STDOUT} bytes, or with what is no text")]
    NoText(String),
}

/// Runs it to its end.
pub(super) fn run(mut command: Command, input: &str, patience: Duration) -> Result<Answer, NoAnswer> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => NoAnswer::NotThere(name.clone()),
        _ => NoAnswer::Start(name.clone(), error),
    })?;
    let until = Instant::now() + patience;
    if let Some(mut stdin) = child.stdin.take() {
        let input = input.to_owned();
        // a program that does not read its input closes the pipe
        std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    }
    let stdout = drained(child.stdout.take(), MAX_STDOUT);
    let stderr = drained(child.stderr.take(), MAX_STDERR);
    let too_long = || NoAnswer::TooLong(name.clone(), patience.as_secs());
    let outcome = wait(&mut child, until).and_then(|status| {
        let left = || until.saturating_duration_since(Instant::now()).max(Duration::from_millis(100));
        Some((status, stdout.recv_timeout(left()).ok()?, stderr.recv_timeout(left()).ok()?))
    });
    let Some((status, stdout, stderr)) = outcome else {
        end(&mut child);
        return Err(too_long());
    };
    let stderr = String::from_utf8_lossy(&stderr);
    let lines: Vec<String> =
        stderr.lines().map(str::trim_end).filter(|l| !l.is_empty()).map(str::to_owned).collect();
    if !status.success() {
        let words = if lines.is_empty() { "nothing".to_owned() } else { lines.join("\n    ") };
        return Err(NoAnswer::Failed { program: name, status: status.to_string(), words });
    }
    match String::from_utf8(stdout) {
        Ok(stdout) if stdout.len() as u64 <= MAX_STDOUT => Ok(Answer { stdout, stderr: lines }),
        _ => Err(NoAnswer::NoText(name)),
    }
}

/// Reads a pipe to its end beside the others, so that none of them fills up; keeps the first `most` bytes.
fn drained(pipe: Option<impl Read + Send + 'static>, most: u64) -> Receiver<Vec<u8>> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.by_ref().take(most + 1).read_to_end(&mut bytes);
            let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        }
        let _ = send.send(bytes);
    });
    receive
}

fn wait(child: &mut Child, until: Instant) -> Option<std::process::ExitStatus> {
    let mut pause = Duration::from_millis(2);
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if Instant::now() >= until {
            return None;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// Ends the program and what it started: they are a process group of their own.
fn end(child: &mut Child) {
    if let Ok(id) = i32::try_from(child.id())
        && let Some(group) = rustix::process::Pid::from_raw(id)
    {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, input: &str, patience: Duration) -> Result<Answer, NoAnswer> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        run(command, input, patience)
    }

    #[test]
    fn a_program_answers_or_says_why_not() {
        let long = Duration::from_secs(60);
        let answer = shell("cat; echo told >&2", "in", long).unwrap();
        assert_eq!((answer.stdout.as_str(), answer.stderr), ("in", vec!["told".to_owned()]));
        let failed = shell("echo why >&2; exit 3", "", long).unwrap_err().to_string();
        assert!(failed.contains("why") && failed.contains('3'), "{failed}");
        let nowhere = run(Command::new("no-such-program-here"), "", long).unwrap_err().to_string();
        assert!(nowhere.contains("install ansible-core"), "{nowhere}");
    }

    #[test]
    fn a_program_that_does_not_end_is_ended_with_what_it_started() {
        let since = Instant::now();
        // the inner sleep holds the pipes after the shell has gone
        let error = shell("sleep 600 & sleep 600", "", Duration::from_millis(300)).unwrap_err();
        assert!(matches!(error, NoAnswer::TooLong(..)));
        assert!(since.elapsed() < Duration::from_secs(60));
    }
}
