//! The kinds of network that this Rialto knows.

use std::{collections::BTreeMap, sync::Arc};

use rialto_platform::Platform;

/// All connectors, by their short names.
#[derive(Clone, Default)]
pub struct Platforms(BTreeMap<&'static str, Arc<dyn Platform>>);

impl Platforms {
    /// The connector of a platform.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Platform>> {
        self.0.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Platform>> {
        self.0.values()
    }
}

impl FromIterator<Arc<dyn Platform>> for Platforms {
    fn from_iter<I: IntoIterator<Item = Arc<dyn Platform>>>(platforms: I) -> Self {
        Self(platforms.into_iter().map(|it| (it.manifest().id.as_str(), it)).collect())
    }
}
