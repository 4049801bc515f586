//! No input makes the readers or the rules panic, and no fix takes a byte that it does not speak of.

use proptest::prelude::*;
use reginfra::validate::collect::Set;
use reginfra::validate::{Input, Origin, Settings, SourceFile, Target, check, fix};

const WORDS: [&str; 46] = [
    "global",
    "defaults",
    "frontend",
    "backend",
    "listen",
    "from",
    "bind",
    "*:9090",
    ":::443",
    "mode",
    "http",
    "tcp",
    "server",
    "cap1",
    "192.0.2.11:9090",
    "[::1]:443",
    "check",
    "ssl",
    "check-ssl",
    "verify",
    "none",
    "fall",
    "9999",
    "default-server",
    "use_backend",
    "default_backend",
    "if",
    "{",
    "}",
    "nbsrv(a)",
    "lt",
    "2",
    "option",
    "httpchk",
    "GET",
    "/x",
    "HTTP/1.1\\r\\nHost:\\ a",
    "http-check",
    "timeout",
    "client",
    "30s",
    ".if",
    ".endif",
    "version_atleast(2.4)",
    "no",
    "maxconn",
];

const CACHE: [&str; 24] = [
    "bind",
    "127.0.0.1",
    "-192.0.2.2",
    "user",
    "default",
    "on",
    "off",
    "nopass",
    "+@all",
    "-@dangerous",
    ">p",
    "#h",
    "save",
    "\"\"",
    "900",
    "maxmemory",
    "0",
    "include",
    "0.conf",
    "port",
    "'a",
    "\"b",
    "requirepass",
    "appendonly",
];

const YAML: [&str; 20] = [
    ":enabled:",
    " https",
    ":cache_url:",
    " redis://:a@b/0",
    " redis://u:p@@[::1]:1/0",
    "cache_url: x",
    "\t",
    "- ",
    "{",
    "}",
    "[",
    "\"",
    "'",
    "#",
    "# reginfra: ignore[a, b]",
    "---",
    "...",
    "&a",
    "*a",
    "\u{e9}\u{1f600}",
];

fn text(words: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        20 => prop::sample::select(words).prop_map(|w| w.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    let end = prop::sample::select(&[" ", " ", " ", "\n", "\n    ", "\r\n", "\t", ""][..]);
    prop::collection::vec((word, end), 0..120)
        .prop_map(|parts| parts.into_iter().flat_map(|(w, e)| [w, e.as_bytes().to_vec()].concat()).collect())
}

fn judge(bytes: Vec<u8>, set: fn(reginfra::validate::FileId) -> Set) -> Input {
    let mut input = Input::default();
    let id = input.files.add(SourceFile::new("f", Origin::Stdin, bytes));
    input.sets.push(set(id));
    for target in [None, Some(Target::El8), Some(Target::El10), Some(Target::Debian12)] {
        input.parse(target);
        let settings = Settings { target, ..Settings::default() };
        let found = check(&input, &settings, None);
        for finding in &found {
            let length = input.files.get(finding.span.file).bytes.len();
            assert!(finding.span.start <= finding.span.end && finding.span.end <= length, "{finding:?}");
            for edit in finding.fix.iter().flat_map(|f| &f.edits) {
                assert!(edit.range.0 <= edit.range.1 && edit.range.1 <= length, "{finding:?}");
            }
        }
        let style = reginfra::report::table::TableStyle::default();
        let shown = reginfra::report::findings::text(&input.files, &found, &style);
        assert!(shown.lines().all(|l| l.chars().count() <= 80), "{shown}");
        fix::apply(&input.files, &found);
    }
    input
}

fn fixed_is_fixed(bytes: Vec<u8>, set: fn(reginfra::validate::FileId) -> Set) {
    let mut input = judge(bytes, set);
    for round in 0.. {
        let applied = fix::apply(&input.files, &check(&input, &Settings::default(), None));
        if applied.files.is_empty() {
            break;
        }
        assert!(
            round < 60,
            "fixes never end: {}",
            String::from_utf8_lossy(&input.files.get(reginfra::validate::FileId(0)).bytes)
        );
        for (id, bytes) in applied.files {
            *input.files.get_mut(id) = SourceFile::new("f", Origin::Stdin, bytes);
        }
        input.parse(None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn any_haproxy_configuration_is_judged_and_fixed(bytes in text(&WORDS)) {
        fixed_is_fixed(bytes, |id| Set::Haproxy(vec![id]));
    }

    #[test]
    fn any_cache_configuration_is_judged_and_fixed(bytes in text(&CACHE)) {
        fixed_is_fixed(bytes, |id| Set::Cache(id, std::collections::HashMap::new()));
    }

    #[test]
    fn any_registration_yml_is_judged_and_fixed(bytes in text(&YAML)) {
        fixed_is_fixed(bytes, Set::Registration);
    }

    #[test]
    fn any_bytes_are_judged(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        judge(bytes.clone(), |id| Set::Haproxy(vec![id]));
        judge(bytes.clone(), |id| Set::Cache(id, std::collections::HashMap::new()));
        judge(bytes, Set::Registration);
    }
}
