//! Applications registered with a vendor.

use std::collections::BTreeMap;

use rialto_model::AppId;
use rialto_platform::{Field, Platform};
use rialto_store::App;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    AppEntry, Relay,
    admin::{AdminError, Who, nearest},
    ids::new_uuid,
};

/// An application to add. It may lack settings: its id is part of the webhook address that the
/// vendor wants to know first.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApp {
    /// The platform's short name.
    #[schema(example = "slack")]
    pub platform: String,
    /// A name for people; the platform's when not given.
    #[serde(default)]
    pub name: Option<String>,
    /// Settings and secrets by the names of the platform's fields.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}

/// A change to an application. What is not named stays.
#[derive(Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppChange {
    /// A new name for people.
    #[serde(default)]
    pub name: Option<String>,
    /// Settings and secrets by the names of the platform's fields; an empty value takes one back.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}

/// An application as it is shown: secrets only as *set*.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct AppView {
    /// Its id.
    #[schema(value_type = String, example = "app_0192f0c1a2b37c4d8e5f60718293a4b5")]
    pub id: AppId,
    /// The platform's short name.
    pub platform: String,
    /// A name for people.
    pub name: String,
    /// Settings, defaults included.
    pub settings: BTreeMap<String, String>,
    /// Names of the secrets that are set.
    pub secrets: Vec<String>,
    /// Names of the required fields that are still missing.
    pub missing: Vec<String>,
    /// Where the vendor sends events.
    pub webhook_url: String,
    /// Where the vendor sends admins back to.
    pub redirect_url: String,
    /// How many workspaces are connected through it.
    pub connections: usize,
}

/// A platform as it is shown.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct PlatformView {
    /// The short name.
    pub id: String,
    /// The name for people.
    pub name: String,
    /// What an app needs to be told.
    pub fields: Vec<FieldView>,
    /// What an admin does at the vendor before connecting.
    pub steps: Vec<String>,
    /// What an admin grants the app by hand; empty where an application manifest says it.
    pub permissions: Vec<PermissionView>,
    /// Whether a conversation is made inside a parent.
    pub needs_parent: bool,
    /// What it can do: how messages are shown there, natively or by other means, and what is impossible.
    #[schema(value_type = Object)]
    pub capabilities: serde_json::Value,
}

/// A permission that an admin grants an app at the vendor.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct PermissionView {
    /// The vendor's word for its kind, such as `delegated`.
    pub kind: String,
    /// The vendor's name for it.
    pub name: String,
    /// What cannot be done without it.
    pub needed_for: String,
}

/// A setting of an app.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct FieldView {
    /// Its name.
    pub name: String,
    /// What it is and where to find it.
    pub help: String,
    /// Whether it is never shown.
    pub secret: bool,
    /// Whether one cannot do without.
    pub required: bool,
    /// Its value when not given.
    pub default: Option<String>,
}

impl Relay {
    /// The platforms that can be connected.
    pub fn list_platforms(&self) -> Vec<PlatformView> {
        self.roster().platforms().iter().map(|it| PlatformView::of(it.as_ref())).collect()
    }

    /// Adds an application.
    ///
    /// # Errors
    /// `Invalid` for an unknown platform or field.
    pub async fn add_app(&self, who: &Who, new: NewApp) -> Result<AppView, AdminError> {
        let platforms = self.roster().platforms();
        let platform = platforms.get(&new.platform).ok_or_else(|| {
            let known: Vec<_> = platforms.iter().map(|it| it.manifest().id.as_str()).collect();
            AdminError::invalid(
                "platform",
                format!("`{}` is not a platform: {}", new.platform, one_of(&new.platform, &known)),
            )
        })?;
        let manifest = platform.manifest();
        let mut app = App {
            id: AppId::new(new_uuid(self.toolkit())),
            organization: self.store().default_organization().await?,
            platform: new.platform,
            name: new.name.unwrap_or_else(|| manifest.name.into()),
            settings: BTreeMap::new(),
            secrets: platform.initial_secrets().into_iter().collect(),
            created_at: self.toolkit().clock.now(),
        };
        let named = fill(&mut app, &manifest.fields, new.values)?;
        self.keep_app(who, "app.add", app, &named).await
    }

    /// Changes an application; its connections go on with the new settings at once.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for an unknown field.
    pub async fn change_app(
        &self,
        who: &Who,
        id: AppId,
        change: AppChange,
    ) -> Result<AppView, AdminError> {
        let entry = self.app_entry(id)?;
        let mut app = entry.app.clone();
        if let Some(name) = change.name {
            app.name = name;
        }
        let named = fill(&mut app, &entry.platform.manifest().fields, change.values)?;
        self.keep_app(who, "app.change", app, &named).await
    }

    async fn keep_app(
        &self,
        who: &Who,
        action: &str,
        app: App,
        named: &[String],
    ) -> Result<AppView, AdminError> {
        if app.name.trim().is_empty() {
            return Err(AdminError::invalid("name", "is empty"));
        }
        let id = app.id;
        let detail = json!({ "platform": app.platform, "name": app.name, "fields": named });
        self.store().put_app(app).await?;
        // What it was told decides how its workspaces are heard.
        let view = self.roster().view();
        let of_app = view.connections.values().filter(|it| it.record.app == id);
        let renew: Vec<_> = of_app.map(|it| it.record.id).collect();
        self.made(who, action, id, detail, &renew).await?;
        self.show_app(id)
    }

    /// All applications, oldest first.
    pub fn list_apps(&self) -> Vec<AppView> {
        let view = self.roster().view();
        let mut apps: Vec<_> = view.apps.values().map(|entry| self.view_app(entry)).collect();
        apps.sort_by_key(|app| app.id);
        apps
    }

    /// One application.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn show_app(&self, id: AppId) -> Result<AppView, AdminError> {
        Ok(self.view_app(&*self.app_entry(id)?))
    }

    /// Removes an application.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` while workspaces are connected through it.
    pub async fn remove_app(&self, who: &Who, id: AppId) -> Result<(), AdminError> {
        let app = self.show_app(id)?;
        if app.connections > 0 {
            return Err(AdminError::Conflict(format!(
                "{} workspace(s) are connected through `{}`: remove those connections first",
                app.connections, app.name
            )));
        }
        self.store().remove_app(id).await?;
        self.made(who, "app.remove", id, json!({ "name": app.name }), &[]).await
    }

    /// The text that an admin pastes at the vendor to make the application; `None` where the
    /// platform has no such text.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn app_manifest(&self, id: AppId) -> Result<Option<String>, AdminError> {
        let entry = self.app_entry(id)?;
        Ok(entry.platform.app_manifest(&entry.config))
    }

    pub(super) fn app_entry(&self, id: AppId) -> Result<std::sync::Arc<AppEntry>, AdminError> {
        let view = self.roster().view();
        view.apps
            .get(&id)
            .cloned()
            .ok_or_else(|| AdminError::NotFound(format!("There is no application {id}")))
    }

    fn view_app(&self, entry: &AppEntry) -> AppView {
        let view = self.roster().view();
        let config = &entry.config;
        let is_set = |field: &Field| {
            if field.secret {
                config.secrets.contains_key(field.name)
            } else {
                config.setting(field.name).is_ok()
            }
        };
        let fields = &entry.platform.manifest().fields;
        AppView {
            id: entry.app.id,
            platform: entry.app.platform.clone(),
            name: entry.app.name.clone(),
            settings: config.settings.clone(),
            secrets: config.secrets.keys().cloned().collect(),
            missing: fields
                .iter()
                .filter(|field| field.required && !is_set(field))
                .map(|field| field.name.into())
                .collect(),
            webhook_url: config.webhook_url.to_string(),
            redirect_url: config.redirect_url.to_string(),
            connections: view
                .connections
                .values()
                .filter(|it| it.record.app == entry.app.id)
                .count(),
        }
    }
}

impl PlatformView {
    /// What a platform is.
    pub fn of(platform: &dyn Platform) -> Self {
        let manifest = platform.manifest();
        Self {
            id: manifest.id.to_string(),
            name: manifest.name.into(),
            fields: manifest
                .fields
                .iter()
                .map(|field| FieldView {
                    name: field.name.into(),
                    help: field.help.into(),
                    secret: field.secret,
                    required: field.required,
                    default: field.default.map(Into::into),
                })
                .collect(),
            steps: manifest.steps.iter().map(|&step| step.into()).collect(),
            permissions: manifest
                .permissions
                .iter()
                .map(|it| PermissionView {
                    kind: it.kind.into(),
                    name: it.name.into(),
                    needed_for: it.needed_for.into(),
                })
                .collect(),
            needs_parent: manifest.needs_parent,
            capabilities: serde_json::json!(manifest.capabilities),
        }
    }
}

/// Puts values where they belong. Gives the names, for the audit.
fn fill(
    app: &mut App,
    fields: &[Field],
    values: BTreeMap<String, String>,
) -> Result<Vec<String>, AdminError> {
    let mut named = Vec::with_capacity(values.len());
    for (name, value) in values {
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            let known: Vec<_> = fields.iter().map(|field| field.name).collect();
            return Err(AdminError::invalid(
                format!("values.{name}"),
                format!("is not a setting of {}: {}", app.platform, one_of(&name, &known)),
            ));
        };
        let value = value.trim();
        match (field.secret, value.is_empty()) {
            (true, true) => drop(app.secrets.remove(field.name)),
            (true, false) => drop(app.secrets.insert(name.clone(), SecretString::from(value))),
            (false, true) => drop(app.settings.remove(field.name)),
            (false, false) => drop(app.settings.insert(name.clone(), value.to_owned())),
        }
        named.push(name);
    }
    Ok(named)
}

/// `did you mean …?`, or all there is.
fn one_of(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("there are {}", known.join(", ")),
    }
}
