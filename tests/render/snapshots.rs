//! A small pool's files, as people read them: whole for EL 9, and what is another on the other systems.

use reginfra::inventory::Inventory;
use reginfra::render::{Part, Request, Target, render};
use reginfra::report::diff::unified;
use reginfra::report::table::TableStyle;
use std::path::Path;

const POOL: &str = "\
[satellite6]
sat.example.com private_ip=10.0.0.1

[capsules]
cap2.example.com private_ip=10.0.1.2 private_ip6=2001:db8::2
cap1.example.com private_ip=10.0.1.1
cap9.example.com private_ip=10.0.9.1 location=brno

[capsule_lbs]
lb.example.com private_ip=10.0.1.100

[location_dublin]
cap1.example.com
cap2.example.com
lb.example.com

[all:vars]
registration_cache_password=secret
registration_cache_monitor_password=watching
";

/// All files of a part, or the words by which they are refused.
fn files(part: Part, target: Target) -> Result<String, String> {
    let inventory = Inventory::parse(POOL, Path::new("hosts.ini")).unwrap();
    match render(&inventory, &Request::new(part, target)) {
        Ok(rendered) => {
            assert_eq!(rendered.warnings, Vec::<String>::new());
            let shown = rendered.files.iter().map(|file| {
                let owner = file.owner.as_ref().map(|(o, g)| format!(" {o}:{g}")).unwrap_or_default();
                format!("# {} {} {:04o}{owner}\n{}", file.host, file.path, file.mode, file.text)
            });
            Ok(shown.collect())
        }
        Err(error) => Err(format!("{}: {error}\n", target.name())),
    }
}

fn others(part: Part) -> String {
    let usual = files(part, Target::El9).unwrap();
    let others = Target::ALL.into_iter().filter(|target| *target != Target::El9);
    let shown = others.map(|target| match files(part, target) {
        Ok(text) if text == usual => format!("{} as el9\n", target.name()),
        Ok(text) => unified("el9", &usual, target.name(), &text, TableStyle::default()),
        Err(words) => words,
    });
    shown.collect()
}

#[test]
fn haproxy_of_a_small_pool() {
    insta::assert_snapshot!(files(Part::Haproxy, Target::El9).unwrap());
    insta::assert_snapshot!(others(Part::Haproxy));
}

#[test]
fn cache_of_a_small_pool() {
    insta::assert_snapshot!(files(Part::Cache, Target::El9).unwrap());
    insta::assert_snapshot!(others(Part::Cache));
}

#[test]
fn cache_url_of_a_small_pool() {
    insta::assert_snapshot!(files(Part::CacheUrl, Target::El9).unwrap());
    insta::assert_snapshot!(others(Part::CacheUrl));
}
