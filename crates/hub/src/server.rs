//! Serving until told to stop.

use std::{io, net::SocketAddr, time::Duration};

use tokio::net::TcpListener;

use crate::{Hub, router};

/// How long open requests may take to end once the server stops.
const PATIENCE: Duration = Duration::from_secs(15);

/// Serves until `stop` ends, then finishes what is under way (15 seconds at most).
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    hub: Hub,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let service = router(hub).into_make_service_with_connect_info::<SocketAddr>();
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let graceful = async move {
        stop.await;
        let _ = stopping.send(());
    };
    let patience = async move {
        if stopped.await.is_err() {
            return std::future::pending().await;
        }
        tokio::time::sleep(PATIENCE).await;
    };
    tokio::select! {
        end = axum::serve(listener, service).with_graceful_shutdown(graceful).into_future() => end,
        () = patience => Ok(()),
    }
}
