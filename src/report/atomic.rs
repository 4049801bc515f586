//! Files written whole or not at all: beside their place first, renamed at the end.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file could not be written; what stood there before stands there still.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}{hint}", shown(.path))]
pub struct WriteError {
    /// Where it should have gone.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
    hint: &'static str,
}

impl WriteError {
    pub(crate) fn new(path: &Path, source: io::Error) -> Self {
        let hint = match source.kind() {
            io::ErrorKind::NotFound => "; make its folder first",
            io::ErrorKind::PermissionDenied => "; name a place that you may write to",
            io::ErrorKind::StorageFull => "; make room, or name another place",
            io::ErrorKind::AlreadyExists => "; move what is there away",
            io::ErrorKind::IsADirectory => "; name a file in it",
            _ => "",
        };
        Self { path: path.to_owned(), source, hint }
    }

    /// The reader of a pipe went away, which is a success.
    pub fn is_closed_pipe(&self) -> bool {
        self.source.kind() == io::ErrorKind::BrokenPipe
    }
}

/// Writes what `fill` gives to `path`; a file there is replaced only once all of it is written.
///
/// `-` is stdout. What is no regular file (a pipe, a device) is written straight; a link stays a link.
///
/// # Errors
/// Names the path and the way out; `fill`'s own errors come back the same way.
pub fn write_beside(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    let wrong = |source| WriteError::new(path, source);
    if is_stdout(path) {
        let mut out = BufWriter::new(io::stdout().lock());
        return fill(&mut out).and_then(|()| out.flush()).map_err(wrong);
    }
    let place = match fs::metadata(path) {
        Ok(there) if there.is_dir() => return Err(wrong(io::ErrorKind::IsADirectory.into())),
        Ok(there) if !there.is_file() || is_descriptor(path) => {
            let mut out = BufWriter::new(File::options().write(true).open(path).map_err(wrong)?);
            return fill(&mut out).and_then(|()| out.flush()).map_err(wrong);
        }
        Ok(_) => fs::canonicalize(path).map_err(wrong)?,
        Err(_) => path.to_owned(),
    };
    let beside = Beside::write(&place, |out| fill(out)).map_err(wrong)?;
    beside.put().map_err(wrong)
}

/// Writes a file of a folder that is being filled, with a mode; folders on the way are made.
///
/// # Errors
/// As `write_beside`.
#[cfg_attr(not(unix), allow(unused_variables, reason = "modes are of Unix"))]
pub fn write_with_mode(path: &Path, mode: u32, text: &str) -> Result<(), WriteError> {
    let wrong = |source| WriteError::new(path, source);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(wrong)?;
    }
    let beside = Beside::write(path, |out| out.write_all(text.as_bytes())).map_err(wrong)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&beside.file, fs::Permissions::from_mode(mode)).map_err(wrong)?;
    }
    beside.put().map_err(wrong)
}

/// How names of unfinished files begin and end.
pub(crate) const PART: (&str, &str) = (".reginfra-", ".part");

/// A finished file that is not in its place yet; closed, as there may be many.
#[derive(Debug)]
pub(crate) struct Beside {
    file: tempfile::TempPath,
    place: PathBuf,
}

impl Beside {
    pub(crate) fn write(
        place: &Path,
        fill: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
    ) -> io::Result<Self> {
        let folder = place.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(PART.0).suffix(PART.1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // the umask takes from it what it takes from any new file; a file that is replaced hands on its own
            let mode = fs::metadata(place).map_or(0o666, |there| there.permissions().mode() & 0o777);
            builder.permissions(fs::Permissions::from_mode(mode));
        }
        // its words name a file that is not there yet
        let plain = |error: io::Error| fs::metadata(folder).err().unwrap_or_else(|| error.kind().into());
        let file = builder.tempfile_in(folder).map_err(plain)?;
        let mut out = BufWriter::with_capacity(1 << 16, file.as_file());
        fill(&mut out)?;
        out.flush()?;
        drop(out);
        Ok(Self { file: file.into_temp_path(), place: place.to_owned() })
    }

    pub(crate) fn put(self) -> io::Result<()> {
        self.file.persist(&self.place).map_err(|e| e.error)
    }
}

fn shown(path: &Path) -> String {
    if is_stdout(path) { "standard output".to_owned() } else { path.display().to_string() }
}

fn is_stdout(path: &Path) -> bool {
    ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|p| path == Path::new(p))
}

/// `/dev/stderr > file` leads to a regular file that others write to as well: never renamed over.
fn is_descriptor(path: &Path) -> bool {
    ["/dev", "/proc"].iter().any(|p| path.starts_with(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_only_by_a_whole_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        write_beside(&path, |w| w.write_all(b"first")).unwrap();
        let failed = write_beside(&path, |w| {
            w.write_all(b"half")?;
            Err(io::Error::other("the disk burns"))
        });
        assert!(failed.unwrap_err().to_string().contains("the disk burns"));
        assert_eq!(
            (fs::read_to_string(&path).unwrap().as_str(), names(folder.path())),
            ("first", vec!["out".into()])
        );
        write_beside(&path, |w| w.write_all(b"second")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "second");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_a_mode_stays() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_beside(&link, |w| w.write_all(b"new")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn devices_are_written_straight_and_folders_refused() {
        write_beside(Path::new("/dev/null"), |w| w.write_all(b"x")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let refused = write_beside(folder.path(), |w| w.write_all(b"x")).unwrap_err().to_string();
        assert!(refused.contains("name a file in it"), "{refused}");
        let nowhere =
            write_beside(&folder.path().join("a/b"), |w| w.write_all(b"x")).unwrap_err().to_string();
        assert!(nowhere.contains("make its folder first"), "{nowhere}");
    }
}
