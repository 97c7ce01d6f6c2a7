//! HTTP: webhooks in, the admin API, the page that vendors send admins back to, pictures, probes.
//!
//! Guarantees: a webhook is answered 2xx only after what it brought is on disk; whatever goes wrong
//! is answered with an RFC 9457 problem that names what is wrong and the mend; nothing under
//! `/api/` is answered without the admin token; no secret and no content is logged.
//!
//! Deliberately absent: decisions (they are the relay's) and platform names (what differs between
//! platforms is in what their connectors answer).

mod api;
mod auth;
mod avatars;
mod extract;
mod oauth;
mod outcomes;
mod page;
mod probes;
mod problem;
mod request_log;
mod router;
mod server;
mod state;
mod webhooks;

pub use api::{AuthorizationProgress, AuthorizationStatus, ManifestView, TokenToAdopt, openapi};
pub use problem::Problem;
pub use router::router;
pub use server::serve;
pub use state::{Hub, HubOptions, Metrics};
