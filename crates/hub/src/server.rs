//! Serving until told to stop.

use std::{net::SocketAddr, pin::pin, time::Duration};

use axum::{Extension, Router, extract::ConnectInfo, serve::Listener};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tower::Layer as _;

use crate::{Hub, router};

/// How long a connection may take until a request's headers are all there. Idle ones end by it too:
/// it is longer than proxies keep theirs (Caddy: two minutes), so that none hands a webhook to one
/// that is being closed.
const HEADERS: Duration = Duration::from_secs(180);
/// How long open requests may take to end once the server stops.
const PATIENCE: Duration = Duration::from_secs(15);

/// Serves HTTP/1 until `stop` ends, then finishes what is under way (15 seconds at most).
///
/// By hand, since `axum::serve` lets who never ends a request's headers hold a connection for ever.
pub async fn serve(mut listener: TcpListener, hub: Hub, stop: impl Future<Output = ()>) {
    let router = router(hub);
    let stopping = watch::Sender::new(());
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            // The trait's: it waits a little when no more files may be open.
            (stream, caller) = Listener::accept(&mut listener) => {
                tokio::spawn(converse(stream, caller, router.clone(), stopping.subscribe()));
            }
            () = &mut stop => break,
        }
    }
    drop(listener);
    stopping.send_replace(());
    // Each connection holds the other end until it is over.
    let _ = tokio::time::timeout(PATIENCE, stopping.closed()).await;
}

/// Answers what comes over one connection. That it broke off is its caller's affair.
async fn converse(
    stream: TcpStream,
    caller: SocketAddr,
    router: Router,
    mut stopping: watch::Receiver<()>,
) {
    let service = TowerToHyperService::new(Extension(ConnectInfo(caller)).layer(router));
    let mut server = Builder::new(TokioExecutor::new()).http1_only();
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS);
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopping.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
