//! Callers who stall: they are let go of, with what they hold.

use std::{convert::Infallible, future, time::Duration};

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use futures_util::{StreamExt as _, stream};
use metrics_exporter_prometheus::PrometheusBuilder;
use rialto_hub::serve;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time::timeout,
};

use crate::support::{SECRET, TOKEN, TestHub};

/// Longer than anybody may stall, on a clock that jumps.
const LONG: Duration = Duration::from_secs(600);

/// A body that never ends, and what tells when it was let go of.
fn stalled() -> (Body, oneshot::Receiver<Infallible>) {
    let (held, let_go) = oneshot::channel();
    let rest = stream::poll_fn(move |_| {
        let _ = &held;
        std::task::Poll::Pending
    });
    let begun = stream::iter([Ok::<_, Infallible>("acme general")]);
    (Body::from_stream(begun.chain(rest)), let_go)
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_is_dropped_when_its_caller_is_answered() {
    let figures = PrometheusBuilder::new().build_recorder();
    let _here = metrics::set_default_local_recorder(&figures);
    let hub = TestHub::new().await;
    let app = hub.app.id;
    for (path, status) in [
        (format!("/webhooks/pretended/{app}"), StatusCode::SERVICE_UNAVAILABLE),
        (format!("/api/v1/apps/{app}/tokens"), StatusCode::REQUEST_TIMEOUT),
    ] {
        let (body, let_go) = stalled();
        let request = Request::post(&path)
            .header("x-secret", SECRET)
            .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_LENGTH, 1024 * 1024);
        let answer = hub.send(request.body(body).unwrap()).await;
        answer.problem(status);
        let let_go = timeout(LONG, let_go).await;
        assert!(let_go.is_ok(), "{path} still holds what has come of the body");
    }
    // Nobody is to believe that the database does not work.
    let figures = figures.handle().render();
    let unavailable = "outcome=\"unavailable\"} ";
    let counted = figures.lines().find_map(|line| line.split_once(unavailable));
    assert_eq!(counted.map(|(_, count)| count), Some("0"), "{figures}");
}

#[tokio::test(start_paused = true)]
async fn who_never_ends_a_requests_headers_is_hung_up_on() {
    let hub = TestHub::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, hub.hub.clone(), future::pending()));
    for said in ["", "G", "GET /healthz HTTP/1.1\r\nx-slow: "] {
        let mut caller = TcpStream::connect(address).await.unwrap();
        caller.write_all(said.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        let ended = timeout(LONG, caller.read_to_end(&mut heard)).await;
        assert!(ended.is_ok(), "the connection is still open after {said:?}");
    }
}

#[tokio::test]
async fn a_server_that_stops_ends_what_is_under_way_and_hangs_up() {
    let hub = TestHub::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, hub.hub.clone(), async { drop(stopped.await) }));

    let [begin, end] = [r#"{"token": "#, r#""fake-token"}"#];
    let mut busy = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST /api/v1/apps/{}/tokens HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{begin}",
        hub.app.id,
        begin.len() + end.len(),
    );
    busy.write_all(request.as_bytes()).await.unwrap();
    // Answered, so that the one before is known to the server too.
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = [0; 15];
    idle.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");

    stop.send(()).unwrap();
    let mut heard = String::new();
    idle.read_to_string(&mut heard).await.unwrap();
    assert!(!server.is_finished(), "somebody still speaks");
    busy.write_all(end.as_bytes()).await.unwrap();
    heard.clear();
    busy.read_to_string(&mut heard).await.unwrap();
    assert!(heard.starts_with("HTTP/1.1 201 Created"), "{heard}");
    timeout(Duration::from_secs(10), server).await.expect("it ends").unwrap();
}
