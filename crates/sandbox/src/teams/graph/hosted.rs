//! Hosted contents: images inside a message.

use axum::body::Body;
use axum::http::{HeaderValue, Method, Response, header};
use serde_json::json;

use super::super::call::{Answer, Call, Reply};
use super::super::conversation::Place;
use super::super::error::GraphError;
use super::super::json::place_key;
use super::super::odata::collection;
use super::super::permissions;
use super::messages::find;
use super::{no_method, no_path, reply_entity};

pub(super) fn route(
    call: &Call,
    place: &Place,
    root: Option<u64>,
    id: u64,
    rest: &[&str],
) -> Answer {
    match place {
        Place::Channel { .. } => permissions::READ_CHANNEL_MESSAGES.check(&call.token)?,
        Place::Chat { .. } => permissions::READ_CHAT_MESSAGES.check(&call.token)?,
    }
    if call.method != Method::GET {
        return Err(no_method(call));
    }
    let world = call.world();
    let tenant = call.tenant(&world)?;
    tenant.require_member(place, call.token.user.as_deref())?;
    let message = find(tenant, place, root, id)?;
    let one = |wanted: &str| {
        message
            .draft
            .hosted
            .iter()
            .find(|h| h.id == wanted && message.deleted.is_none())
            .ok_or_else(|| {
                GraphError::not_found(format!("Hosted content '{wanted}' was not found."))
            })
    };
    // Lists show neither bytes nor type; only `$value` has them.
    let shown = |id: &str| json!({"id": id, "contentBytes": null, "contentType": null});
    let context = format!("{}/messages('{id}')/hostedContents", place_key(place, true));
    match rest {
        [] => Reply::ok(collection(
            &context,
            message.draft.hosted.iter().map(|h| shown(&h.id)).collect(),
            None,
        )),
        [wanted] => reply_entity(200, &format!("{context}/$entity"), shown(&one(wanted)?.id)),
        [wanted, "$value"] => {
            let hosted = one(wanted)?;
            let mut response = Response::new(Body::from(hosted.bytes.clone()));
            let mime = HeaderValue::from_str(&hosted.mime)
                .unwrap_or(HeaderValue::from_static("application/octet-stream"));
            response.headers_mut().insert(header::CONTENT_TYPE, mime);
            Ok(Reply::Raw(Box::new(response)))
        }
        rest => Err(no_path(rest)),
    }
}
