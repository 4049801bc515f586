//! A statistics socket through which strangers can change what runs.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "stats-socket-open",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "others than root can change HAProxy through its statistics socket",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, _: &Context<'_>, found: &mut Vec<Finding>) {
    for statement in config.global(&["stats", "socket"]) {
        let level = statement.behind("level").map_or("operator", |w| w.text.as_str());
        if level == "user" {
            continue;
        }
        let mode = statement.behind("mode");
        let wide = mode.filter(|m| u32::from_str_radix(&m.text, 8).is_ok_and(|bits| bits & 0o006 != 0));
        let network = statement
            .words
            .get(2)
            .and_then(|w| super::endpoint(&w.text))
            .filter(|e| e.port.is_some() && !e.is_loopback());
        if let Some(mode) = wide {
            let message = format!("every user of this host may use the socket at level {level}");
            found.push(
                Finding::at(mode.span, message)
                    .way_out("write 'mode 660', or 'level user' where it is only read")
                    .fix("mode 660", vec![Edit::replace(mode.span, "660")]),
            );
        } else if let Some(endpoint) = network {
            let message =
                format!("everybody who reaches {} may use the socket at level {level}", endpoint.shown());
            found.push(
                Finding::at(statement.span, message).way_out("put it into the file system, with mode 660"),
            );
        }
    }
}
