//! What all emulators share: time, faults, limits, webhooks out, journals, files, control.
//!
//! Nothing here knows a vendor's format; a vendor's shapes are in its own folder.

pub mod calls;
pub mod clock;
pub mod control;
pub mod faults;
pub mod files;
pub mod gate;
pub mod idle;
pub mod ids;
pub mod limits;
pub mod view;
pub mod webhooks;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

pub use calls::{Calls, Made};
pub use clock::Clock;
pub use control::{ControlError, Emulator};
pub use faults::Faults;
pub use files::Files;
pub use gate::{Gate, drop_connection};
pub use idle::Idle;
pub use ids::Ids;
pub use limits::Limits;
pub use webhooks::Webhooks;

/// The shared services of one sandbox.
pub struct Core {
    /// Emulated time.
    pub clock: Clock,
    /// Seeded ids and secrets.
    pub ids: Ids,
    /// Rules that make calls and webhooks go wrong.
    pub faults: Faults,
    /// Rate limiters on the emulated clock.
    pub limits: Limits,
    /// Which API calls were made.
    pub calls: Calls,
    /// Outgoing webhooks and their journal.
    pub webhooks: Arc<Webhooks>,
    /// Bytes of uploaded and generated files.
    pub files: Files,
    /// Work in the background that a test may wait for.
    pub idle: Idle,
    /// Cancelled when the sandbox stops; every background task ends on it.
    pub stopping: CancellationToken,
}

impl Core {
    /// Builds the shared services.
    ///
    /// # Errors
    /// When the folder for files or the HTTP client cannot be made.
    pub fn new(
        seed: u64,
        speed: f64,
    ) -> Result<Arc<Self>, Box<dyn std::error::Error + Send + Sync>> {
        let clock = Clock::starting_now(speed);
        let ids = Ids::seeded(seed);
        let faults = Faults::seeded(seed);
        let idle = Idle::default();
        let stopping = CancellationToken::new();
        let webhooks =
            Webhooks::new(clock.clone(), faults.clone(), idle.clone(), stopping.clone())?;
        Ok(Arc::new(Self {
            limits: Limits::new(clock.clone()),
            calls: Calls::new(clock.clone()),
            files: Files::new()?,
            clock,
            ids,
            faults,
            webhooks,
            idle,
            stopping,
        }))
    }
}
