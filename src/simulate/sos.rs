//! Sosreports of the storm's Satellite, capsules and load balancer: the logs that were written in, archives or folders
//! out.
//!
//! They have what real ones have: a top folder, links for `hostname` and `date`, the zone, a manifest, rotated logs in
//! the order of their names (which is not that of their times), and files that nobody needs. `SosOddity` adds more.

mod clean;

use super::error::SimulateError;
use super::plan::Plan;
use super::rotate;
use super::topology::{Capsule, LOAD_BALANCER, SATELLITE};
use crate::cli::{CapsuleLayout, SosForm, SosOddity};
use crate::registration::session::Group;
use crate::timestamp::UtcOffset;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What sos leaves of a log that is too long, as a share of it: the last three quarters.
const TAILED: (u64, u64) = (3, 4);

enum Content {
    Text(String),
    /// A part of a file of the storm.
    Part(PathBuf, Range<u64>),
    Bytes(Vec<u8>),
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
        trees.push(of_capsule(folder, plan, capsule, number + 1, logs)?);
    }
    if plan.capsules.iter().any(|capsule| capsule.group == Group::LbSsh) {
        trees.push(balancer(plan)?);
    }
    if is_odd(plan, SosOddity::Clean) {
        let capsules = plan.capsules.iter().map(|capsule| capsule.name.as_str());
        // in the order of their numbers
        let mut map = clean::Map::of([SATELLITE].into_iter().chain(capsules).chain([LOAD_BALANCER]));
        for tree in &mut trees {
            tree.clean(&mut map).map_err(SimulateError::io("read", folder))?;
        }
    }
    let nested = is_odd(plan, SosOddity::Nested);
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
fn host(plan: &Plan<'_>, name: &str, number: usize, offset: UtcOffset) -> Result<Tree, SimulateError> {
    let clean = is_odd(plan, SosOddity::Clean);
    let short = name.split('.').next().unwrap_or_default();
    let shown = if clean { format!("host{number}") } else { short.to_owned() };
    let random =
        format!("{:07x}", plan.args.seed.wrapping_mul(0x9e37_79b9).wrapping_add(number as u64) & 0xfff_ffff);
    let cleaned = if clean { "-obfuscated" } else { "" };
    let mut tree = Tree {
        top: format!("sosreport-{shown}-01234567-2026-04-05-{random}{cleaned}"),
        members: BTreeMap::new(),
    };
    tree.text("sos_commands/host/hostname", format!("{short}\n"));
    tree.text("sos_commands/host/hostname_-f", format!("{name}\n"));
    tree.put("hostname", Content::Link("sos_commands/host/hostname".to_owned()));
    tree.put("date", Content::Link("sos_commands/date/date".to_owned()));
    tree.zone(offset, is_odd(plan, SosOddity::Localtime))?;
    tree.text("sos_reports/manifest.json", "{\"version\": \"4.7.0\", \"components\": {}}\n".to_owned());
    tree.text("etc/hosts", "127.0.0.1 localhost\n".to_owned());
    tree.text("proc/meminfo", "MemTotal:       32000000 kB\n".to_owned());
    tree.text("var/log/messages", "Apr  5 03:00:00 host systemd[1]: Started.\n".repeat(2000));
    Ok(tree)
}

fn is_odd(plan: &Plan<'_>, oddity: SosOddity) -> bool {
    plan.args.sos_odd.contains(&oddity)
}

fn satellite(folder: &Path, plan: &Plan<'_>, logs: &[String]) -> Result<Tree, SimulateError> {
    let mut tree = host(plan, SATELLITE, 0, plan.offset_after)?;
    tree.text("var/log/foreman/cron.log", String::new());
    let (place, tail) = if is_odd(plan, SosOddity::Journal) {
        (journal("foreman"), "journalctl_--no-pager_--unit_foreman.service")
    } else if is_odd(plan, SosOddity::ForemanDebug) {
        let place = "sos_commands/foreman/foreman-debug/var/log/foreman/production.log";
        (place.to_owned(), "var.log.foreman.production.log")
    } else {
        ("var/log/foreman/production.log".to_owned(), "var.log.foreman.production.log")
    };
    for log in logs {
        let suffix = log.strip_prefix("production.log").unwrap_or_default();
        let (path, file) = (format!("{place}{suffix}"), folder.join(log));
        let size = size_of(&file)?;
        if suffix.is_empty() && is_odd(plan, SosOddity::Tailed) {
            let tail = format!("sos_strings/foreman/{tail}.tailed");
            let up = "../".repeat(path.matches('/').count());
            tree.put(&path, Content::Link(format!("{up}{tail}")));
            tree.put(&tail, Content::Part(file, size - size * TAILED.0 / TAILED.1..size));
        } else {
            tree.put(&path, Content::Part(file, 0..size));
        }
    }
    Ok(tree)
}

fn journal(unit: &str) -> String {
    format!("sos_commands/{}/journalctl_--no-pager_--unit_{unit}.service", unit.replace('-', "_"))
}

fn size_of(file: &Path) -> Result<u64, SimulateError> {
    Ok(fs::metadata(file).map_err(SimulateError::io("read", file))?.len())
}

// its log in as many pieces, named and compressed in the same way, as the Satellite's
fn of_capsule(
    folder: &Path,
    plan: &Plan<'_>,
    capsule: &Capsule,
    number: usize,
    logs: &[String],
) -> Result<Tree, SimulateError> {
    let mut tree =
        host(plan, &capsule.name, number, plan.args.capsule_utc_offset.unwrap_or(plan.offset_after))?;
    let log = folder.join("capsules").join(&capsule.name).join("proxy.log");
    let size = size_of(&log)?;
    if plan.args.capsule_layout != CapsuleLayout::File {
        tree.put(&journal("foreman-proxy"), Content::Part(log, 0..size));
        return Ok(tree);
    }
    let mut from = 0;
    for (piece, name) in logs.iter().enumerate() {
        let share = size * (piece as u64 + 1) / logs.len() as u64;
        let part = from..line_end(&log, share).map_err(SimulateError::io("read", &log))?;
        from = part.end;
        let suffix = name.strip_prefix("production.log").unwrap_or_default();
        let content = Content::of_rotated(suffix, &log, part).map_err(SimulateError::io("read", &log))?;
        tree.put(&format!("var/log/foreman-proxy/proxy.log{suffix}"), content);
    }
    Ok(tree)
}

// where the line ends that has the byte before `at`
fn line_end(file: &Path, at: u64) -> io::Result<u64> {
    let before = at.saturating_sub(1);
    let mut reader = open_at(file, before..u64::MAX)?;
    Ok(before + reader.skip_until(b'\n')? as u64)
}

fn balancer(plan: &Plan<'_>) -> Result<Tree, SimulateError> {
    let mut tree = host(plan, LOAD_BALANCER, plan.capsules.len() + 1, plan.offset_after)?;
    let mut text = "listen registration\n    bind *:9090\n    mode tcp\n".to_owned();
    for capsule in plan.capsules.iter().filter(|capsule| capsule.group == Group::LbSsh) {
        text += &format!("    server {} {}:9090 check\n", capsule.name, capsule.private_ip);
    }
    tree.text("etc/haproxy/haproxy.cfg", text);
    tree.text(
        "var/log/haproxy.log",
        "Apr  5 03:00:00 host haproxy[1]: Proxy registration started.\n".to_owned(),
    );
    Ok(tree)
}

// a collector's archive: reports in an archive
fn nest(path: &Path, reports: &[PathBuf]) -> io::Result<()> {
    let mut builder = tar::Builder::new(BufWriter::new(File::create(path)?));
    for report in reports {
        let name = report.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let content = Content::Part(report.clone(), 0..fs::metadata(report)?.len());
        append(&mut builder, &format!("sos-collector-2026-04-05-abcde/{name}"), &content, 0)?;
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

    /// What `sos report --clean` makes of it. Packed files, into which it cannot look, are removed.
    fn clean(&mut self, map: &mut clean::Map) -> io::Result<()> {
        self.members.retain(|path, _| !is_packed(path));
        for content in self.members.values_mut() {
            let bytes = match content {
                Content::Text(text) => std::mem::take(text).into_bytes(),
                Content::Part(file, part) => {
                    let mut bytes = Vec::new();
                    open_at(file, part.clone())?.read_to_end(&mut bytes)?;
                    bytes
                }
                Content::Bytes(_) | Content::Link(_) => continue,
            };
            *content = Content::Bytes(map.clean(&bytes));
        }
        Ok(())
    }

    /// What tells the offset from UTC; `link`: nothing but that of the zone does.
    fn zone(&mut self, offset: UtcOffset, link: bool) -> Result<(), SimulateError> {
        let shown = offset.to_string().replace(':', "");
        if link {
            let zone = etc_zone(offset)?;
            self.put("etc/localtime", Content::Link(format!("../usr/share/zoneinfo/{zone}")));
            self.text("sos_commands/date/date", "Sun Apr  5 03:10:00 XST 2026\n".to_owned());
            let words = "System has not been booted with systemd as init system (PID 1). Can't operate.\n";
            self.text("sos_commands/systemd/timedatectl", words.to_owned());
        } else {
            self.text("sos_commands/date/date", format!("Sun Apr  5 03:10:00 {shown} 2026\n"));
            let words = format!("      Time zone: Some/Where (XXX, {shown})\n");
            self.text("sos_commands/systemd/timedatectl", words);
        }
        Ok(())
    }

    fn write(&self, path: &Path, form: SosForm, plan: &Plan<'_>) -> io::Result<()> {
        if form == SosForm::Folder {
            return self.unpacked(path.parent().unwrap_or(path));
        }
        let time = (plan.start / 1_000_000).cast_unsigned() + 86_400;
        let file = BufWriter::new(File::create(path)?);
        match form {
            // the level is that of sos (its archive.py)
            SosForm::Xz => self.pack(xz2::write::XzEncoder::new(file, 3), time)?.finish()?.flush(),
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
                Content::Bytes(bytes) => fs::write(&path, bytes)?,
                Content::Part(file, part) => {
                    io::copy(&mut open_at(file, part.clone())?, &mut File::create(&path)?)?;
                }
            }
        }
        Ok(())
    }
}

impl Content {
    /// A part of a log as a rotated file of this name has it.
    fn of_rotated(name: &str, log: &Path, part: Range<u64>) -> io::Result<Self> {
        if !is_packed(name) {
            return Ok(Self::Part(log.to_owned(), part));
        }
        let mut bytes = Vec::new();
        open_at(log, part)?.read_to_end(&mut bytes)?;
        rotate::packed(name, &bytes).map(Self::Bytes)
    }
}

fn is_packed(name: &str) -> bool {
    [".gz", ".xz", ".zst"].iter().any(|ending| name.ends_with(ending))
}

// POSIX turns the sign: Etc/GMT-2 is two hours east
fn etc_zone(offset: UtcOffset) -> Result<String, SimulateError> {
    let hours = offset.0 / 3600;
    if offset.0 % 3600 != 0 || !(-12..=14).contains(&hours) {
        return Err(SimulateError::Option {
            option: "--sos-odd",
            value: "localtime".to_owned(),
            problem: "a zone is known for whole hours from -12:00 to +14:00 alone",
            way_out: format!("give another offset than {offset}, or leave localtime out"),
        });
    }
    Ok(if hours == 0 { "Etc/UTC".to_owned() } else { format!("Etc/GMT{:+}", -hours) })
}

fn open_at(path: &Path, part: Range<u64>) -> io::Result<impl BufRead> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(part.start))?;
    Ok(BufReader::with_capacity(256 * 1024, file.take(part.end - part.start)))
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
        Content::Bytes(bytes) => {
            header.set_size(bytes.len() as u64);
            builder.append_data(&mut header, path, bytes.as_slice())
        }
        Content::Part(file, part) => {
            header.set_size(part.end - part.start);
            builder.append_data(&mut header, path, open_at(file, part.clone())?)
        }
    }
}
