//! A check that capsules without the companion change answer with 404.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "check-uri",
    severity: Severity::Advice,
    needs: Needs::Nothing,
    about: "capsules without the companion change answer the check's URI with 404, and go out of rotation",
    check: Check::Haproxy(check),
};

/// URIs that every smart-proxy answers with 200.
const EVERYWHERE: [&str; 2] = ["/features", "/version"];

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    let port = registration_port(config, context);
    let kept = |name: &str| {
        let counts = |r: &Route<'_>| r.condition.as_ref().is_some_and(|c| c.backend.as_deref() == Some(name));
        config.frontends_on(port).iter().flat_map(Proxy::routes).any(|r| counts(&r))
    };
    for backend in registration_backends(config, context) {
        // where a failing check takes nobody out, the statistics alone show it
        if kept(backend.name()) || !backend.servers().iter().any(|s| s.is_checked()) {
            continue;
        }
        let Some(uri) = check_uri(&backend).filter(|w| !EVERYWHERE.contains(&w.text.as_str())) else {
            continue;
        };
        let what = if uri.text == "/register/health" {
            "a capsule without the companion change answers 404".to_owned()
        } else {
            format!("'{}' is no path that smart-proxy is known to answer", uri.text)
        };
        let way_out =
            "use /features, which every smart-proxy answers, until all capsules know /register/health";
        found.push(Finding::at(uri.span, format!("{what}, and goes out of rotation")).way_out(way_out));
    }
}

/// The URI that is asked for.
fn check_uri<'a>(backend: &Proxy<'a>) -> Option<&'a Word> {
    let httpchk = backend.find(&["option", "httpchk"])?;
    if let Some(uri) = backend.all(&["http-check", "send"]).iter().find_map(|s| s.behind("uri")) {
        return Some(uri);
    }
    match httpchk.words.len() {
        3 => httpchk.words.get(2),
        _ => httpchk.words.get(3),
    }
}
