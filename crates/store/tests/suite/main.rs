//! One suite over every store, and what only a file on a disk can do.

#![allow(clippy::unwrap_used, reason = "a test ends where something unexpected happens")]

/// Tests that hold for every store.
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&crate::world::memory()).await;
            })*
        }

        mod in_sqlite {
            $(#[tokio::test]
            async fn $name() {
                let folder = tempfile::tempdir().unwrap();
                let store = crate::world::sql(&folder.path().join("rialto.db")).await.unwrap();
                super::$name(&store).await;
                store.close().await;
            })*
        }
    };
}

mod at_rest;
mod disk;
mod incoming;
mod oracle;
mod outgoing;
mod rotation;
mod setup;
mod world;
