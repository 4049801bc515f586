//! What stands in front of capsules, as the product's documentation has it, and how a set serves registrations.

use super::check::Context;
use super::files::{Files, Span};
use super::finding::Edit;
use super::read::haproxy::{Haproxy, Proxy, Statement};

/// A service.
pub struct Service {
    /// Its name.
    pub name: &'static str,
    /// The port that clients use.
    pub port: u16,
    /// The port on capsules.
    pub server_port: u16,
    /// Clients' TLS goes through to the capsules.
    pub passthrough: bool,
}

/// Those of the documentation, and MQTT, which is satperf's own.
pub const SERVICES: [Service; 7] = [
    Service { name: "HTTP", port: 80, server_port: 80, passthrough: false },
    Service { name: "HTTPS and RHSM", port: 443, server_port: 443, passthrough: true },
    Service { name: "MQTT", port: 1883, server_port: 1883, passthrough: false },
    Service { name: "Anaconda templates", port: 8000, server_port: 8000, passthrough: false },
    Service { name: "Puppet", port: 8140, server_port: 8140, passthrough: true },
    Service { name: "Puppet CA", port: 8141, server_port: 8140, passthrough: true },
    Service { name: "host registration", port: 9090, server_port: 9090, passthrough: true },
];

/// The port of host registration that the documentation has.
pub const REGISTRATION: u16 = 9090;

/// The port of host registration: what the inventory says of this load balancer, else 9090.
pub fn registration_port(config: &Haproxy, context: &Context<'_>) -> u16 {
    let said = context.facts.and_then(|facts| {
        let addresses =
            config.backends().flat_map(|b| b.servers()).filter_map(|s| s.endpoint.map(|e| e.host));
        let balancer = facts.balancer(context.host, addresses)?;
        facts.port(&balancer.name, "haproxy_registration_port")
    });
    said.unwrap_or(REGISTRATION)
}

/// Ports whose TLS goes through to the capsules.
pub fn passthrough_ports(config: &Haproxy, context: &Context<'_>) -> Vec<u16> {
    let mut ports: Vec<u16> = SERVICES.iter().filter(|s| s.passthrough).map(|s| s.port).collect();
    let registration = registration_port(config, context);
    if !ports.contains(&registration) {
        ports.push(registration);
    }
    ports
}

/// Names of backends that stand in for others: a `use_backend` that counts the others' servers leads there.
pub fn twins(config: &Haproxy, port: u16) -> Vec<&str> {
    let mut found = Vec::new();
    for route in config.frontends_on(port).iter().flat_map(Proxy::routes) {
        let (Some(backend), Some(condition)) = (route.backend, &route.condition) else { continue };
        if condition.backend.as_deref().is_some_and(|counted| counted != backend.name()) {
            found.push(backend.name());
        }
    }
    found
}

/// Backends of a port without those that stand in for others.
pub fn main_backends(config: &Haproxy, port: u16) -> Vec<Proxy<'_>> {
    let twins = twins(config, port);
    config.backends_on(port).into_iter().filter(|b| !twins.contains(&b.name())).collect()
}

/// Those of host registration.
pub fn registration_backends<'a>(config: &'a Haproxy, context: &Context<'_>) -> Vec<Proxy<'a>> {
    main_backends(config, registration_port(config, context))
}

/// Those of host registration, those that stand in for others too.
pub fn all_registration_backends<'a>(config: &'a Haproxy, context: &Context<'_>) -> Vec<Proxy<'a>> {
    config.backends_on(registration_port(config, context))
}

/// The name of a section, or its first word where it has none.
pub fn header(proxy: &Proxy<'_>) -> Span {
    proxy.section.name.as_ref().map_or(proxy.section.header.span, |n| n.span)
}

/// Puts a statement of its own below a section's first line, indented as the others.
pub fn insert(files: &Files, proxy: &Proxy<'_>, text: &str) -> Edit {
    insert_below(files, proxy.section.header.span, proxy.section.statements.first(), text)
}

/// Puts a line below another.
fn insert_below(files: &Files, line: Span, like: Option<&Statement>, text: &str) -> Edit {
    let file = files.get(line.file);
    let end = file.line_range(file.line_of(line.start)).end;
    let indent = like.map_or("    ".to_owned(), |statement| {
        let whole =
            files.get(statement.span.file).line(files.get(statement.span.file).line_of(statement.span.start));
        whole.chars().take_while(|c| matches!(c, ' ' | '\t')).collect()
    });
    let place = Span { file: line.file, start: end, end };
    Edit::replace(place, format!("{}{indent}{text}", file.newline(line.start)))
}

/// Puts a line at the end of a file.
pub fn append(files: &Files, file: super::files::FileId, text: &str) -> Edit {
    let source = files.get(file);
    let end = source.bytes.len();
    let newline = source.newline(end.saturating_sub(1));
    let before = if source.bytes.is_empty() || source.bytes.ends_with(b"\n") { "" } else { newline };
    Edit::replace(Span { file, start: end, end }, format!("{before}{text}{newline}"))
}
