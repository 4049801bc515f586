//! A tar archive, one pass: bytes in, names and contents of its members out, in memory that no archive decides.
//!
//! ustar, GNU (long names, sparse files, sizes in base 256) and PAX (path, linkpath, size, sparse maps) are read.
//! Holes of sparse files are left out: they are NULs, which no log line has. Nothing is ever written anywhere.

use super::stream::Skip;
use std::io::{self, Read};

const BLOCK: usize = 512;
/// A name that is longer names no log: the system takes none.
const LONGEST_NAME: u64 = 4096;
/// What is read of a PAX header; one that is longer is skipped.
const LONGEST_PAX: u64 = 1024 * 1024;

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A symbolic link.
    Symlink,
    /// A hard link to another member.
    HardLink,
    /// A folder, a device, a pipe.
    Other,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, as it stands in the archive; bytes that are no UTF-8 are replaced.
    pub path: String,
    /// What a link leads to.
    pub link: String,
    /// What it is.
    pub kind: Kind,
    /// Bytes that are stored of it.
    pub size: u64,
    /// When it was last written, in seconds since 1970.
    pub mtime: i64,
}

/// Reads an archive member by member.
pub struct Archive<R> {
    input: R,
    /// Bytes of the current member that were not read yet, and those that fill its last block.
    left: u64,
    padding: u64,
    members: u64,
    ended: bool,
}

impl<R: Skip> Archive<R> {
    /// Nothing is read yet.
    pub const fn new(input: R) -> Self {
        Self { input, left: 0, padding: 0, members: 0, ended: false }
    }

    /// Whether the archive's own end mark was seen.
    pub const fn ended(&self) -> bool {
        self.ended
    }

    /// The next member; none at the end.
    ///
    /// # Errors
    /// Of the input, and where it is no tar archive or is damaged.
    pub fn next(&mut self) -> io::Result<Option<Entry>> {
        let mut extended = Extended::default();
        loop {
            let rest = std::mem::take(&mut self.left).saturating_add(std::mem::take(&mut self.padding));
            self.input.skip(rest)?;
            let Some(header) = self.header()? else { return Ok(None) };
            self.members += 1;
            let size = extended.size.take().or_else(|| number(&header[124..136])).unwrap_or(0);
            let padding = size.checked_next_multiple_of(BLOCK as u64).map_or(0, |whole| whole - size);
            (self.left, self.padding) = (size, padding);
            match header[156] {
                b'x' => extended.pax(&self.text(LONGEST_PAX)?),
                b'L' => extended.path = Some(long_name(&self.text(LONGEST_NAME)?)),
                b'K' => extended.link = Some(long_name(&self.text(LONGEST_NAME)?)),
                // a global header speaks of no member that we look for
                b'g' => {}
                flag => {
                    let entry = self.entry(&header, flag, extended)?;
                    return Ok(Some(entry));
                }
            }
        }
    }

    fn entry(&mut self, header: &[u8; BLOCK], flag: u8, extended: Extended) -> io::Result<Entry> {
        let kind = match flag {
            0 | b'0' | b'7' | b'S' => Kind::File,
            b'1' => Kind::HardLink,
            b'2' => Kind::Symlink,
            _ => Kind::Other,
        };
        if flag == b'S' {
            self.skip_old_sparse_map(header)?;
        }
        if extended.sparse_in_data {
            self.skip_sparse_map()?;
        }
        if matches!(kind, Kind::HardLink | Kind::Symlink) {
            // some writers give a link the size of what it leads to, and no bytes
            (self.left, self.padding) = (0, 0);
        }
        Ok(Entry {
            path: extended.sparse_name.or(extended.path).unwrap_or_else(|| name_of(header)),
            link: extended.link.unwrap_or_else(|| text_of(&header[157..257])),
            kind,
            size: self.left,
            mtime: number(&header[136..148]).and_then(|n| i64::try_from(n).ok()).unwrap_or(0),
        })
    }

    // a header whose checksum is right; none at the end
    fn header(&mut self) -> io::Result<Option<[u8; BLOCK]>> {
        let mut block = [0; BLOCK];
        let n = read_up_to(&mut self.input, &mut block)?;
        if n == 0 && self.members > 0 {
            return Ok(None);
        }
        if n < BLOCK {
            return Err(if self.members == 0 { not_tar() } else { cut("in the header of a member") });
        }
        if block.iter().all(|b| *b == 0) {
            self.ended = true;
            return Ok(None);
        }
        if !checksum_is_right(&block) {
            return Err(if self.members == 0 {
                not_tar()
            } else {
                damaged("the header of a member is damaged")
            });
        }
        Ok(Some(block))
    }

    // the content of a header's own member, none where it is longer
    fn text(&mut self, longest: u64) -> io::Result<Vec<u8>> {
        if self.left > longest {
            return Ok(Vec::new());
        }
        let mut bytes = vec![0; self.left as usize];
        let n = read_up_to(&mut self.input, &mut bytes)?;
        self.left -= n as u64;
        if self.left > 0 { Err(cut("in a long name")) } else { Ok(bytes) }
    }

    // GNU's old form: more of the map follows the header as long as a byte says so
    fn skip_old_sparse_map(&mut self, header: &[u8; BLOCK]) -> io::Result<()> {
        let mut more = header[482] != 0;
        while more {
            let mut block = [0; BLOCK];
            if read_up_to(&mut self.input, &mut block)? < BLOCK {
                return Err(cut("in the map of a sparse file"));
            }
            more = block[504] != 0;
        }
        Ok(())
    }

    // PAX's form 1.0: the map stands before the content, as decimal numbers, a line each, filled up to a block
    fn skip_sparse_map(&mut self) -> io::Result<()> {
        let (mut wanted, mut seen): (Option<u64>, u64) = (None, 0);
        let mut number = 0u64;
        while wanted.is_none_or(|wanted| seen < wanted) {
            let mut block = [0; BLOCK];
            if self.left < BLOCK as u64 || read_up_to(&mut self.input, &mut block)? < BLOCK {
                return Err(damaged("the map of a sparse file is damaged"));
            }
            self.left -= BLOCK as u64;
            for b in block {
                match b {
                    b'0'..=b'9' => number = number.saturating_mul(10).saturating_add(u64::from(b - b'0')),
                    b'\n' if wanted.is_none() => {
                        wanted = Some(number.saturating_mul(2));
                        number = 0;
                    }
                    b'\n' => seen += 1,
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// Whether bytes are those of an archive, told from its first block.
///
/// # Errors
/// Of the input.
pub fn is_tar(input: &mut impl Read) -> io::Result<bool> {
    let mut block = [0; BLOCK];
    let n = read_up_to(input, &mut block)?;
    Ok(n == BLOCK && (&block[257..262] == b"ustar" || checksum_is_right(&block)))
}

/// The content of the current member.
impl<R: Skip> Read for Archive<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let want = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if want == 0 {
            return Ok(0);
        }
        let n = self.input.read(&mut buffer[..want])?;
        if n == 0 {
            return Err(cut("in the middle of a member"));
        }
        self.left -= n as u64;
        Ok(n)
    }
}

/// What headers in front of a member say of it.
#[derive(Default)]
struct Extended {
    path: Option<String>,
    link: Option<String>,
    size: Option<u64>,
    sparse_name: Option<String>,
    sparse_in_data: bool,
}

impl Extended {
    // records `LENGTH KEY=VALUE\n`, where LENGTH counts all of it
    fn pax(&mut self, mut records: &[u8]) {
        while let Some(space) = records.iter().position(|b| *b == b' ') {
            let length = std::str::from_utf8(&records[..space]).ok().and_then(|n| n.parse::<usize>().ok());
            let Some(record) = length.and_then(|n| records.get(space + 1..n)) else { return };
            records = &records[space + 1 + record.len()..];
            let record = record.strip_suffix(b"\n").unwrap_or(record);
            let Some(equals) = record.iter().position(|b| *b == b'=') else { continue };
            if record.len() as u64 - equals as u64 > LONGEST_NAME {
                continue;
            }
            let value = String::from_utf8_lossy(&record[equals + 1..]).into_owned();
            match &record[..equals] {
                b"path" => self.path = Some(value),
                b"linkpath" => self.link = Some(value),
                b"size" => self.size = value.parse().ok(),
                b"GNU.sparse.name" => self.sparse_name = Some(value),
                b"GNU.sparse.major" => self.sparse_in_data = value == "1",
                _ => {}
            }
        }
    }
}

// its own field counts as spaces
fn checksum_is_right(block: &[u8; BLOCK]) -> bool {
    let sum = |bytes: &[u8]| bytes.iter().map(|b| u64::from(*b)).sum::<u64>();
    number(&block[148..156]) == Some(sum(block) - sum(&block[148..156]) + 8 * u64::from(b' '))
}

fn name_of(header: &[u8; BLOCK]) -> String {
    let name = text_of(&header[..100]);
    // only POSIX's own form has a prefix there; GNU's has times
    if &header[257..263] == b"ustar\0" && header[345] != 0 {
        format!("{}/{name}", text_of(&header[345..500]))
    } else {
        name
    }
}

fn long_name(bytes: &[u8]) -> String {
    text_of(bytes)
}

fn text_of(field: &[u8]) -> String {
    let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

// octal, or base 256 where the first bit is set
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        let (first, rest) = (u64::from(field[0] & 0x7f), &field[1..]);
        return rest.iter().try_fold(first, |n, b| n.checked_mul(256)?.checked_add(u64::from(*b)));
    }
    let text = std::str::from_utf8(field).ok()?.trim_matches(|c| c == ' ' || c == '\0');
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

fn read_up_to(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

fn not_tar() -> io::Error {
    damaged(
        "it is no tar archive: a sosreport is one (.tar, .tar.xz, .tar.gz, .tar.bz2, .tar.zst); logs go to --log",
    )
}

fn damaged(words: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, words)
}

fn cut(place: &str) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, format!("it ends {place}: it was cut"))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Plain<'a>(&'a [u8]);
    impl Read for Plain<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }
    impl Skip for Plain<'_> {}

    fn members(bytes: &[u8]) -> io::Result<Vec<(String, u64, String)>> {
        let mut archive = Archive::new(Plain(bytes));
        let mut found = Vec::new();
        while let Some(entry) = archive.next()? {
            let mut content = String::new();
            archive.read_to_string(&mut content)?;
            found.push((entry.path, entry.size, content));
        }
        Ok(found)
    }

    #[test]
    fn long_names_are_read_as_another_writer_wrote_them() {
        let long = format!("{}/var/log/foreman/production.log", "d".repeat(150));
        let mut builder = tar::Builder::new(Vec::new());
        for name in ["a", &long] {
            let mut header = tar::Header::new_gnu();
            header.set_size(600);
            header.set_cksum();
            builder.append_data(&mut header, name, &vec![b'x'; 600][..]).unwrap();
        }
        let found = members(&builder.into_inner().unwrap()).unwrap();
        let x = "x".repeat(600);
        assert_eq!(found, [("a".to_owned(), 600, x.clone()), (long, 600, x)]);
    }

    #[test]
    fn what_is_no_archive_or_is_cut_is_told() {
        assert!(members(b"hello").unwrap_err().to_string().contains("no tar archive"));
        assert!(members(&[b'x'; 2048]).unwrap_err().to_string().contains("no tar archive"));
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_size(600);
        builder.append_data(&mut header, "a", &vec![b'x'; 600][..]).unwrap();
        let bytes = builder.into_inner().unwrap();
        assert!(members(&bytes[..700]).unwrap_err().to_string().contains("it was cut"));
    }

    #[test]
    fn a_size_in_base_256_is_no_allocation() {
        assert_eq!(number(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]), Some(256));
        assert_eq!(number(&[0xff; 12]), None);
        assert_eq!(number(b"00000001750\0"), Some(1000));
    }
}
