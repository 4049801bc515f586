//! Consumers that only a host's name brings to their create: no audit lines, or they are lost.

use super::{Correlator, NO_SESSION, SILENCE_US};
use crate::log::request::{Details, Kind};
use crate::registration::session::{NameId, Uuid};

impl Correlator {
    // Katello's word on the way in comes here too
    pub(super) fn name_consumer(&mut self, uuid: Uuid, unbound: bool, kind: Kind, details: &Details) {
        let host = match kind {
            Kind::Facts => details.host.as_deref(),
            Kind::HostRegister => details.param_host.as_deref().or(details.host.as_deref()),
            _ => return,
        };
        let through = self.through(details);
        let mut bound = self.consumers.get(uuid).map_or(NO_SESSION, |c| c.session);
        if unbound
            && self.nameless
            && let Some(host) = host
        {
            // names of hosts that never register are not kept
            let host = self.names.find(host);
            let index = self.latest_of_host.get(host.0 as usize).copied().unwrap_or(NO_SESSION);
            let first_us = self.consumers.get(uuid).map_or(i64::MIN, |c| c.first_us);
            let ended_us = self.sessions.get(index as usize).map_or(i64::MIN, |s| s.ended_at.0);
            if self.awaited.name(host, uuid, (ended_us, first_us)) {
                self.consumers.entry(uuid).pending = true;
            } else if let Some(session) = self.sessions.get_mut(index as usize)
                && !session.uuid.is_some()
                && session.success()
                && first_us >= session.started_at.0
                && first_us - session.ended_at.0 <= SILENCE_US
            {
                session.uuid = uuid;
                let address = self.clues[index as usize].address;
                self.addresses.registers(address, host, uuid, Uuid::NONE);
                self.bind(uuid, index);
                bound = index;
            }
        }
        if through.0 != NameId::NONE
            && let Some(clues) = self.clues.get_mut(bound as usize)
            && clues.through == NameId::NONE
        {
            (clues.through, clues.balanced) = through;
        }
    }
}
