//! Where a storm's files go: into a folder, or nowhere where only the log is wanted.

use super::error::SimulateError;
use crate::cli::SimulateArgs;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

/// What stands for standard output where a path is asked for.
const STREAM: &str = "-";

/// The folder that the options name; none where only the log is wanted.
pub fn folder(args: &SimulateArgs) -> Option<&Path> {
    args.dir.as_deref().filter(|dir| *dir != Path::new(STREAM))
}

/// Whether production.log goes to standard output.
pub fn streams(args: &SimulateArgs) -> bool {
    args.stdout || folder(args).is_none()
}

/// Where the files of a storm go.
#[derive(Clone, Debug)]
pub enum Place {
    /// Into this folder.
    Folder(PathBuf),
    /// They are not wanted.
    Nowhere,
}

/// A file being written, and its name for errors.
pub struct Output {
    path: PathBuf,
    to: BufWriter<Box<dyn Write>>,
}

impl Place {
    /// A new file; the folders above it are made.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn file(&self, name: &str, buffer: usize) -> Result<Output, SimulateError> {
        let (path, to): (_, Box<dyn Write>) = match self {
            Self::Nowhere => (PathBuf::from(name), Box::new(io::sink())),
            Self::Folder(folder) => {
                let path = folder.join(name);
                let above = path.parent().unwrap_or(folder);
                fs::create_dir_all(above).map_err(SimulateError::io("create", above))?;
                let file = File::create(&path).map_err(SimulateError::io("create", &path))?;
                (path, Box::new(file))
            }
        };
        Ok(Output { path, to: BufWriter::with_capacity(buffer, to) })
    }
}

impl Output {
    /// Writes so many bytes, or more at a time.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), SimulateError> {
        self.to.write_all(bytes).map_err(SimulateError::io("write", &self.path))
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self) -> Result<(), SimulateError> {
        self.to.flush().map_err(SimulateError::io("write", &self.path))
    }
}

/// Where production.log and its rotated set go.
#[derive(Clone, Debug)]
pub enum LogPlace {
    /// Into this folder.
    Folder(PathBuf),
    /// One file, to standard output.
    Stdout,
}

impl LogPlace {
    /// The path of a file of the set, for errors too.
    pub fn path(&self, name: &str) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.join(name),
            Self::Stdout => PathBuf::from("standard output"),
        }
    }

    /// Makes a file of the set.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create(&self, name: &str) -> io::Result<File> {
        match self {
            Self::Folder(folder) => File::create(folder.join(name)),
            // the set holds whole chunks back itself: std's own buffer of lines would only copy them
            Self::Stdout => io::stdout().as_fd().try_clone_to_owned().map(File::from),
        }
    }

    /// What the newest file is called in the truth.
    pub const fn current(&self) -> &'static str {
        match self {
            Self::Folder(_) => "production.log",
            Self::Stdout => STREAM,
        }
    }
}
