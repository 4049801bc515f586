//! What one consumer sends, counted until its registration is known to be over.

use super::addresses::{AddressId, KINDS};
use super::join::Outcome;
use super::record::Sender;
use super::session::{ErrorClass, Ms, NameId, Session, Uuid};
use crate::log::request::{Details, Kind, Request};

/// The consumer belongs to no session, or to none that is known yet.
pub(super) const NO_SESSION: u32 = u32::MAX;

/// What one consumer sent since it was last silent.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Consumer {
    pub(super) uuid: Uuid,
    pub(super) session: u32,
    /// Start of that session's create: what comes earlier is not of it.
    pub(super) since_us: i64,
    /// Its create has not ended: nothing of it may be put away.
    pub(super) pending: bool,
    /// The host begins its next registration here: what comes later is background.
    pub(super) until_us: i64,
    pub(super) first_us: i64,
    pub(super) last_us: i64,
    pub(super) requests: u32,
    pub(super) metric_requests: u32,
    pub(super) address: AddressId,
    pub(super) facts_us: i64,
    pub(super) facts: Ms,
    pub(super) fact_updates: u32,
    pub(super) compliance: u16,
    pub(super) gets: u16,
    pub(super) register: Ms,
    pub(super) register_failed: u16,
    pub(super) registers: u16,
    pub(super) url: NameId,
    pub(super) register_address: AddressId,
    /// Lines of its last POST /register that failed.
    pub(super) failed: Option<Box<Details>>,
    /// Who it is to a recorder.
    pub(super) sender: Sender,
}

const _: () = assert!(size_of::<Consumer>() == 128, "two lines of the processor's cache");

impl Consumer {
    pub(super) const fn new(uuid: Uuid) -> Self {
        Self {
            uuid,
            session: NO_SESSION,
            since_us: i64::MIN,
            pending: false,
            until_us: i64::MAX,
            first_us: i64::MAX,
            last_us: i64::MIN,
            requests: 0,
            metric_requests: 0,
            address: AddressId::NONE,
            facts_us: i64::MAX,
            facts: Ms::NONE,
            fact_updates: 0,
            compliance: 0,
            gets: 0,
            register: Ms::NONE,
            register_failed: 0,
            registers: 0,
            url: NameId::NONE,
            register_address: AddressId::NONE,
            failed: None,
            sender: Sender::NONE,
        }
    }

    /// Asks for all of it from memory: something of its begin and of its end.
    pub(super) const fn touch(&self) -> u64 {
        self.first_us as u64 ^ self.pending as u64
    }

    /// Begins anew; what was counted comes out.
    pub(super) const fn renew(&mut self) -> Self {
        std::mem::replace(self, Self::new(self.uuid))
    }

    // as `kind_number` counts them
    pub(super) fn by_kind(&self) -> [u32; KINDS] {
        let (compliance, gets) = (u32::from(self.compliance), u32::from(self.gets));
        let facts = self.fact_updates;
        [
            compliance,
            gets,
            facts,
            self.requests.saturating_sub(compliance + gets + facts + u32::from(self.registers)),
        ]
    }

    pub(super) fn take(&mut self, request: &Request, outcome: Outcome, address: AddressId) {
        self.first_us = self.first_us.min(request.start_us);
        self.requests += 1;
        let success = outcome == Outcome::Answered && request.success();
        match request.kind {
            Kind::Compliance => self.compliance = self.compliance.saturating_add(1),
            Kind::ConsumerGet => self.gets = self.gets.saturating_add(1),
            Kind::Facts => {
                self.fact_updates += 1;
                if success && request.start_us < self.facts_us {
                    self.facts_us = request.start_us;
                    self.facts = Ms::some(u64::from(request.duration_ms));
                }
            }
            Kind::HostRegister => {
                self.registers += 1;
                self.register_address = address;
                if success {
                    self.register = Ms::some(u64::from(request.duration_ms));
                } else if self.register == Ms::NONE {
                    self.register_failed = request.status;
                }
            }
            _ => {
                self.address = address;
                return;
            }
        }
        if request.kind != Kind::HostRegister {
            self.address = address;
        }
        self.metric_requests += 1;
    }
}

/// What POST /register of the flow without Katello says of its session.
pub(super) fn register_result(session: &mut Session, request: &Request, outcome: Outcome) {
    match outcome {
        // a good one after a bad one makes the registration good
        Outcome::Answered if request.success() => {
            session.host_register = Ms::some(u64::from(request.duration_ms));
            session.error = None;
        }
        _ if session.host_register != Ms::NONE => {}
        Outcome::Answered => session.error = ErrorClass::of_status(request.status),
        Outcome::Unanswered => session.error = Some(ErrorClass::NoResponse),
        Outcome::Cut => {}
    }
}
