//! What a request is for.

use crate::log::request::Kind;

/// A phase of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The host fetches the script that it runs.
    ScriptDelivery,
    /// The consumer is created.
    ConsumerCreation,
    /// Status of the server, certificates, the consumer read back.
    StatusAndCertificates,
    /// Foreman learns of the host, and gives the host's own script.
    HostRegistration,
    /// Facts are stored.
    Facts,
    /// Compliance is polled.
    Compliance,
    /// The host says that its own script is through.
    BuildDone,
    /// insights-client.
    Insights,
    /// Repositories, overrides, release, package profiles.
    Content,
}

impl Phase {
    /// Every phase, in the order in which most clients come to them.
    pub const ALL: [Self; 9] = [
        Self::ScriptDelivery,
        Self::ConsumerCreation,
        Self::StatusAndCertificates,
        Self::Content,
        Self::Facts,
        Self::Compliance,
        Self::HostRegistration,
        Self::BuildDone,
        Self::Insights,
    ];

    /// The phase of a request.
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Script => Self::ScriptDelivery,
            Kind::Create => Self::ConsumerCreation,
            Kind::HostRegister => Self::HostRegistration,
            Kind::Facts => Self::Facts,
            Kind::Compliance => Self::Compliance,
            Kind::Built => Self::BuildDone,
            Kind::Insights => Self::Insights,
            Kind::AccessibleContent
            | Kind::ContentOverrides
            | Kind::Release
            | Kind::Profiles
            | Kind::EnabledRepos => Self::Content,
            Kind::Unseen
            | Kind::Other
            | Kind::ConsumerGet
            | Kind::Consumer
            | Kind::Status
            | Kind::Rhsm
            | Kind::Serials
            | Kind::Certificates => Self::StatusAndCertificates,
        }
    }

    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ScriptDelivery => "script-delivery",
            Self::ConsumerCreation => "consumer-creation",
            Self::StatusAndCertificates => "status-and-certificates",
            Self::HostRegistration => "host-registration",
            Self::Facts => "facts",
            Self::Compliance => "compliance",
            Self::BuildDone => "build-done",
            Self::Insights => "insights",
            Self::Content => "content",
        }
    }

    /// The name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ScriptDelivery => "script delivery",
            Self::ConsumerCreation => "consumer creation",
            Self::StatusAndCertificates => "status, certificates",
            Self::HostRegistration => "host registration",
            Self::Facts => "facts",
            Self::Compliance => "compliance",
            Self::BuildDone => "build done",
            Self::Insights => "insights",
            Self::Content => "content",
        }
    }
}

/// A request as its method and path; `:id` stands for the consumer.
pub const fn route(kind: Kind) -> &'static str {
    match kind {
        Kind::Script => "GET /register",
        Kind::HostRegister => "POST /register",
        Kind::Create => "POST /rhsm/consumers",
        Kind::Facts => "PUT /rhsm/consumers/:id",
        Kind::Compliance => "GET /rhsm/consumers/:id/compliance",
        Kind::ConsumerGet => "GET /rhsm/consumers/:id",
        Kind::Consumer => "/rhsm/consumers/:id/...",
        Kind::Status => "GET /rhsm/status",
        Kind::Rhsm => "/rhsm/...",
        Kind::Serials => "GET /rhsm/consumers/:id/certificates/serials",
        Kind::Certificates => "GET /rhsm/consumers/:id/certificates",
        Kind::AccessibleContent => "GET /rhsm/consumers/:id/accessible_content",
        Kind::ContentOverrides => "/rhsm/consumers/:id/content_overrides",
        Kind::Release => "GET /rhsm/consumers/:id/release",
        Kind::Profiles => "PUT /rhsm/consumers/:id/profiles",
        Kind::EnabledRepos => "PUT /rhsm/systems/:id/enabled_repos",
        Kind::Built => "/unattended/built",
        Kind::Insights => "/redhat_access/r/insights/...",
        Kind::Other | Kind::Unseen => "another request",
    }
}

/// The same in fewer letters.
pub const fn short(kind: Kind) -> &'static str {
    match kind {
        Kind::Script => "GET /register",
        Kind::HostRegister => "POST /register",
        Kind::Create => "POST consumers",
        Kind::Facts => "PUT consumer (facts)",
        Kind::Compliance => "GET compliance",
        Kind::ConsumerGet => "GET consumer",
        Kind::Consumer => "consumer, other",
        Kind::Status => "GET status",
        Kind::Rhsm => "/rhsm, other",
        Kind::Serials => "GET serials",
        Kind::Certificates => "GET certificates",
        Kind::AccessibleContent => "GET accessible content",
        Kind::ContentOverrides => "content overrides",
        Kind::Release => "GET release",
        Kind::Profiles => "PUT profiles",
        Kind::EnabledRepos => "PUT enabled repos",
        Kind::Built => "build done",
        Kind::Insights => "insights",
        Kind::Other | Kind::Unseen => "another request",
    }
}
