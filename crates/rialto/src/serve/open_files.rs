//! How many files may be open: each call and each webhook under way is one, and the database and what waits
//! on the disk need theirs beside them.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Below it a few workspaces that do not answer use up all: calls to each are up to 512 at once.
const ENOUGH: u64 = 4_096;

/// Raises the soft limit to the hard one. It is low by custom (1 024) for the sake of programs that use
/// select(2), and to be raised by those that do not (systemd.exec(5), `LimitNOFILE=`).
pub(super) fn raise() {
    let before = getrlimit(Resource::Nofile);
    let words = |limit: Option<u64>| limit.map_or("unlimited".to_owned(), |it| it.to_string());
    let (soft, hard) = (words(before.current), words(before.maximum));
    if before.current != before.maximum {
        let all = Rlimit { current: before.maximum, ..before };
        match setrlimit(Resource::Nofile, all) {
            Ok(()) => tracing::debug!("up to {hard} files may be open, {soft} before"),
            Err(error) => tracing::warn!(
                "only {soft} files may be open, and not {hard}, which would be allowed: {error}"
            ),
        }
    }
    if before.maximum.is_some_and(|most| most < ENOUGH) {
        tracing::warn!(
            "only {hard} files may be open: calls and webhooks may fail when there are many. Let \
             Rialto open {ENOUGH} or more, by `LimitNOFILE=` of its service, `--ulimit nofile=` of its \
             container, or `ulimit -Hn`"
        );
    }
}
