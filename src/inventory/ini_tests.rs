use super::*;
use proptest::prelude::*;

fn refused(text: &str) -> (usize, IniProblem) {
    let error = Ini::parse(text).unwrap_err();
    (error.line, error.problem)
}

#[test]
fn variables_come_from_the_nearest_place() {
    let ini = Ini::parse(
        "[inner:vars]\na=inner\nb = ' b '\n[all:vars]\na=all\nc=all\n[outer:children]\ninner\n\
         [outer:vars]\na=outer\nd=outer\n[inner]\nh1 e=own\nh2 a=own\n",
    )
    .unwrap();
    let vars = ini.vars_of("h1");
    let of = |key: &str| vars.get(key).copied().unwrap_or("none");
    assert_eq!([of("a"), of("b"), of("c"), of("d"), of("e")], ["inner", " b ", "all", "outer", "own"]);
    assert_eq!(ini.vars_of("h2").get("a"), Some(&"own"));
}

#[test]
fn comments_end_headers_and_hosts_but_not_quotes() {
    let ini = Ini::parse(
        "lone ; before any section\n[g] # it's\nh1 a=\"b#c\" # it's\nh2 ;'\n[p:children] ; x\ng # x\n",
    )
    .unwrap();
    assert_eq!(ini.vars_of("h1").get("a"), Some(&"b#c"));
    assert_eq!(ini.hosts().collect::<Vec<_>>(), ["h1", "h2", "lone"]);
    assert_eq!(ini.groups_of("h1").into_iter().collect::<Vec<_>>(), ["g", "p"]);
}

#[test]
fn quoting_is_a_shells() {
    let words = shell_words(r#"h a="x y" b='p "q"' c=d\ e f="g\"h" ansible_ssh_common_args="-o A=b -o C=d""#);
    assert_eq!(
        words.unwrap(),
        ["h", "a=x y", "b=p \"q\"", "c=d e", "f=g\"h", "ansible_ssh_common_args=-o A=b -o C=d"]
    );
}

#[test]
fn what_ansible_refuses_is_refused_with_its_line() {
    assert_eq!(refused("# c\n[a b]\n"), (2, IniProblem::Section("[a b]".into())));
    assert_eq!(refused("[a:hosts]\n"), (1, IniProblem::SectionKind("hosts".into())));
    assert_eq!(refused("[a]\nh x='y\n"), (2, IniProblem::Quote));
    assert_eq!(refused("[a]\nh1 h2\n"), (2, IniProblem::HostVariable("h2".into())));
    assert_eq!(refused("[a]\n[a:vars]\nx\n"), (3, IniProblem::Variable("x".into())));
    assert_eq!(refused("[a:children]\nb c\n"), (2, IniProblem::Child("b c".into())));
    assert_eq!(refused("[a:children]\nb\n"), (2, IniProblem::NoSuchGroup("b".into())));
    assert_eq!(refused("[a]\nh\n[b:vars]\nx=1\n"), (3, IniProblem::NoSuchGroup("b".into())));
    assert!(matches!(refused("all:\n  hosts:\n"), (1, IniProblem::LooksLikeYaml(_))));
}

#[test]
fn groups_that_hold_each_other_end() {
    let ini = Ini::parse("[a:children]\nb\n[b:children]\na\n[b]\nh x=1\n").unwrap();
    assert_eq!(ini.hosts_in("a").into_iter().collect::<Vec<_>>(), ["h"]);
    assert_eq!(ini.vars_of("h").get("x"), Some(&"1"));
}

proptest! {
    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        drop(Ini::parse(&String::from_utf8_lossy(&bytes)));
    }

    #[test]
    fn anything_made_of_the_right_characters_never_panics(text in "[a-c01:\\[\\]#;='\"\\\\ \n\u{e4}]{0,120}") {
        if let Ok(ini) = Ini::parse(&text) {
            for host in ini.hosts() {
                drop((ini.vars_of(host), ini.groups_of(host)));
            }
        }
    }
}
