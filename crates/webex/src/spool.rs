//! Files between their upload and the post that shows them: Webex takes a file with its message alone.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;
use rialto_platform::{Toolkit, spool::Spooled};

/// Files that wait at most; the oldest is uploaded anew if its turn still comes.
const KEPT: usize = 64;

/// Files that wait, by their handles.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Mutex<VecDeque<(String, Arc<Spooled>)>>);

impl Waiting {
    /// Keeps a file; gives its handle.
    pub fn keep(&self, toolkit: &Toolkit, file: Spooled) -> String {
        let mut unlike = [0; 16];
        toolkit.random.fill(&mut unlike);
        let handle = hex::encode(unlike);
        let mut all = self.0.lock();
        if all.len() >= KEPT {
            all.pop_front();
        }
        all.push_back((handle.clone(), Arc::new(file)));
        handle
    }

    /// A file that waits.
    pub fn get(&self, handle: &str) -> Option<Arc<Spooled>> {
        self.0.lock().iter().find(|(known, _)| known == handle).map(|(_, file)| Arc::clone(file))
    }

    /// It has been posted.
    pub fn done(&self, handle: &str) {
        self.0.lock().retain(|(known, _)| known != handle);
    }
}
