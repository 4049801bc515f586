//! What a host asks for, one request after the other.

use super::host::Host;
use super::plan::{Plan, SECOND};
use super::random::Random;

/// A request by its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// GET /register
    Script,
    /// GET /rhsm/
    Root,
    /// GET /rhsm/status
    Status,
    /// POST /rhsm/consumers
    Create,
    /// POST /rhsm/environments/ENV/consumers
    CreateInEnvironment,
    /// GET /rhsm/consumers/UUID
    ConsumerGet,
    /// GET .../certificates/serials
    Serials,
    /// GET .../certificates
    Certificates,
    /// GET .../accessible_content
    AccessibleContent,
    /// GET .../content_overrides
    ContentOverrides,
    /// GET .../release
    Release,
    /// PUT /rhsm/consumers/UUID
    Facts,
    /// The same, answered 503; the client tries again
    FactsUnavailable,
    /// GET .../compliance
    Compliance,
    /// PUT /rhsm/systems/UUID/enabled_repos
    EnabledRepos,
    /// PUT /rhsm/consumers/UUID/profiles
    Profiles,
    /// POST /register
    HostRegister,
    /// GET of the consumer that the host was before
    FormerGet,
    /// compliance of the consumer that the host was before
    FormerCompliance,
    /// GET of a consumer that was deleted, answered 410
    Gone,
    /// GET /notification_recipients
    Notifications,
    /// GET /api/v2/ping
    Ping,
    /// GET /hosts
    HostsPage,
    /// GET /foreman_tasks/api/tasks/ID
    Task,
    /// POST /api/v2/hosts/facts
    ApiFacts,
}

impl Step {
    /// Median time to answer, milliseconds.
    pub const fn median_ms(self) -> f64 {
        match self {
            Self::Create | Self::CreateInEnvironment => 2500.0,
            Self::HostRegister => 900.0,
            Self::ApiFacts => 600.0,
            Self::Facts => 450.0,
            Self::HostsPage => 400.0,
            Self::Script => 300.0,
            Self::Profiles | Self::Ping => 190.0,
            Self::Certificates | Self::EnabledRepos => 150.0,
            Self::Compliance | Self::FormerCompliance => 120.0,
            Self::Serials => 80.0,
            Self::ConsumerGet | Self::FormerGet | Self::FactsUnavailable => 60.0,
            Self::ContentOverrides | Self::Task => 50.0,
            Self::AccessibleContent | Self::Gone => 40.0,
            Self::Root | Self::Release => 25.0,
            Self::Status => 15.0,
            Self::Notifications => 11.0,
        }
    }

    /// Whether it goes to port 9090 of a capsule, where there is one.
    pub const fn is_register(self) -> bool {
        matches!(self, Self::Script | Self::HostRegister)
    }

    /// Whether it creates a consumer.
    pub const fn is_create(self) -> bool {
        matches!(self, Self::Create | Self::CreateInEnvironment)
    }

    /// Whether a consumer's UUID stands in its path or parameters.
    pub const fn has_uuid(self) -> bool {
        matches!(
            self,
            Self::ConsumerGet
                | Self::Serials
                | Self::Certificates
                | Self::AccessibleContent
                | Self::ContentOverrides
                | Self::Release
                | Self::Facts
                | Self::FactsUnavailable
                | Self::Compliance
                | Self::EnabledRepos
                | Self::Profiles
                | Self::HostRegister
                | Self::FormerGet
                | Self::FormerCompliance
                | Self::Gone
        )
    }

    /// Whether it is of neither /rhsm nor /register.
    pub const fn is_other(self) -> bool {
        matches!(self, Self::Notifications | Self::Ping | Self::HostsPage | Self::Task | Self::ApiFacts)
    }
}

/// How an attempt ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Registered.
    Registered,
    /// The create is answered with this status; 0 for no answer at all.
    CreateFails(u16),
    /// The create is fine, POST /register is answered 500.
    HostRegisterFails,
}

impl Outcome {
    /// How an attempt ends that begins at `at`.
    pub fn drawn(random: &mut Random, plan: &Plan<'_>, at: i64) -> Self {
        if !random.chance(plan.args.failures) {
            return Self::Registered;
        }
        // a request without an answer is told from one that the log's end cut off by what follows it
        let too_late = at > plan.start + plan.length + plan.lead - 120 * SECOND
            || !plan.has_background() && at > plan.start + plan.length - 120 * SECOND;
        let kinds = [
            (2.0, Self::CreateFails(401)),
            (1.0, Self::CreateFails(403)),
            (1.0, Self::CreateFails(422)),
            (2.0, Self::CreateFails(429)),
            (2.0, Self::CreateFails(500)),
            (2.0, Self::CreateFails(503)),
            (if too_late { 0.0 } else { 2.0 }, Self::CreateFails(0)),
            (if plan.args.no_host_register { 0.0 } else { 1.0 }, Self::HostRegisterFails),
        ];
        kinds[random.weighted(&kinds.map(|k| k.0))].1
    }
}

/// Room for the longest list: 14 status calls, 14 of compliance, and the rest.
const MOST: usize = 64;

/// The steps of one host, in order.
#[derive(Clone, Copy, Debug)]
pub struct Steps {
    list: [Step; MOST],
    len: u8,
    next: u8,
}

impl Steps {
    /// These steps, in this order.
    pub fn of(steps: &[Step]) -> Self {
        let mut list = Self { list: [Step::Status; MOST], len: 0, next: 0 };
        steps.iter().for_each(|step| list.push(*step));
        list
    }

    fn push(&mut self, step: Step) {
        self.insert(usize::from(self.len), step);
    }

    fn insert(&mut self, at: usize, step: Step) {
        let len = usize::from(self.len);
        if len < MOST && at <= len {
            self.list.copy_within(at..len, at + 1);
            self.list[at] = step;
            self.len += 1;
        }
    }

    /// How many there are.
    pub const fn len(&self) -> u64 {
        self.len as u64
    }

    /// The step that a host is at.
    pub fn current(&self) -> Option<Step> {
        self.list[..usize::from(self.len)].get(usize::from(self.next)).copied()
    }

    /// Goes on to the next one.
    pub const fn advance(&mut self) {
        self.next += 1;
    }

    /// One attempt to register. `former_calls`: what the host was before still asks for something first.
    pub fn registration(
        random: &mut Random,
        host: &Host,
        outcome: Outcome,
        former_calls: bool,
        host_register: bool,
    ) -> Self {
        let mut steps = Self::of(&[]);
        if former_calls {
            for _ in 0..random.between(1, 3) {
                steps.push(if random.chance(0.5) { Step::FormerGet } else { Step::FormerCompliance });
            }
        }
        steps.push(Step::Script);
        steps.push(Step::Root);
        let status_calls = random.between(9, 14);
        let before = random.between(3, 4);
        (0..before).for_each(|_| steps.push(Step::Status));
        let environment = random.chance(0.05);
        steps.push(if environment { Step::CreateInEnvironment } else { Step::Create });
        if matches!(outcome, Outcome::CreateFails(_)) {
            return steps;
        }
        let from = usize::from(steps.len);
        for step in [
            Step::Serials,
            Step::Certificates,
            Step::AccessibleContent,
            Step::ContentOverrides,
            Step::Release,
            Step::Facts,
            Step::EnabledRepos,
            Step::Profiles,
        ] {
            if step == Step::Facts && random.chance(0.01) {
                steps.push(Step::FactsUnavailable);
            }
            steps.push(step);
        }
        if random.chance(0.05) {
            steps.push(Step::Facts);
        }
        if host_register {
            steps.push(Step::HostRegister);
        }
        // a host whose registration failed asks for nothing more
        let open_end = u64::from(outcome == Outcome::Registered);
        let mut scatter = |count: u64, step: Step| {
            for _ in 0..count {
                let room = u64::from(steps.len) - from as u64 + open_end;
                steps.insert(from + random.below(room) as usize, step);
            }
            random.bits()
        };
        scatter(status_calls - before, Step::Status);
        let bits = scatter(0, Step::ConsumerGet);
        scatter([0, 1, 1, 2, 2, 2, 3, 4][(bits >> 61) as usize], Step::ConsumerGet);
        if host.polls_compliance() {
            scatter(10 + (bits & 0xffff) % 5, Step::Compliance);
        }
        steps
    }

    /// A host that is registered already looks in.
    pub fn check_in(random: &mut Random, host: &Host) -> Self {
        let mut steps = Self::of(&[Step::Status, Step::ConsumerGet]);
        if host.polls_compliance() {
            steps.push(Step::Compliance);
        }
        if random.chance(0.4) {
            steps.push(Step::Facts);
        }
        if random.chance(0.3) {
            steps.push(Step::Profiles);
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::host::Weights;
    use crate::simulate::topology::capsules;

    const EVEN: Weights = Weights { ways: [1.0; 4], releases: [1.0; 3] };

    fn count(steps: &Steps, step: Step) -> usize {
        steps.list[..usize::from(steps.len)].iter().filter(|s| **s == step).count()
    }

    #[test]
    fn a_registration_asks_for_what_a_real_one_asks_for() {
        let mut random = Random::new(1, 0);
        for number in 0..2000 {
            let host = Host::new(&mut random, number, false, &EVEN, &capsules(2));
            let steps = Steps::registration(&mut random, &host, Outcome::Registered, true, true);
            assert!((9..=14).contains(&count(&steps, Step::Status)));
            assert!(count(&steps, Step::ConsumerGet) <= 4);
            let compliance = count(&steps, Step::Compliance);
            assert!(if host.release < 2 { (10..=14).contains(&compliance) } else { compliance == 0 });
            for once in [Step::Script, Step::Root, Step::HostRegister, Step::Serials] {
                assert_eq!(count(&steps, once), 1);
            }
            assert!(usize::from(steps.len) < MOST, "nothing was left out for want of room");
        }
    }

    #[test]
    fn nothing_follows_a_step_that_failed() {
        let mut random = Random::new(2, 0);
        for number in 0..200 {
            let host = Host::new(&mut random, number, false, &EVEN, &capsules(2));
            for outcome in [Outcome::CreateFails(401), Outcome::HostRegisterFails] {
                let steps = Steps::registration(&mut random, &host, outcome, false, true);
                let last = steps.list[usize::from(steps.len) - 1];
                assert!(last.is_create() || last == Step::HostRegister, "{last:?}");
            }
        }
    }
}
