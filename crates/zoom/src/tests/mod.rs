//! The connector against what Zoom published, and against a pretended Zoom.

mod calls;
mod contracts;
mod events;
mod fuzz;
pub(crate) mod support;
