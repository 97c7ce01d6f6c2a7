//! The plain HTML pages a person sees.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use super::super::markup::{escape, escape_attribute};

fn text(value: &str) -> String {
    let mut out = String::new();
    escape(value, &mut out);
    out
}

fn attribute(value: &str) -> String {
    let mut out = String::new();
    escape_attribute(value, &mut out);
    out
}

/// Asks a person to sign in and to approve.
pub(super) fn consent(
    title: &str,
    app: &str,
    scopes: &[String],
    people: &[(String, String)],
    fields: &[(String, String)],
) -> Response {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{0}</title><h1>{0}</h1>\
         <p><strong>{1}</strong> asks for:</p><ul>",
        text(title),
        text(app)
    );
    for scope in scopes {
        page.push_str(&format!("<li>{}</li>", text(scope)));
    }
    page.push_str("</ul><form method=\"post\"><p><label>Sign in as <select name=\"sandbox_as\">");
    for (id, name) in people {
        page.push_str(&format!("<option value=\"{}\">{}</option>", attribute(id), text(name)));
    }
    page.push_str("</select></label></p>");
    for (name, value) in fields {
        page.push_str(&format!(
            "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
            attribute(name),
            attribute(value)
        ));
    }
    page.push_str(
        "<button name=\"sandbox_decision\" value=\"approve\">Approve</button> \
         <button name=\"sandbox_decision\" value=\"deny\">Deny</button></form></html>",
    );
    Html(page).into_response()
}

/// What Entra shows instead of going back to the app.
pub(super) fn refusal(message: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sign in</title>\
         <h1>Sorry, but we’re having trouble signing you in.</h1><p>{}</p></html>",
        text(message)
    );
    (StatusCode::BAD_REQUEST, Html(page)).into_response()
}
