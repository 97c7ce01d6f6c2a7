//! From what a person gives to what their client would post: files uploaded, images inline, mentions numbered.

use serde_json::{Value, json};

use super::{Act, Actor, invalid};
use crate::core::ControlError;
use crate::core::files::GivenFile;
use crate::teams::conversation::{Draft, Place};
use crate::teams::drive::{Conflict, File, Permission};
use crate::teams::markup::escape;
use crate::teams::world::Tenant;
use crate::teams::{Teams, graph};

impl Teams {
    /// The message as the client would post it: files uploaded and referred to, images inline, mentions numbered.
    pub(super) async fn compose(
        &self,
        act: &Act,
        actor: &Actor,
        place: &Place,
    ) -> Result<Value, ControlError> {
        let mut html = match (&act.html, &act.text) {
            (Some(html), _) => html.clone(),
            (None, Some(text)) => {
                let mut out = String::new();
                escape(text, &mut out);
                format!("<p>{}</p>", out.replace('\n', "<br>"))
            }
            (None, None) => String::new(),
        };
        let mut attachments = match &act.attachments {
            Some(Value::Array(given)) => given.clone(),
            _ => Vec::new(),
        };
        for file in act.files.iter().flatten() {
            let (id, url, name) = self.upload(actor, place, file).await?;
            html.push_str(&format!("<attachment id=\"{id}\"></attachment>"));
            attachments.push(
                json!({"id": id, "contentType": "reference", "contentUrl": url, "name": name}),
            );
        }
        let mut hosted = Vec::new();
        for (n, image) in act.images.iter().flatten().enumerate() {
            let content = self.core.files.given(image).await.map_err(invalid)?;
            let body = content.body(0).await.map_err(|e| invalid(e.to_string()))?;
            let bytes = axum::body::to_bytes(body, 16 * 1024 * 1024)
                .await
                .map_err(|e| invalid(e.to_string()))?;
            let temporary = format!("../hostedContents/{}/$value", n + 1);
            if !html.contains(&temporary) {
                html.push_str(&format!(
                    "<p><img src=\"{temporary}\" alt=\"{}\" width=\"250\" height=\"250\"></p>",
                    image.name.replace(['"', '<', '>'], "")
                ));
            }
            use base64::Engine;
            hosted.push(json!({
                "@microsoft.graph.temporaryId": (n + 1).to_string(),
                "contentBytes": base64::engine::general_purpose::STANDARD.encode(bytes),
                "contentType": image.mime,
            }));
        }
        let mentions = {
            let world = self.world();
            mentions(act.tenant(&world)?, place, act.mentions.as_ref(), &mut html)?
        };
        Ok(json!({
            "subject": act.subject, "importance": act.importance.as_deref().unwrap_or("normal"),
            "body": {"contentType": "html", "content": html},
            "attachments": attachments, "mentions": mentions, "hostedContents": hosted,
        }))
    }

    /// Puts a file where Teams puts it: the channel's folder, or the person's OneDrive, shared with the chat.
    async fn upload(
        &self,
        actor: &Actor,
        place: &Place,
        file: &GivenFile,
    ) -> Result<(String, String, String), ControlError> {
        let content = self.core.files.given(file).await.map_err(invalid)?;
        let now = self.core.clock.now();
        let mut world = self.world();
        let tenant =
            world.tenants.get(&actor.tenant).ok_or_else(|| invalid("the workspace is gone"))?;
        let (drive, folder) = match place {
            Place::Channel { channel, .. } => {
                let channel =
                    tenant.channels.get(channel).ok_or_else(|| invalid("the channel is gone"))?;
                (channel.drive.clone(), Some(channel.folder.clone()))
            }
            Place::Chat { .. } => {
                (tenant.users.get(&actor.id).map(|u| u.drive.clone()).unwrap_or_default(), None)
            }
        };
        let people: Vec<String> =
            tenant.members_of(place).map(|m| m.keys().cloned().collect()).unwrap_or_default();
        let no_drive = || ControlError::Refused("this person has no OneDrive".to_owned());
        let folder = match folder {
            Some(folder) => folder,
            None => {
                let root = world.drives.get(&drive).ok_or_else(no_drive)?.root.clone();
                let made = world.put_item(
                    &drive,
                    &root,
                    "Microsoft Teams Chat Files",
                    None,
                    Conflict::Replace,
                    None,
                    now,
                );
                made.map_err(|_| no_drive())?.0
            }
        };
        let mime = match file.mime.as_str() {
            "application/octet-stream" => graph::mime_of(&file.name).to_owned(),
            given => given.to_owned(),
        };
        let stored = File { mime, content };
        let (id, _) = world
            .put_item(
                &drive,
                &folder,
                &file.name,
                Some(stored),
                Conflict::Rename,
                Some(&actor.id),
                now,
            )
            .map_err(|_| invalid("the file could not be stored"))?;
        let permission = Permission {
            id: world.guid(),
            role: "read",
            scope: "users".to_owned(),
            url: String::new(),
            people,
        };
        let drive = world.drives.get_mut(&drive).ok_or_else(no_drive)?;
        if let (Place::Chat { .. }, Some(item)) = (place, drive.items.get_mut(&id)) {
            item.permissions.push(permission);
        }
        let item = drive.items.get(&id).ok_or_else(no_drive)?;
        Ok((item.guid.clone(), drive.web_url(item), item.name.clone()))
    }
}

/// An edit keeps the files of the message that it names; all of them, if it names none and brings none.
pub(super) fn keep_files(act: &Act, old: &Draft, posted: &mut Value) {
    let brings_own = act.files.is_some() || act.attachments.is_some();
    let keeps = |attachment: &&Value| match &act.keep {
        Some(names) => names.iter().any(|name| attachment["name"] == **name),
        None => !brings_own,
    };
    let kept: Vec<&Value> = old.attachments.iter().filter(keeps).collect();
    let Some(html) = posted["body"]["content"].as_str().map(str::to_owned) else { return };
    let mut html = html;
    for attachment in &kept {
        let id = attachment["id"].as_str().unwrap_or("");
        let tag = format!("<attachment id=\"{id}\"></attachment>");
        if !html.contains(&tag) {
            html.push_str(&tag);
        }
    }
    posted["body"]["content"] = json!(html);
    let own = posted["attachments"].as_array().into_iter().flatten();
    posted["attachments"] = kept.into_iter().chain(own).cloned().collect();
    if act.subject.is_none() {
        posted["subject"] = json!(old.subject);
    }
}

/// Mentions as people give them: names or addresses (then `@{name}` in the HTML becomes a tag), or Graph's own objects.
fn mentions(
    tenant: &Tenant,
    place: &Place,
    given: Option<&Value>,
    html: &mut String,
) -> Result<Vec<Value>, ControlError> {
    let mut out = Vec::new();
    for (n, one) in given.and_then(Value::as_array).into_iter().flatten().enumerate() {
        let Some(name) = one.as_str() else {
            out.push(one.clone());
            continue;
        };
        let (shown, mentioned) = match (name, place) {
            ("channel", Place::Channel { channel, .. }) => {
                let shown = tenant.channels.get(channel).map_or("", |c| c.name.as_str());
                (
                    shown.to_owned(),
                    json!({"conversation": {"id": channel, "conversationIdentityType": "channel"}}),
                )
            }
            ("team", Place::Channel { team, .. }) => {
                let shown = tenant.teams.get(team).map_or("", |t| t.name.as_str());
                (
                    shown.to_owned(),
                    json!({"conversation": {"id": team, "conversationIdentityType": "team"}}),
                )
            }
            (name, _) => {
                let user = tenant
                    .person(name)
                    .ok_or_else(|| ControlError::NotFound(format!("no person {name}")))?;
                (user.name.clone(), json!({"user": {"id": user.id}}))
            }
        };
        let tag =
            format!("<at id=\"{n}\">{}</at>", shown.replace('&', "&amp;").replace('<', "&lt;"));
        let marker = [format!("@{name}"), format!("@{shown}")]
            .into_iter()
            .find(|m| html.contains(m.as_str()));
        match marker {
            Some(marker) => *html = html.replacen(&marker, &tag, 1),
            None if html.contains(&format!("<at id=\"{n}\"")) => {}
            None => html.insert_str(0, &format!("{tag}&nbsp;")),
        }
        out.push(json!({"id": n, "mentionText": shown, "mentioned": mentioned}));
    }
    Ok(out)
}
