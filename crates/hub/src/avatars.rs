//! Pictures of people that need a token to be fetched, for platforms that take only addresses.

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rialto_model::{ConnectionId, RemoteId};
use rialto_relay::admin::AdminError;

use crate::{Hub, Problem};

/// Bytes of a picture at most, when its platform says how many there are.
const LARGEST_PICTURE: u64 = 8 * 1024 * 1024;
/// Media types that are handed on: none of them can hold a script.
const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

pub(crate) async fn picture(
    State(hub): State<Hub>,
    Path((connection, account, signature)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let nothing = || Problem::new(StatusCode::NOT_FOUND, "there is no picture at this address");
    let connection: ConnectionId = connection.parse().map_err(|_| nothing())?;
    let account = RemoteId::from(account);
    let links = hub.relay.settings().avatars.as_ref().ok_or_else(nothing)?;
    links.check(connection, &account, &signature).map_err(|_| nothing())?;
    let view = hub.relay.roster().view();
    let entry = view.connections.get(&connection).ok_or_else(nothing)?;
    let live = entry.live.as_ref().map_err(|_| nothing())?;
    let body = live.avatar(&account).await.map_err(AdminError::from)?.ok_or_else(nothing)?;
    let mime = body.mime.as_deref().and_then(|mime| mime.split(';').next()).map(str::trim);
    let mime = match mime {
        None => "image/jpeg",
        Some(mime) => PICTURES.into_iter().find(|it| *it == mime).ok_or_else(nothing)?,
    };
    if body.size.is_some_and(|size| size > LARGEST_PICTURE) {
        return Err(nothing());
    }
    let mut response = Body::from_stream(body.stream).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, mime),
        (header::CACHE_CONTROL, "public, max-age=86400"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(size) = body.size {
        headers.insert(header::CONTENT_LENGTH, size.into());
    }
    Ok(response)
}
