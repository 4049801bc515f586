//! Files of an inventory: a path in, its text out, within bounds of size and kind.

use super::error::{InventoryError, Problem};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// No inventory comes near it; a device or a log given by mistake must not fill the memory.
const MAX_BYTES: u64 = 32 << 20;

/// A file's bytes.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, InventoryError> {
    let wrong = |source| InventoryError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(wrong)?.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(wrong)?;
    if bytes.len() as u64 > MAX_BYTES {
        let what =
            format!("is longer than {} MiB, which no inventory is; name the right file", MAX_BYTES >> 20);
        return Err(InventoryError::Unusable { path: path.to_owned(), what });
    }
    Ok(bytes)
}

/// The text that the bytes are. Comments may hold bytes that are no text, as in Ansible.
pub(super) fn read_text(path: &Path, bytes: Vec<u8>) -> Result<String, InventoryError> {
    let line_of = |at: usize| bytes.iter().take(at).filter(|b| **b == b'\n').count() + 1;
    if let Some(at) = bytes.iter().position(|b| *b == 0) {
        return Err(InventoryError::line(path, line_of(at), Problem::NotText("it holds a NUL byte")));
    }
    let Err(error) = std::str::from_utf8(&bytes) else {
        return Ok(String::from_utf8(bytes).unwrap_or_default());
    };
    let mut text = String::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        match std::str::from_utf8(line) {
            Ok(line) => text.push_str(line),
            Err(_) if matches!(line.first(), Some(b'#' | b';')) => text.push_str("#\n"),
            Err(_) => {
                let line = text.lines().count() + 1;
                return Err(InventoryError::line(
                    path,
                    line.max(line_of(error.valid_up_to())),
                    Problem::NotText("it is not in UTF-8"),
                ));
            }
        }
    }
    Ok(text)
}

/// The path from the root on, `..` resolved by its words.
pub(super) fn absolute(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(clean.pop()),
            Component::CurDir => {}
            part => clean.push(part),
        }
    }
    clean
}
