//! What one request leaves in production.log: its beginning, what it says of itself before its end, and its end.
//!
//! Controllers and wordings are those of Katello's and Foreman's sources; /rhsm is `CandlepinProxiesController`.

use super::calls::{extend, push_call, push_parameters};
use super::error::SimulateError;
use super::host::Host;
use super::layout::{Level, Log, Mark};
use super::plan::Plan;
use super::random::Random;
use super::steps::Step;
use super::text::{push_number, push_tenths, push_uuid};
use super::topology::{LOAD_BALANCER, SATELLITE_IP};
use crate::registration::session::Group;

/// A request that is being answered.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Its UUID; lines show the first eight digits.
    pub id: u128,
    /// What it asks for.
    pub step: Step,
    /// The status that it will be answered with; 0 for no answer.
    pub status: u16,
    /// Start, microseconds UTC.
    pub started: i64,
    /// Time to answer.
    pub ms: u32,
    /// Numbers that only have to look right.
    pub noise: u64,
    /// The UUID that the facet is made with before Candlepin answers with another; 0 where they are the same.
    pub passing_uuid: u128,
}

const RHSM: &str = "Katello::Api::Rhsm::CandlepinProxiesController#";

/// `Api::V2::PingController#ping as JSON`
const fn controller(step: Step) -> (&'static str, &'static str) {
    match step {
        Step::Script => ("", "Api::V2::RegistrationController#global as HTML"),
        Step::HostRegister => ("", "Api::V2::RegistrationController#host as HTML"),
        Step::Root => ("", "Katello::Api::V2::RootController#rhsm_resource_list as JSON"),
        Step::Status => (RHSM, "server_status as JSON"),
        Step::Create => (RHSM, "consumer_activate as JSON"),
        Step::CreateInEnvironment => (RHSM, "consumer_create as JSON"),
        Step::ConsumerGet | Step::FormerGet | Step::Gone => (RHSM, "consumer_show as JSON"),
        Step::Serials => (RHSM, "serials as JSON"),
        Step::Facts | Step::FactsUnavailable => (RHSM, "facts as JSON"),
        Step::EnabledRepos => (RHSM, "enabled_repos as JSON"),
        Step::Profiles => (RHSM, "upload_profiles as JSON"),
        Step::Certificates
        | Step::AccessibleContent
        | Step::ContentOverrides
        | Step::Release
        | Step::Compliance
        | Step::FormerCompliance => (RHSM, "get as JSON"),
        Step::Notifications => ("", "NotificationRecipientsController#index as JSON"),
        Step::Ping => ("", "Api::V2::PingController#ping as JSON"),
        Step::HostsPage => ("", "HostsController#index as HTML"),
        Step::Task => ("", "ForemanTasks::Api::TasksController#show as JSON"),
        Step::ApiFacts => ("", "Api::V2::HostsController#facts as JSON"),
    }
}

/// A status with its reason.
const fn reason(status: u16) -> &'static str {
    match status {
        200 => "200 OK",
        201 => "201 Created",
        401 => "401 Unauthorized",
        403 => "403 Forbidden",
        410 => "410 Gone",
        422 => "422 Unprocessable Entity",
        429 => "429 Too Many Requests",
        503 => "503 Service Unavailable",
        _ => "500 Internal Server Error",
    }
}

/// A backtrace as Rails logs it, several lines in one message.
const BACKTRACE: [&[u8]; 6] = [
    b"Backtrace for 'Action failed' error (ActiveRecord::ConnectionTimeoutError): could not obtain a connection from the pool within 5.000 seconds (waited 5.003 seconds); all pooled connections were in use",
    b"/usr/share/gems/gems/activerecord-7.0.8.7/lib/active_record/connection_adapters/abstract/connection_pool/queue.rb:125:in `block in wait_poll'",
    b"/usr/share/gems/gems/activerecord-7.0.8.7/lib/active_record/connection_adapters/abstract/connection_pool.rb:182:in `connection'",
    b"/usr/share/gems/gems/katello-4.19.0/app/controllers/katello/api/rhsm/candlepin_proxies_controller.rb:198:in `consumer_activate'",
    b"/usr/share/gems/gems/puma-6.4.3/lib/puma/thread_pool.rb:155:in `block in spawn_thread'",
    b"/usr/share/gems/gems/logging-2.4.0/lib/logging/diagnostic_context.rb:474:in `block in create_with_logging_context'",
];

fn mark(at: i64, logger: &'static [u8; 3], request: &Request) -> Mark {
    Mark { at, level: Level::Info, logger, request: request.id }
}

/// Writes what a request says of itself.
pub struct Scribe<'a> {
    /// The storm.
    pub plan: &'a Plan<'a>,
    /// Where to.
    pub log: Log,
}

impl Scribe<'_> {
    /// Started, Processing, Parameters.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn begins(&mut self, host: &Host, request: &Request) -> Result<(), SimulateError> {
        let plan = self.plan;
        let (step, at) = (request.step, request.started);
        let app = mark(at, b"app", request);
        self.log.line(app, |out, clock| {
            out.extend_from_slice(b"Started ");
            push_call(out, plan, host, request);
            out.extend_from_slice(b"\" for ");
            match step {
                Step::Notifications | Step::HostsPage => extend(out, &["10.1.0.99"]),
                Step::Ping | Step::Task => extend(out, &[SATELLITE_IP]),
                _ => host.push_address(out, plan.args.addresses, step.is_register(), &plan.capsules),
            }
            out.extend_from_slice(b" at ");
            out.extend_from_slice(clock.long(at));
        })?;
        self.log.line(app, |out, _| {
            let (class, action) = controller(step);
            extend(out, &["Processing by ", class, action]);
        })?;
        if !matches!(step, Step::Root | Step::Status | Step::Notifications | Step::HostsPage) {
            self.log.line(app, |out, _| push_parameters(out, plan, host, request))?;
        }
        match step {
            Step::Script | Step::HostRegister | Step::HostsPage => {
                self.log.line(app, |out, _| extend(out, &["Authorized user admin(Admin User)"]))
            }
            Step::Serials
            | Step::Certificates
            | Step::AccessibleContent
            | Step::ContentOverrides
            | Step::Release
            | Step::Facts
            | Step::EnabledRepos
            | Step::Profiles => self.log.line(app, |out, _| {
                out.extend_from_slice(b"Current user: ");
                push_uuid(out, host.uuid);
                out.extend_from_slice(b" (regular user)");
            }),
            _ => Ok(()),
        }
    }

    /// Audits and the like, shortly before the end; only of requests that succeed.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn works(&mut self, host: &Host, request: &Request, at: i64) -> Result<(), SimulateError> {
        match request.step {
            Step::Create | Step::CreateInEnvironment => self.creates(host, request, at),
            Step::Facts => {
                let app = mark(at, b"app", request);
                self.log.line(app, |out, _| {
                    out.extend_from_slice(b"Import facts for '");
                    host.push_name(out);
                    out.extend_from_slice(b"' completed. Added: ");
                    push_number(out, request.noise & 127);
                    out.extend_from_slice(b", Updated: ");
                    push_number(out, request.noise >> 8 & 63);
                    out.extend_from_slice(b", Deleted 0 facts");
                })?;
                self.through_balancer(host, app)
            }
            Step::HostRegister => {
                if !self.plan.args.no_audit {
                    let number = 100 + host.number;
                    self.audit(request, at, "Host::Managed", number, "update", b"build", |out| {
                        extend(out, &["false, false"])
                    })?;
                    self.audit(request, at, "Host::Managed", number, "update", b"owner_id", |out| {
                        extend(out, &[", 4"])
                    })?;
                }
                self.log.line(mark(at, b"app", request), |out, _| {
                    extend(out, &["  Rendered text template (Duration: 0.1ms | Allocations: 12)"]);
                })
            }
            _ => Ok(()),
        }
    }

    fn through_balancer(&mut self, host: &Host, app: Mark) -> Result<(), SimulateError> {
        if host.group != Group::LbSsh || !self.plan.balancer_line || host.old {
            return Ok(());
        }
        self.log.line(app, |out, _| {
            out.extend_from_slice(b"Host ");
            host.push_name(out);
            extend(out, &[" registered through load balancer ", LOAD_BALANCER]);
        })
    }

    #[allow(clippy::too_many_arguments)]
    fn audit(
        &mut self,
        request: &Request,
        at: i64,
        class: &str,
        number: u64,
        event: &str,
        column: &[u8],
        value: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), SimulateError> {
        self.log.line(mark(at, b"aud", request), |out, _| {
            out.extend_from_slice(class.as_bytes());
            out.extend_from_slice(b" (");
            push_number(out, number);
            extend(out, &[") ", event, " event on "]);
            out.extend_from_slice(column);
            out.push(b' ');
            value(out);
        })
    }

    fn creates(&mut self, host: &Host, request: &Request, at: i64) -> Result<(), SimulateError> {
        let app = mark(at, b"app", request);
        let audits = !self.plan.args.no_audit;
        let number = 100 + host.number;
        let first = if request.passing_uuid != 0 { request.passing_uuid } else { host.uuid };
        let again = host.former != 0;
        let event = if again { "update" } else { "create" };
        self.log.line(app, |out, _| {
            extend(out, &["ForemanWebhooks::EventSubscriber: status_changed.event.foreman event received"]);
        })?;
        self.log.line(app, |out, _| extend(out, &["generating new uuid"]))?;
        if audits {
            if again {
                self.audit(request, at, "Host::Base", number, event, b"last_report", |out| {
                    extend(out, &[", "])
                })?;
            } else {
                self.audit(request, at, "Host::Base", number, event, b"name", |out| host.push_name(out))?;
                // the host table's own column is empty
                for column in [&b"uuid"[..], b"ip", b"mac", b"owner_type", b"comment"] {
                    self.audit(request, at, "Host::Base", number, event, column, |_| {})?;
                }
            }
            for class in ["Katello::Host::ContentFacet", "Katello::Host::SubscriptionFacet"] {
                self.audit(request, at, class, number + 7, event, b"uuid", |out| {
                    if again {
                        push_uuid(out, host.former);
                        out.extend_from_slice(b", ");
                    }
                    push_uuid(out, first);
                })?;
                if !again {
                    self.audit(request, at, class, number + 7, event, b"host_id", |out| {
                        push_number(out, number)
                    })?;
                }
            }
            self.audit(
                request,
                at,
                "Katello::Host::SubscriptionFacet",
                number + 7,
                event,
                b"hypervisor",
                |out| {
                    extend(out, &["false"]);
                },
            )?;
        }
        if request.passing_uuid != 0 {
            self.log.line(app, |out, _| {
                out.extend_from_slice(b"Candlepin returned different consumer uuid than requested (");
                push_uuid(out, first);
                out.extend_from_slice(b"), updating uuid in subscription_facet.");
            })?;
            if audits {
                for class in ["Katello::Host::SubscriptionFacet", "Katello::Host::ContentFacet"] {
                    self.audit(request, at, class, number + 7, "update", b"uuid", |out| {
                        push_uuid(out, first);
                        out.extend_from_slice(b", ");
                        push_uuid(out, host.uuid);
                    })?;
                }
            }
        }
        self.log.line(app, |out, _| {
            out.extend_from_slice(b"Import facts for '");
            host.push_name(out);
            out.extend_from_slice(b"' completed. Added: 3, Updated: 0, Deleted 0 facts");
        })?;
        self.through_balancer(host, app)
    }

    /// What went wrong, and Completed.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn ends(&mut self, host: &Host, request: &Request, at: i64) -> Result<(), SimulateError> {
        let app = mark(at, b"app", request);
        match request.status {
            200 | 201 => {}
            410 => self.gone(host, app)?,
            500 => {
                self.log
                    .line(Mark { level: Level::Warn, ..app }, |out, _| extend(out, &["Action failed"]))?;
                self.log.lines(app, &BACKTRACE)?;
            }
            429 | 503 => self.log.line(Mark { level: Level::Warn, ..app }, |out, _| {
                extend(out, &["Action failed: the server is busy, try again later"]);
            })?,
            _ => self.log.line(Mark { level: Level::Error, ..app }, |out, _| {
                extend(out, &["Couldn't authorize the request: activation key AK"]);
            })?,
        }
        if matches!(request.step, Step::Script | Step::HostsPage | Step::Ping) && request.status == 200 {
            self.log.line(app, |out, _| {
                extend(out, &["  Rendered text template (Duration: 0.0ms | Allocations: "]);
                push_number(out, 5 + (request.noise & 15));
                out.push(b')');
            })?;
        }
        self.log.line(app, |out, _| {
            let (ms, noise) = (u64::from(request.ms), request.noise);
            extend(out, &["Completed ", reason(request.status), " in "]);
            push_number(out, ms);
            out.extend_from_slice(b"ms (Views: ");
            push_tenths(out, (noise & 31).min(ms * 10));
            out.extend_from_slice(b"ms | ActiveRecord: ");
            push_tenths(out, ms * (noise >> 8 & 1023) / 160);
            out.extend_from_slice(b"ms | Allocations: ");
            push_number(out, ms * 25 + (noise >> 24 & 4095));
            out.push(b')');
        })
    }

    /// Candlepin's answer for a consumer that was deleted; its requestUuid is nobody's consumer.
    fn gone(&mut self, host: &Host, app: Mark) -> Result<(), SimulateError> {
        let mut body = b"{\"displayMessage\":\"Unit ".to_vec();
        push_uuid(&mut body, host.uuid);
        body.extend_from_slice(b" has been deleted\",\"requestUuid\":\"");
        push_uuid(&mut body, app.request ^ 0xffff_ffff);
        body.extend_from_slice(b"\",\"deletedId\":\"");
        push_uuid(&mut body, host.uuid);
        body.extend_from_slice(b"\"}");
        let mut first = b"RestClient::Gone: Katello::Resources::Candlepin::Consumer: 410 Gone ".to_vec();
        first.extend_from_slice(&body);
        first.extend_from_slice(b" (GET /candlepin/consumers/");
        push_uuid(&mut first, host.uuid);
        first.push(b')');
        let second = [b"Body: ", &body[..]].concat();
        self.log.lines(Mark { level: Level::Error, ..app }, &[&first, &second, b""])
    }
}

impl Request {
    /// A request that starts now. `load` stretches its time.
    pub fn new(random: &mut Random, step: Step, status: u16, started: i64, load: f64) -> Self {
        let ms = (random.log_normal(step.median_ms(), 0.6) * load).max(1.0);
        Self {
            id: random.uuid(),
            step,
            status,
            started,
            // nothing that is answered takes longer than ten minutes
            ms: ms.min(600_000.0) as u32,
            noise: random.bits(),
            passing_uuid: 0,
        }
    }

    /// When it is answered, microseconds UTC; a little after the time that it says it took.
    pub const fn ends(&self) -> i64 {
        self.started + self.ms as i64 * 1000 + (self.noise >> 40 & 511) as i64
    }
}
