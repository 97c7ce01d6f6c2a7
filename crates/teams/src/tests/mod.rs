//! The connector against the contracts and against a pretended Graph.

mod contracts;
mod fuzz;
mod graph;
mod html;
mod listening;
mod message;
mod render;
mod round_trip;
mod sign_in;
mod support;
mod webhook;

pub(crate) use support::now;
