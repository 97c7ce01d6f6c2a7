//! The admin, who looks at the status now and then and reconnects what must be reconnected: an
//! answer with a single-use refresh token that is lost is lost for good.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::sync::Mutex;

use crate::{Side, World};

/// How often the admin looks.
const LOOK_AGAIN: Duration = Duration::from_millis(1_000);

/// How often each side's workspace was connected again.
pub(super) type Reconnected = Arc<Mutex<BTreeMap<Side, usize>>>;

/// Watches for as long as it is polled; counts what it connects again.
pub(super) async fn watch(world: Arc<World>, reconnected: Reconnected) {
    loop {
        tokio::time::sleep(LOOK_AGAIN).await;
        // While the process is down there is no answer.
        let Ok(status) = world.api.get("/api/v1/status").await else { continue };
        for connection in status["connections"].as_array().into_iter().flatten() {
            if is_well(connection) {
                continue;
            }
            let platform = connection["platform"].as_str().unwrap_or_default();
            let Ok(side) = Side::named(platform) else { continue };
            let Ok(app) = world.app(side).await else { continue };
            if world.authorize(side, &app).await.is_ok() {
                *reconnected.lock().await.entry(side).or_default() += 1;
            }
        }
    }
}

/// Whether a connection needs no admin.
pub(super) fn is_well(connection: &Value) -> bool {
    connection["healthy"] == true
}
