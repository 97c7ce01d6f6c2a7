//! What those who watch over Rialto see: metrics that dashboards and alerts can use, and traces.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{Span, status::StatusCode},
};
use prost::Message as _;
use rialto_testkit::{Rialto, Side, World};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::{BINARY, connected_with};

/// Whatever is named like a figure of Rialto, or of its process.
fn figures(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("rialto_") || word.starts_with("process_"))
        .collect()
}

async fn metrics(world: &World) -> String {
    let url = format!("{}/metrics", world.api.base());
    reqwest::get(url).await.unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dashboards_and_alerts_name_only_metrics_that_there_are() {
    let world = connected_with(&[("RIALTO_CANARY_EVERY", "300ms")]).await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    world.act(Side::Slack, &channels, "Ana Silva", "post", json!({"text": "hello"})).await.unwrap();
    let joins = json!({"person": "Ben Okoye"});
    let _ = world.act(Side::Slack, &channels, "Ana Silva", "invite", joins).await;

    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/watching");
    let dashboard = std::fs::read_to_string(format!("{docs}/grafana.json")).unwrap();
    serde_json::from_str::<Value>(&dashboard).expect("the dashboard is JSON");
    let alerts = std::fs::read_to_string(format!("{docs}/alerts.yml")).unwrap();
    let named: BTreeSet<_> = figures(&dashboard).into_iter().chain(figures(&alerts)).collect();
    assert!(named.len() > 20, "{named:?}");
    let all_there = async || {
        let metrics = metrics(&world).await;
        let there = figures(&metrics);
        Ok(named.iter().all(|name| there.contains(name)))
    };
    if world.until("all metrics", all_there).await.is_err() {
        let metrics = metrics(&world).await;
        let missing: Vec<_> = named.difference(&figures(&metrics)).copied().collect();
        panic!("named in docs/watching and not in /metrics: {missing:?}\n{metrics}");
    }
    // What they are is said, and nobody's words are in them.
    let metrics = metrics(&world).await;
    for line in metrics.lines().filter(|line| line.starts_with("# TYPE rialto_")) {
        let name = line.split(' ').nth(2).unwrap();
        assert!(metrics.contains(&format!("# HELP {name} ")), "{name} is not described");
    }
    assert!(!metrics.contains("hello"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_alert_sees_grow_is_there_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut rialto = Rialto::start(BINARY.as_ref(), folder.path(), Vec::new()).await.unwrap();
    let metrics = reqwest::get(format!("{}/metrics", rialto.url())).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    rialto.kill().await.unwrap();
    let begun = |name: &str, label: &str| {
        let series = metrics.lines().filter(|line| line.starts_with(&format!("{name}{{")));
        let series: Vec<_> = series.filter(|line| line.contains(label)).collect();
        assert!(series.iter().all(|line| line.ends_with("} 0")), "{series:?}");
        series.len()
    };
    let alerts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/watching/alerts.yml");
    let alerts = std::fs::read_to_string(alerts).unwrap();
    // Such as `increase(name{label="value"}[5m])`.
    let grow = alerts.split("increase(").skip(1).map(|rest| rest.split_once("}[").unwrap().0);
    let grow: Vec<_> = grow.map(|series| series.split_once('{').unwrap()).collect();
    assert!(grow.len() >= 2, "{grow:?}");
    for (name, label) in grow {
        assert!(begun(name, label) > 0, "{name}{{{label}}} is not in {metrics}");
    }
    for side in Side::ALL {
        let label = format!("platform=\"{}\",outcome=\"unavailable\"", side.word());
        assert_eq!(begun("rialto_webhooks_total", &label), 1, "{label} is not in {metrics}");
    }
}

type Spans = Arc<Mutex<Vec<Span>>>;

/// Something that takes traces.
async fn collector() -> (String, Spans) {
    let spans = Spans::default();
    let take = async |State(spans): State<Spans>, body: Bytes| {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        let resources = request.resource_spans.into_iter();
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        spans.lock().await.extend(scopes.flat_map(|scope| scope.spans));
    };
    let router = Router::new().route("/v1/traces", post(take)).with_state(spans.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, spans)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_of_a_message_is_one_trace_by_the_messages_id() {
    let (url, spans) = collector().await;
    let world =
        connected_with(&[("RIALTO_TELEMETRY_TRACES_TO", &url), ("RIALTO_CANARY_EVERY", "0s")])
            .await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let lost = json!({"platform": "teams", "target": "api", "method": "POST /teams/{id}/channels/{id}/messages", "kind": "status",
                      "code": 503, "times": 1});
    world.control.post("/faults", lost).await.unwrap();
    let said = json!({"text": "PLANTED words"});
    let said = world.act(Side::Slack, &channels, "Ana Silva", "post", said).await.unwrap();
    let arrives = |word: &'static str| {
        world.wait(Side::Teams, &channels, word, move |all| {
            all.iter().any(|it| it.text.contains(word)).then_some(())
        })
    };
    arrives("PLANTED words").await.unwrap();
    let edit = json!({"ts": said["ts"], "text": "other words"});
    world.act(Side::Slack, &channels, "Ana Silva", "edit", edit).await.unwrap();
    arrives("other words").await.unwrap();
    world.rialto.lock().await.stop().await.unwrap();

    let spans = spans.lock().await;
    let mut by_trace = BTreeMap::<_, Vec<&Span>>::new();
    for span in spans.iter() {
        by_trace.entry(hex::encode(&span.trace_id)).or_default().push(span);
    }
    world.rialto.lock().await.run().await.unwrap();
    let deliveries = world.api.get("/api/v1/deliveries").await.unwrap();
    let message = deliveries[0]["message"].as_str().unwrap().trim_start_matches("msg_");
    let trace = &by_trace[message];
    let named = |name: &str| trace.iter().filter(|span| span.name == name).collect::<Vec<_>>();
    let [root] = named("message").try_into().unwrap();
    assert!(root.parent_span_id.is_empty() || root.parent_span_id == [0; 8]);
    // Posted at the second try, then edited.
    let tries = named("deliver");
    assert_eq!(tries.len(), 3, "{trace:?}");
    assert!(tries.iter().all(|span| span.parent_span_id == root.span_id));
    let failed = |span: &&&&Span| {
        span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error)
    };
    assert_eq!(tries.iter().filter(failed).count(), 1);
    for (name, count) in [
        ("wait in the inbox", 2),
        ("plan", 2),
        ("begin", 2),
        ("post", 2),
        ("update", 1),
        ("change", 1),
    ] {
        let steps = named(name);
        assert_eq!(steps.len(), count, "{name}: {trace:?}");
        assert!(steps.iter().all(|step| step.end_time_unix_nano >= step.start_time_unix_nano));
    }
    let told = format!("{spans:?}");
    for secret in ["PLANTED", "Ana", "acme.example"] {
        assert!(!told.contains(secret), "{secret} is in the traces");
    }
    world.stop().await;
}
