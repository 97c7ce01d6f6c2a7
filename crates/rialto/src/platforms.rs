//! The one list of the platforms that this Rialto knows.

use std::sync::Arc;

use rialto_platform::{Platform, Toolkit};
use rialto_relay::Platforms;

/// All connectors.
pub fn all(toolkit: &Toolkit) -> Platforms {
    [
        Arc::new(rialto_slack::Slack::new(toolkit.clone())) as Arc<dyn Platform>,
        Arc::new(rialto_teams::Teams::new(toolkit.clone())),
        Arc::new(rialto_webex::Webex::new(toolkit.clone())),
        Arc::new(rialto_zoom::Zoom::new(toolkit.clone())),
    ]
    .into_iter()
    .collect()
}
