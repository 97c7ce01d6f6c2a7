//! How something is to be shown on another platform.

use serde_json::Value;

use crate::Side;

/// From one platform to another.
pub struct Way<'a> {
    /// Where it is said.
    pub from: Side,
    /// Where it is read.
    pub to: Side,
    /// What Rialto says that the platform can do where it is read.
    pub can: Option<&'a Value>,
}

/// How something is to be shown there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// By the platform's own.
    Native,
    /// By other means: how.
    Emulated(String),
    /// It cannot be, or shall not: why.
    Impossible(String),
}

impl Way<'_> {
    /// What Rialto says of a capability of the platform where it is read, by its place: `/abilities/edit/shown`.
    pub(super) fn support(&self, place: &str) -> Cell {
        let support = self.can.and_then(|can| can.pointer(place));
        let text = |kind: &str| support.and_then(|it| it[kind].as_str()).map(str::to_owned);
        match (text("emulated"), text("none")) {
            (Some(how), _) => Cell::Emulated(how),
            (_, Some(why)) => Cell::Impossible(why),
            _ if support.is_some_and(|it| it == "native") => Cell::Native,
            _ => Cell::Impossible(format!("Rialto does not say anything of {place}")),
        }
    }
}

/// By other means, in these words.
pub(super) fn emulated(how: &str) -> Cell {
    Cell::Emulated(how.to_owned())
}

/// Not at all, for this reason.
pub(super) fn impossible(why: &str) -> Cell {
    Cell::Impossible(why.to_owned())
}
