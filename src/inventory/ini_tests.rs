use super::*;
use proptest::prelude::*;

fn data(text: &str) -> Data {
    let mut data = Data::new();
    read(text, &mut data).unwrap();
    data.settle().unwrap();
    data
}

fn refused(text: &str) -> (usize, Problem) {
    let error = read(text, &mut Data::new()).unwrap_err();
    (error.line, error.problem)
}

fn var(data: &Data, host: &str, key: &str) -> Option<Value> {
    data.hosts[host].vars.get(key).cloned()
}

#[test]
fn comments_end_headers_and_hosts_but_not_quotes() {
    let data =
        data("lone # before any section\n[g] # it's\nh1 a=\"b#c\" # it's\nh2 #'\n[p:children] # x\ng # x\n");
    assert_eq!(var(&data, "h1", "a"), Some(Value::Text("b#c".into())));
    assert_eq!(data.hosts.keys().collect::<Vec<_>>(), ["lone", "h1", "h2"]);
    assert_eq!(data.group_name(data.groups["g"].parents[0]), "p");
}

#[test]
fn values_are_python_literals() {
    let data =
        data("[g]\nh:2222 i=1 s='\"1\"' t=true b=True l=\"['a', 1]\"\n[g:vars]\nx = 'a' # c\ny=a # c\n");
    assert_eq!(var(&data, "h", "i"), Some(Value::Int(1)));
    assert_eq!(var(&data, "h", "ansible_port"), Some(Value::Int(2222)));
    assert_eq!(var(&data, "h", "s"), Some(Value::Text("1".into())));
    assert_eq!(var(&data, "h", "t"), Some(Value::Text("true".into())));
    assert_eq!(var(&data, "h", "b"), Some(Value::Bool(true)));
    assert_eq!(var(&data, "h", "l"), Some(Value::List(vec![Value::Text("a".into()), Value::Int(1)])));
    assert_eq!(data.groups["g"].vars["x"], Value::Text("a".into()));
    assert_eq!(data.groups["g"].vars["y"], Value::Text("a # c".into()));
}

#[test]
fn what_ansible_refuses_is_refused_with_its_line() {
    assert_eq!(refused("# c\n[a b]\n"), (2, Problem::Section("[a b]".into())));
    assert_eq!(refused("[a] ; c\n"), (1, Problem::Section("[a] ; c".into())));
    assert_eq!(refused("[a:things]\n"), (1, Problem::SectionKind("things".into())));
    assert_eq!(refused("[a]\nh x='y\n"), (2, Problem::Quote));
    assert_eq!(refused("[a]\nh1 h2\n"), (2, Problem::HostVariable("h2".into())));
    assert_eq!(refused("[a]\nh1 ; c\n"), (2, Problem::HostVariable(";".into())));
    assert_eq!(refused("[a]\n[a:vars]\nx\n"), (3, Problem::Variable("x".into())));
    assert_eq!(refused("[a:children]\nb c\n"), (2, Problem::Child("b c".into())));
    assert_eq!(refused("[a:children]\nb\n"), (2, Problem::NoSuchGroup("b".into())));
    assert_eq!(refused("[a]\nh\n[b:vars]\nx=1\n"), (3, Problem::NoSuchGroup("b".into())));
    assert_eq!(refused("[a]\nansible_group_priority=1\n[a:vars]\nansible_group_priority=high\n").0, 4);
    assert!(matches!(refused("all:\n  hosts:\n"), (1, Problem::LooksLikeYaml(_))));
    assert!(matches!(refused("[a:children]\nb\n[b:children]\na\n"), (4, Problem::Loop { .. })));
    assert!(matches!(refused("[a]\nh x={[]:1}\n"), (2, Problem::Unhashable(_))));
}

proptest! {
    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut data = Data::new();
        drop(read(&String::from_utf8_lossy(&bytes), &mut data));
    }

    #[test]
    fn anything_made_of_the_right_characters_never_panics(text in "[a-c01:\\[\\]#;={}(),.'\"\\\\ \n\u{e4}]{0,120}") {
        let mut data = Data::new();
        if read(&text, &mut data).is_ok() {
            drop(data.settle());
        }
    }
}
