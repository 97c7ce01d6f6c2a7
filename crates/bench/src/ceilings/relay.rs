//! The bare relay: kept, then in order per conversation posted and marked as delivered. No people, no
//! formatting, no map, no way back after a crash.

use std::{collections::HashMap, sync::Arc};

use anyhow::Result;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{
    accept::{read, row},
    kept::Writer,
};

#[derive(Clone)]
struct Relay(Arc<Inner>);

struct Inner {
    writer: Writer,
    http: reqwest::Client,
    post: String,
    lanes: Mutex<HashMap<String, mpsc::UnboundedSender<Job>>>,
}

struct Job {
    seq: i64,
    text: String,
}

pub(super) fn router(writer: Writer, api: &str) -> Result<Router> {
    let relay = Relay(Arc::new(Inner {
        writer,
        http: reqwest::Client::builder().pool_max_idle_per_host(1_024).build()?,
        post: format!("{api}/api/chat.postMessage"),
        lanes: Mutex::default(),
    }));
    Ok(Router::new().route("/webhook", post(take)).with_state(relay))
}

async fn take(State(relay): State<Relay>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Some(event) = read(&headers, &body) else { return StatusCode::UNAUTHORIZED };
    let Some(row) = row(&event, &body) else { return StatusCode::BAD_REQUEST };
    let Some(seq) = relay.0.writer.keep(row).await else { return StatusCode::OK };
    let text = |name: &str| event["event"][name].as_str().unwrap_or_default().to_owned();
    relay.queue(&text("channel"), Job { seq, text: text("text") });
    StatusCode::OK
}

impl Relay {
    fn queue(&self, channel: &str, job: Job) {
        let mut lanes = self.0.lanes.lock();
        let lane = lanes.entry(channel.to_owned()).or_insert_with(|| {
            let (sender, receiver) = mpsc::unbounded_channel();
            tokio::spawn(self.clone().work(channel.replacen("CA", "CB", 1), receiver));
            sender
        });
        // The worker lives as long as its sender.
        let _ = lane.send(job);
    }

    async fn work(self, channel: String, mut jobs: mpsc::UnboundedReceiver<Job>) {
        while let Some(job) = jobs.recv().await {
            let body = json!({"channel": channel, "text": job.text});
            let request = self.0.http.post(&self.0.post).bearer_auth("xoxb-bench").json(&body);
            let Ok(answer) = request.send().await else { continue };
            let Ok(answer) = answer.json::<Value>().await else { continue };
            let remote = answer["ts"].as_str().unwrap_or_default().to_owned();
            self.0.writer.delivered(job.seq, remote).await;
        }
    }
}
