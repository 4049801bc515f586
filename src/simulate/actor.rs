//! A host that is doing something: what is in flight.

use super::host::Host;
use super::requests::Request;
use super::steps::{Outcome, Step, Steps};
use super::truth::SessionTruth;
use crate::registration::session::ErrorClass;

/// What a host is going to do.
pub struct Part {
    /// Who it is.
    pub host: Host,
    /// What it asks for.
    pub steps: Steps,
    /// How it ends.
    pub outcome: Outcome,
    /// It fails and will try again.
    pub tries_again: bool,
    /// What is to be told of it; none for background.
    pub session: Option<Box<SessionTruth>>,
}

impl Part {
    /// A host that is registered already, or a person.
    pub const fn of_background(host: Host, steps: Steps) -> Self {
        Self { host, steps, outcome: Outcome::Registered, tries_again: false, session: None }
    }
}

/// A host that is doing it.
pub struct Actor {
    /// What it is doing.
    pub part: Part,
    /// The last request that reached the Satellite.
    pub request: Option<Request>,
    /// Id and start of its request in the capsule's log.
    pub proxied: (u32, i64),
    /// End of the last request with its UUID.
    pub last_seen: i64,
}

impl Actor {
    /// The capsule that a request goes through, where it leaves a line there.
    pub fn proxy_of(&self, step: Step) -> Option<usize> {
        self.part.host.capsule.map(usize::from).filter(|_| step.is_register())
    }

    /// The status that this step will be answered with; 0 for no answer.
    pub const fn status_of(&self, step: Step) -> u16 {
        match (step, self.part.outcome) {
            (Step::Create | Step::CreateInEnvironment, Outcome::CreateFails(status)) => status,
            (Step::HostRegister, Outcome::HostRegisterFails) => 500,
            (Step::FactsUnavailable, _) => 503,
            (Step::Gone, _) => 410,
            (Step::Create | Step::ApiFacts, _) => 201,
            _ => 200,
        }
    }
}

/// What an answer adds to the truth of its session.
pub fn note(session: &mut SessionTruth, request: &Request, uuid: u128) {
    let succeeded = request.status < 400;
    let ms = succeeded.then_some(request.ms);
    match request.step {
        Step::Create | Step::CreateInEnvironment => {
            session.create_status = Some(request.status);
            session.create_ms = ms;
            session.uuid = uuid;
        }
        Step::Script => session.script_ms = ms,
        Step::HostRegister => session.host_register_ms = ms,
        Step::Facts if session.facts_ms.is_none() => session.facts_ms = ms,
        _ => return,
    }
    if !succeeded {
        session.error = ErrorClass::of_status(request.status);
    }
}
