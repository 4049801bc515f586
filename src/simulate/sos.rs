//! Sosreports of the storm's Satellite and capsules: the logs that were written in, archives or folders out.
//!
//! They have what real ones have: a top folder, links for `hostname` and `date`, the zone, a manifest, rotated logs in
//! the order of their names (which is not that of their times), and files that nobody needs. `SosOddity` adds more.

use super::error::SimulateError;
use super::plan::Plan;
use super::topology::SATELLITE;
use crate::cli::{SosForm, SosOddity};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// What sos leaves of a log that is too long, as a share of it: the last three quarters.
const TAILED: (u64, u64) = (3, 4);

enum Content {
    Text(String),
    /// A file of the storm, from a place in it on.
    File(PathBuf, u64),
    Link(String),
}

/// A report: its top folder's name and its members by path.
struct Tree {
    top: String,
    members: BTreeMap<String, Content>,
}

/// Writes a report for each host into `folder/sos`; gives the number of files or folders there.
///
/// # Errors
/// A file cannot be read or written.
pub fn write(folder: &Path, plan: &Plan<'_>, logs: &[String]) -> Result<u64, SimulateError> {
    let archive = !plan.levels.is_empty();
    let Some(form) = plan.args.sos.or(archive.then_some(SosForm::Gz)) else { return Ok(0) };
    let sos = folder.join(if archive { "sosreport" } else { "sos" });
    fs::create_dir_all(&sos).map_err(SimulateError::io("create", &sos))?;
    let mut trees = vec![satellite(folder, plan, logs)?];
    for (number, capsule) in plan.capsules.iter().enumerate() {
        let mut tree = host(plan, &capsule.name, number + 1);
        let log = folder.join("capsules").join(&capsule.name).join("proxy.log");
        tree.put("var/log/foreman-proxy/proxy.log", Content::File(log, 0));
        trees.push(tree);
    }
    let nested = plan.args.sos_odd.contains(&SosOddity::Nested);
    let mut written = Vec::new();
    for tree in &trees {
        let path = sos.join(format!("{}{}", tree.top, ending(form)));
        tree.write(&path, form, plan).map_err(SimulateError::io("write", &path))?;
        written.push(path);
    }
    if nested && form != SosForm::Folder {
        let path = sos.join("sos-collector-2026-04-05-abcde.tar");
        nest(&path, &written).map_err(SimulateError::io("write", &path))?;
        return Ok(1);
    }
    Ok(written.len() as u64)
}

const fn ending(form: SosForm) -> &'static str {
    match form {
        SosForm::Xz => ".tar.xz",
        SosForm::Gz => ".tar.gz",
        SosForm::Bz2 => ".tar.bz2",
        SosForm::Zst => ".tar.zst",
        SosForm::Tar => ".tar",
        SosForm::Folder => "",
    }
}

// what a report of any host holds
fn host(plan: &Plan<'_>, name: &str, number: usize) -> Tree {
    let clean = plan.args.sos_odd.contains(&SosOddity::Clean);
    let name = if clean { format!("host{number}.obfuscateddomain1.com") } else { name.to_owned() };
    let short = name.split('.').next().unwrap_or_default();
    let random =
        format!("{:07x}", plan.args.seed.wrapping_mul(0x9e37_79b9).wrapping_add(number as u64) & 0xfff_ffff);
    let cleaned = if clean { "-obfuscated" } else { "" };
    let mut tree = Tree {
        top: format!("sosreport-{short}-01234567-2026-04-05-{random}{cleaned}"),
        members: BTreeMap::new(),
    };
    let offset = plan.offset_after.to_string().replace(':', "");
    tree.text("sos_commands/host/hostname", format!("{short}\n"));
    tree.text("sos_commands/host/hostname_-f", format!("{name}\n"));
    tree.text("sos_commands/date/date", format!("Sun Apr  5 03:10:00 {offset} 2026\n"));
    tree.text("sos_commands/systemd/timedatectl", format!("      Time zone: Some/Where (XXX, {offset})\n"));
    tree.put("hostname", Content::Link("sos_commands/host/hostname".to_owned()));
    tree.put("date", Content::Link("sos_commands/date/date".to_owned()));
    tree.text("sos_reports/manifest.json", "{\"version\": \"4.7.0\", \"components\": {}}\n".to_owned());
    tree.text("etc/hosts", "127.0.0.1 localhost\n".to_owned());
    tree.text("proc/meminfo", "MemTotal:       32000000 kB\n".to_owned());
    tree.text("var/log/messages", "Apr  5 03:00:00 host systemd[1]: Started.\n".repeat(2000));
    tree.text("var/log/foreman/cron.log", String::new());
    tree
}

fn satellite(folder: &Path, plan: &Plan<'_>, logs: &[String]) -> Result<Tree, SimulateError> {
    let odd = |oddity| plan.args.sos_odd.contains(&oddity);
    let mut tree = host(plan, SATELLITE, 0);
    if odd(SosOddity::Journal) {
        for log in logs {
            let suffix = log.strip_prefix("production.log").unwrap_or_default();
            let name = format!("sos_commands/foreman/journalctl_--no-pager_--unit_foreman.service{suffix}");
            tree.put(&name, Content::File(folder.join(log), 0));
        }
        return Ok(tree);
    }
    let place = if odd(SosOddity::ForemanDebug) {
        "sos_commands/foreman/foreman-debug/var/log/foreman"
    } else {
        "var/log/foreman"
    };
    for log in logs {
        let (path, file) = (format!("{place}/{log}"), folder.join(log));
        if log == "production.log" && odd(SosOddity::Tailed) {
            let size = fs::metadata(&file).map_err(SimulateError::io("read", &file))?.len();
            let tail = "sos_strings/foreman/var.log.foreman.production.log.tailed";
            tree.put(&path, Content::Link(format!("../../../{tail}")));
            tree.put(tail, Content::File(file, size - size * TAILED.0 / TAILED.1));
        } else {
            tree.put(&path, Content::File(file, 0));
        }
    }
    Ok(tree)
}

// a collector's archive: reports in an archive
fn nest(path: &Path, reports: &[PathBuf]) -> io::Result<()> {
    let mut builder = tar::Builder::new(BufWriter::new(File::create(path)?));
    for report in reports {
        let name = report.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        append(
            &mut builder,
            &format!("sos-collector-2026-04-05-abcde/{name}"),
            &Content::File(report.clone(), 0),
            0,
        )?;
    }
    builder.into_inner()?.flush()?;
    reports.iter().try_for_each(fs::remove_file)
}

impl Tree {
    fn put(&mut self, path: &str, content: Content) {
        self.members.insert(format!("{}/{path}", self.top), content);
    }

    fn text(&mut self, path: &str, text: String) {
        self.put(path, Content::Text(text));
    }

    fn write(&self, path: &Path, form: SosForm, plan: &Plan<'_>) -> io::Result<()> {
        if form == SosForm::Folder {
            return self.unpacked(path.parent().unwrap_or(path));
        }
        let time = (plan.start / 1_000_000).cast_unsigned() + 86_400;
        let file = BufWriter::new(File::create(path)?);
        match form {
            SosForm::Xz => self.pack(xz2::write::XzEncoder::new(file, 6), time)?.finish()?.flush(),
            SosForm::Gz => {
                let level = flate2::Compression::new(6);
                self.pack(flate2::write::GzEncoder::new(file, level), time)?.finish()?.flush()
            }
            SosForm::Bz2 => {
                let level = bzip2::Compression::new(9);
                self.pack(bzip2::write::BzEncoder::new(file, level), time)?.finish()?.flush()
            }
            SosForm::Zst => self.pack(zstd::Encoder::new(file, 3)?, time)?.finish()?.flush(),
            SosForm::Tar | SosForm::Folder => self.pack(file, time)?.flush(),
        }
    }

    fn pack<W: Write>(&self, out: W, time: u64) -> io::Result<W> {
        let mut builder = tar::Builder::new(out);
        for (path, content) in &self.members {
            append(&mut builder, path, content, time)?;
        }
        builder.into_inner()
    }

    fn unpacked(&self, folder: &Path) -> io::Result<()> {
        for (path, content) in &self.members {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap_or(folder))?;
            match content {
                Content::Text(text) => fs::write(&path, text)?,
                Content::Link(target) => std::os::unix::fs::symlink(target, &path)?,
                Content::File(file, from) => {
                    io::copy(&mut open_at(file, *from)?.0, &mut File::create(&path)?)?;
                }
            }
        }
        Ok(())
    }
}

fn open_at(path: &Path, from: u64) -> io::Result<(impl Read, u64)> {
    let mut file = File::open(path)?;
    let size = file.seek(SeekFrom::End(0))?.saturating_sub(from);
    file.seek(SeekFrom::Start(from))?;
    Ok((BufReader::with_capacity(256 * 1024, file), size))
}

fn append(
    builder: &mut tar::Builder<impl Write>,
    path: &str,
    content: &Content,
    time: u64,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o600);
    header.set_mtime(time);
    match content {
        Content::Text(text) => {
            header.set_size(text.len() as u64);
            builder.append_data(&mut header, path, text.as_bytes())
        }
        Content::Link(target) => {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            builder.append_link(&mut header, path, target)
        }
        Content::File(file, from) => {
            let (reader, size) = open_at(file, *from)?;
            header.set_size(size);
            builder.append_data(&mut header, path, reader)
        }
    }
}
