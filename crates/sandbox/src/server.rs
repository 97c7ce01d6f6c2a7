//! One HTTP listener: accepts, answers without delay, ends when the sandbox stops.

use axum::Router;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Serves `router` on `listener` until `stopping` is cancelled.
pub(crate) fn spawn(
    listener: TcpListener,
    router: Router,
    stopping: CancellationToken,
) -> tokio::task::JoinHandle<()> {
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
    });
    tokio::spawn(async move {
        let served = axum::serve(listener, router)
            .with_graceful_shutdown(async move { stopping.cancelled().await })
            .await;
        if let Err(error) = served {
            tracing::error!(%error, "a sandbox listener ended");
        }
    })
}
