//! The page that vendors send admins back to.

use std::collections::BTreeMap;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use rialto_relay::admin::{AdminError, ConsentView, Who};

use crate::{Hub, auth::caller, page::Page};

pub(crate) async fn callback(State(hub): State<Hub>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let query: BTreeMap<String, String> =
        url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    if let Some(consent) = hub.relay.consent_answered(&query) {
        return consented(&consent);
    }
    let state = query.get("state").cloned().unwrap_or_default();
    let who = Who::new(format!("authorization finished from {}", caller(&parts)));
    match hub.relay.authorization_finish(&who, query).await {
        Ok(connected) => {
            let name = connected.connection.name.clone();
            let title = format!("{name} is connected");
            let text = if connected.renewed {
                "The authorization was renewed. Whatever waited is being delivered now. You can \
                 close this page."
            } else {
                "Rialto may use this workspace now. You can close this page and go back to the \
                 terminal; `rialto channels` lists its channels."
            };
            let page = Page {
                status: StatusCode::OK,
                title: &title,
                text,
                sections: &[
                    ("Still to do", &connected.next_steps),
                    ("Good to know", &connected.warnings),
                ],
            }
            .into_response();
            hub.outcomes.ended(&state, Ok(connected));
            page
        }
        Err(error) => {
            let (status, text) = match &error {
                AdminError::Invalid { field, problem } if field == "state" => (
                    StatusCode::BAD_REQUEST,
                    format!("What identifies this authorization {problem}."),
                ),
                AdminError::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
                _ => (StatusCode::BAD_REQUEST, error.to_string()),
            };
            tracing::warn!(%error, "authorization not finished");
            hub.outcomes.ended(&state, Err(error.to_string()));
            let title = "The workspace was not connected";
            Page { status, title, text: &text, sections: &[] }.into_response()
        }
    }
}

/// For whoever was asked to consent; perhaps not the admin who runs Rialto.
fn consented(consent: &ConsentView) -> Response {
    let (status, what) = if consent.granted {
        (StatusCode::OK, "Consent is granted")
    } else {
        (StatusCode::BAD_REQUEST, "Consent is not granted")
    };
    let title = format!("{what} for {}", consent.app);
    let sections = &[("What next", &consent.next_steps[..])];
    Page { status, title: &title, text: &consent.said, sections }.into_response()
}
