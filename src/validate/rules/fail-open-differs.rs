//! A stand-in backend that is none: other servers, or checked as well.

use super::*;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule {
    id: "fail-open-differs",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "the backend that stands in when checks fail has other servers, or checks of its own",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    for route in config.frontends_on(registration_port(config, context)).iter().flat_map(Proxy::routes) {
        let Some(counted) = route.condition.as_ref().and_then(|c| config.backend(c.backend.as_deref()?))
        else {
            continue;
        };
        let Some(twin) = route.backend.filter(|b| b.name() != counted.name()) else { continue };
        let keys = |proxy: &Proxy<'_>| proxy.servers().iter().map(|s| s.key()).collect::<BTreeSet<String>>();
        let missing: Vec<String> = keys(&counted).difference(&keys(&twin)).cloned().collect();
        if !missing.is_empty() {
            let message =
                format!("{} stands in for {}, and lacks {}", twin.shown(), counted.name(), some(&missing));
            let way_out =
                "give both backends the same servers: while the second serves, these capsules get nothing";
            found.push(Finding::at(header(&twin), message).way_out(way_out));
        }
        for server in twin.servers().iter().filter(|s| s.is_checked()) {
            let word = server.own("check").map_or(server.name.span, |w| w.span);
            let message =
                format!("{} is checked in the backend that serves when checks fail", server.name.text);
            found.push(Finding::at(word, message).way_out("take 'check' away here"));
        }
    }
}
