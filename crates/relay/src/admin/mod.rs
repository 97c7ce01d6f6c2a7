//! What admins do: every change is checked, kept, written down with who made it, and in force when
//! the call returns.
//!
//! Deliberately absent: HTTP, and who an admin is. The caller has proved that and says it in
//! [`Who`].

mod adding;
mod apps;
mod audience;
mod audit;
mod authorizations;
mod channel_syncs;
mod connections;
mod deliveries;
mod error;
mod health;
mod nearest;
mod schema;
mod status;

pub use adding::{AddChannelSync, AddEndpoint, Added, ConnectChannelSync, NewEndpoint, NewTarget};
pub use apps::{AppChange, AppView, FieldView, NewApp, PermissionView, PlatformView};
pub use audit::{AuditQuery, AuditView, Who};
pub use authorizations::{AuthorizationView, ConnectedView, ConsentView};
pub use channel_syncs::{
    ChannelSyncChange, ChannelSyncView, EndpointChange, EndpointView, TrafficView,
};
pub use connections::{
    ConnectionView, ConversationQuery, ConversationView, FindingView, ParentView,
};
pub use deliveries::{
    AttemptView, DeliveryDetail, DeliveryQuery, DeliveryView, PlaceView, RetriedAll,
};
pub use error::AdminError;
pub use health::CredentialView;
pub use nearest::nearest;
pub use status::{DatabaseView, DropView, StatusView};
