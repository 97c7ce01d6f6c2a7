//! How something is to be shown on another platform, as Rialto's compatibility page says.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{Side, World};

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

/// What Rialto says of every feature on every way.
pub(crate) struct Page(Value);

impl Page {
    /// Has Rialto print it.
    pub(crate) async fn read(world: &World) -> Result<Self> {
        let page = world.rialto.lock().await.says(&["compatibility", "--json"]).await?;
        Ok(Self(serde_json::from_str(&page).context("the compatibility page is JSON")?))
    }

    /// What it says of a feature from one platform to another.
    pub(crate) fn cell(&self, from: Side, to: Side, feature: &str) -> Cell {
        let mut all = self.0.as_array().into_iter().flatten();
        let crossing = all.find(|it| {
            it["feature"] == feature && it["from"] == from.word() && it["to"] == to.word()
        });
        let crossing = crossing.map(|it| &it["crossing"]);
        let text = |kind: &str| crossing.and_then(|it| it[kind].as_str()).map(str::to_owned);
        match (text("emulated"), text("impossible")) {
            (Some(how), _) => Cell::Emulated(how),
            (_, Some(why)) => Cell::Impossible(why),
            _ if crossing.is_some_and(|it| it == "native") => Cell::Native,
            _ => Cell::Impossible(format!("the page does not have {feature}")),
        }
    }
}

/// From one platform to another.
pub(super) struct Way<'a> {
    pub(super) from: Side,
    pub(super) to: Side,
    pub(super) page: &'a Page,
}

impl Way<'_> {
    /// What the page says of a feature.
    pub(super) fn crossing(&self, feature: &str) -> Cell {
        self.page.cell(self.from, self.to, feature)
    }
}

/// Not at all, for this reason.
pub(super) fn impossible(why: &str) -> Cell {
    Cell::Impossible(why.to_owned())
}
