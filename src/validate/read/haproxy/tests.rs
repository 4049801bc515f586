use super::*;
use crate::validate::files::{Files, Origin, SourceFile};
use crate::validate::target::Target;

fn config_for(texts: &[&str], target: Option<Target>) -> Haproxy {
    let mut files = Files::default();
    let ids: Vec<FileId> =
        texts.iter().map(|t| files.add(SourceFile::new("f", Origin::Stdin, t.as_bytes().to_vec()))).collect();
    read(&files, &ids, target)
}

fn config(text: &str) -> Haproxy {
    config_for(&[text], None)
}

fn value(proxy: &Proxy<'_>, words: &[&str]) -> String {
    proxy.find(words).map_or("none".to_owned(), |s| s.word(words.len()).to_owned())
}

#[test]
fn defaults_hold_until_the_next_ones_and_by_name() {
    let config = config(
        "defaults a\n timeout client 1m\n option redispatch\ndefaults b from a\n timeout server 2m\n\
         frontend f\n timeout client 9m\nbackend c from a\n no option redispatch\ndefaults\nbackend d\nbackend e from nobody\n",
    );
    let of = |name: &str, words: &[&str]| {
        let proxy = config.proxies().find(|p| p.name() == name).unwrap();
        value(&proxy, words)
    };
    assert_eq!(
        (of("f", &["timeout", "client"]), of("f", &["timeout", "server"])),
        ("9m".into(), "2m".into())
    );
    assert_eq!(
        (of("c", &["timeout", "client"]), of("c", &["timeout", "server"])),
        ("1m".into(), "none".into())
    );
    assert_eq!(
        (of("f", &["option"]), of("c", &["option", "redispatch"])),
        ("redispatch".into(), "none".into())
    );
    assert_eq!(
        (of("d", &["timeout", "client"]), of("e", &["timeout", "client"])),
        ("none".into(), "none".into())
    );
}

#[test]
fn files_of_a_set_hand_defaults_on_and_begin_outside_of_sections() {
    let config = config_for(
        &["defaults\n mode tcp\n timeout connect 3s\n", " mode http\nbackend b\n server a 192.0.2.1\n"],
        None,
    );
    let backend = config.backend("b").unwrap();
    assert_eq!((value(&backend, &["timeout", "connect"]), backend.mode()), ("3s".into(), "tcp"));
    assert_eq!(config.problems.len(), 1);
}

#[test]
fn a_listen_is_both_and_a_line_may_bind_twice() {
    let config =
        config("listen l\n bind *:80,192.0.2.1:90-95 v6only\n bind /run/x\n server a 192.0.2.2:80\n");
    assert_eq!(
        (config.frontends_on(80).len(), config.frontends_on(93).len(), config.frontends_on(96).len()),
        (1, 1, 0)
    );
    assert_eq!(config.backends_on(80)[0].servers()[0].key(), "192.0.2.2:80");
}

#[test]
fn default_server_hands_on_and_can_be_taken_back() {
    let config = config(
        "defaults\n default-server inter 5s check\nbackend b\n default-server fall 9 ssl\n server a 192.0.2.1:1 no-ssl fall 3\n \
         server b 192.0.2.2:1 source check\n default-server no-check\n server-template c 1-3 host:1\n",
    );
    let servers = config.backend("b").unwrap().servers();
    let shown: Vec<_> = servers
        .iter()
        .map(|s| {
            (s.name.text.as_str(), s.is_checked(), s.options.flag("ssl").is_some(), s.options.number("fall"))
        })
        .collect();
    // 'check' behind 'source' is its value
    assert_eq!(shown, [("a", true, false, Some(3)), ("b", true, true, Some(9)), ("c", false, true, Some(9))]);
    assert_eq!(servers[0].options.value("inter").map(|(_, v)| v.text.as_str()), Some("5s"));
}

#[test]
fn routes_tell_how_many_servers_they_count() {
    let config = config(
        "frontend f\n bind *:9090\n acl dead nbsrv(b) eq 0\n use_backend x if { nbsrv(b) lt 3 }\n use_backend x if dead\n \
         use_backend x unless { nbsrv(b) -m int gt 1 }\n use_backend y if { src 192.0.2.1 }\n default_backend b\nbackend b\nbackend x\n",
    );
    let routes = config.frontends_on(9090)[0].routes();
    let shown: Vec<_> = routes
        .iter()
        .map(|r| (r.backend.map_or("", |b| b.name()), r.condition.as_ref().and_then(|c| c.fewer_than)))
        .collect();
    assert_eq!(shown, [("x", Some(3)), ("x", Some(1)), ("x", Some(2)), ("", None), ("b", None)]);
}

#[test]
fn conditions_that_the_version_decides_are_decided() {
    let text = "global\n.if version_atleast(2.2)\n new 1\n.elif version_before(2.0)\n old 1\n.else\n between 1\n.endif\n\
                .if !version_atleast(2.2) || 0\n older 1\n.endif\n.if defined(X) && version_atleast(1.0)\n maybe 1\n.endif\n\
                .if defined(X) && version_atleast(9.0)\n never 1\n.endif\n";
    let names = |target| {
        let config = config_for(&[text], target);
        assert!(config.problems.is_empty());
        config.global(&[]).iter().map(|s| s.word(0).to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(Some(Target::El9)), "new maybe");
    assert_eq!(names(Some(Target::El8)), "old older maybe");
    assert_eq!(names(None), "new old between older maybe never");
    assert_eq!(config(".if 1\nglobal\n").problems.len(), 1);
    assert_eq!(config(".endif\n.else\n").problems.len(), 2);
}
