//! Traces, to whatever takes OpenTelemetry's protocol (OTLP) over HTTP.

use std::{borrow::Cow, fmt, time::SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry::{
    InstrumentationScope, KeyValue,
    trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState},
};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchSpanProcessor, SpanData, SpanProcessor},
};
use rialto_model::MessageId;
use rialto_platform::{Toolkit, http::Http};
use rialto_relay::{Span, Traces};
use tokio::runtime::Handle;
use url::Url;

use crate::failure::Failure;

/// Sends spans in batches, from a thread of its own. When nobody takes them they are dropped:
/// messages do not wait for those who watch them.
pub(super) struct Otlp {
    batches: BatchSpanProcessor,
    scope: InstrumentationScope,
    /// How many of 2^32 messages are followed.
    share: u64,
}

impl Otlp {
    /// Sends to this address. `sample`: the part of messages that is followed, 0 to 1.
    ///
    /// # Errors
    /// When the address cannot be sent to.
    pub fn new(to: &Url, sample: f64, toolkit: &Toolkit) -> Result<Self, Failure> {
        if !(0.0..=1.0).contains(&sample) {
            let problem = format!("`telemetry.sample`: {sample} is not a part of 1: write 0 to 1");
            return Err(Failure::usage(problem));
        }
        let client = Client { http: toolkit.http.clone(), runtime: Handle::current() };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(to.as_str())
            .build()
            .map_err(|error| Failure::usage(format!("`telemetry.traces_to`: {error}")))?;
        let mut batches = BatchSpanProcessor::builder(exporter).build();
        let service = Resource::builder().with_service_name("rialto").build();
        batches.set_resource(&service);
        let version = env!("CARGO_PKG_VERSION");
        let share = (sample * (1_u64 << 32) as f64) as u64;
        let scope = InstrumentationScope::builder("rialto").with_version(version).build();
        Ok(Self { batches, scope, share })
    }

    /// Sends what is left.
    pub fn close(&self) {
        if let Err(error) = self.batches.shutdown() {
            tracing::debug!(%error, "the last traces were not sent");
        }
    }
}

impl Traces for Otlp {
    fn follows(&self, message: MessageId) -> bool {
        // The end of an id is random.
        let (_, low) = message.uuid().as_u64_pair();
        low & u64::from(u32::MAX) < self.share
    }

    fn take(&self, span: Span) {
        let id = |id: u64| SpanId::from_bytes(id.to_be_bytes());
        let trace = TraceId::from_bytes(*span.message.uuid().as_bytes());
        let text = |name: &'static str, value: String| KeyValue::new(name, value);
        self.batches.on_end(SpanData {
            span_context: SpanContext::new(
                trace,
                id(span.id),
                TraceFlags::SAMPLED,
                false,
                TraceState::default(),
            ),
            parent_span_id: span.parent.map_or(SpanId::INVALID, id),
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: Cow::Borrowed(span.name),
            start_time: SystemTime::from(span.began),
            end_time: SystemTime::from(span.ended),
            attributes: span.facts.into_iter().map(|(name, value)| text(name, value)).collect(),
            dropped_attributes_count: 0,
            events: Default::default(),
            links: Default::default(),
            status: span.failed.map_or(Status::Unset, Status::error),
            instrumentation_scope: self.scope.clone(),
        });
    }
}

/// The process's HTTP client, for a thread outside its runtime.
struct Client {
    http: Http,
    runtime: Handle,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, HttpError> {
        let request = reqwest::Request::try_from(request)?;
        let http = self.http.clone();
        let answer = self.runtime.spawn(async move {
            let answer = http.execute(request).await?.error_for_status()?;
            let status = answer.status();
            Ok::<_, reqwest::Error>((status, answer.bytes().await?))
        });
        let (status, body) = answer.await??;
        let mut response = http::Response::new(body);
        *response.status_mut() = status;
        Ok(response)
    }
}
