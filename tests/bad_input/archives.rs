//! Archives that are cut, damaged, or hold something else than a log.

use super::{Place, good, metrics, metrics_json, refused};
use crate::support::Storm;
use std::fs;
use std::io::Write;

#[test]
fn what_comes_before_the_break_of_an_archive_is_answered() {
    let place = Place::new();
    for how in ["gz", "xz", "zst"] {
        let options = format!("--sessions 200 --rate 40 --seed 6 --rotate 3 --compress {how}");
        let storm = Storm::new(&options);
        let truth = storm.truth();
        let names: Vec<_> =
            truth["log"]["files"].as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect();
        let packed = names.iter().find(|name| name.ends_with(how)).unwrap();
        let whole = fs::read(storm.dir.join(packed)).unwrap();
        let path = place.file(packed, &whole[..whole.len() * 3 / 4]);
        let done = metrics_json(&[&path]).code(0).told(packed).told("warning").told("copy it again; the ");
        let json = done.json();
        assert_eq!(json["coverage"]["complete"], false);
        let unreadable = json["coverage"]["unreadable"][0].as_str().unwrap();
        assert!(unreadable.contains(packed) && unreadable.contains("copy it again"), "{unreadable}");
        let all = json["groups"].as_array().unwrap().last().unwrap();
        assert!(all["session_count"].as_u64().unwrap() > 5, "{how}: {all}");
        // beside the rest of its set
        fs::write(storm.dir.join(packed), &whole[..whole.len() / 2]).unwrap();
        let done = metrics_json(&[&storm.dir]).code(0).told(packed);
        assert_eq!(done.json()["coverage"]["complete"], false);
        let json = done.json();
        let sources = json["sources"].as_array().unwrap().iter();
        let of_satellite = sources.filter(|s| s["path"].as_str().unwrap().contains("production.log"));
        assert_eq!(of_satellite.count(), 3);
    }
}

#[test]
fn an_archive_that_breaks_in_its_first_bytes_is_told() {
    let place = Place::new();
    for (name, magic) in [
        ("a.gz", &b"\x1f\x8b\x08\0\0\0\0\0\0\x03"[..]),
        ("b.xz", b"\xfd7zXZ\0\0\x04"),
        ("c.zst", b"\x28\xb5\x2f\xfd\x04"),
    ] {
        let path = place.file(name, magic);
        let done = metrics(&path).told(name);
        assert!(matches!(done.code, Some(2 | 3)), "{done:#?}");
        let json = metrics_json(&[&path, &place.good()]).code(0).told(name).json();
        assert_eq!(json["coverage"]["complete"], false, "{name}");
    }
}

#[test]
fn containers_are_named_with_the_way_out() {
    let place = Place::new();
    let mut tar = vec![0; 1024];
    tar[..14].copy_from_slice(b"production.log");
    tar[257..262].copy_from_slice(b"ustar");
    refused(&place.file("set.tar", tar), "give it to --sosreport");
    refused(&place.file("set.zip", b"PK\x03\x04rest"), "unpack it first");
}

#[test]
fn a_tar_inside_a_gzip_is_named_with_the_way_out() {
    let place = Place::new();
    let mut tar = vec![0; 1024];
    tar[..14].copy_from_slice(b"production.log");
    tar[257..262].copy_from_slice(b"ustar");
    tar.extend(good());
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&tar).unwrap();
    refused(&place.file("set.tar.gz", gz.finish().unwrap()), "give it to --sosreport");
}
