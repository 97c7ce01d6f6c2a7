//! Webhooks: those that the caller made with this app.

use std::collections::VecDeque;

use serde_json::Value;

use super::{Answer, Call, Reply};
use crate::webex::error::Fail;
use crate::webex::hooks::RESOURCES;
use crate::webex::json;
use crate::webex::scopes;
use crate::webex::world::Hook;

impl Call<'_> {
    fn is_mine(&self, hook: &Hook) -> bool {
        hook.creator == self.who.person && hook.app == self.who.app
    }

    fn own(&self, id: &str) -> Result<&Hook, Fail> {
        let hook = self.stage.state.webhooks.get(id).filter(|hook| self.is_mine(hook));
        hook.ok_or_else(|| Fail::none("webhook"))
    }

    fn shown_hook(&self, hook: &Hook) -> Value {
        let creator = self.stage.person(&hook.creator);
        json::webhook(hook, creator.map_or("", |person| person.org.as_str()))
    }

    fn hook_reply(&self, id: &str) -> Answer {
        Ok(Reply::ok(self.shown_hook(self.own(id)?)))
    }

    fn target(&self) -> Result<String, Fail> {
        let target = self.needed("targetUrl")?;
        let parsed = url::Url::parse(&target).ok();
        if parsed.is_some_and(|url| matches!(url.scheme(), "http" | "https")) {
            Ok(target)
        } else {
            Err(Fail::bad("targetUrl is no valid address."))
        }
    }
}

/// What may be asked for: every resource goes with every one of its events, or with all.
fn check(resource: &str, event: &str) -> Result<(), Fail> {
    if resource == "all" {
        return if event == "all" {
            Ok(())
        } else {
            Err(Fail::bad("The resource all goes with the event all only."))
        };
    }
    let known = RESOURCES.iter().find(|(name, ..)| *name == resource);
    let (_, events, _) =
        known.ok_or_else(|| Fail::bad(format!("Unsupported resource: {resource}")))?;
    if event == "all" || events.contains(&event) {
        Ok(())
    } else {
        Err(Fail::bad(format!("Unsupported event for {resource}: {event}")))
    }
}

pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let mine = call.stage.state.webhooks.values().filter(|hook| call.is_mine(hook));
    let shown: Vec<Value> = mine.map(|hook| call.shown_hook(hook)).collect();
    call.listing(shown.into_iter(), 100, 100)
}

pub(super) fn create(call: &mut Call<'_>) -> Answer {
    let (name, target) = (call.needed("name")?, call.target()?);
    let (resource, event) = (call.needed("resource")?, call.needed("event")?);
    check(&resource, &event)?;
    if call.text("ownedBy").is_some_and(|owner| owner != "creator") {
        return Err(Fail::forbidden("Webhooks of an organization need an administrator's scopes."));
    }
    if resource == "rooms" && call.strikes("no_room_webhooks") {
        return Err(Fail::forbidden("Webhooks for this resource are not allowed."));
    }
    let read: Vec<&str> = RESOURCES.iter().map(|(name, ..)| *name).collect();
    for needed in if resource == "all" { read } else { vec![resource.as_str()] } {
        scopes::check(&call.who.scopes, scopes::reading(needed))?;
    }
    let (me, filter) = (call.me(), call.text("filter").map(str::to_owned));
    if let Some(filter) = &filter {
        call.stage.check_filter(&resource, filter, &me)?;
    }
    let hook = Hook {
        id: call.stage.fresh("WEBHOOK"),
        name,
        target,
        resource,
        event,
        filter,
        secret: call.text("secret").map(str::to_owned),
        active: true,
        creator: me,
        app: call.who.app.clone(),
        created: call.stage.now(),
        failures: VecDeque::new(),
    };
    let id = hook.id.clone();
    call.stage.state.webhooks.insert(id.clone(), hook);
    call.hook_reply(&id)
}

pub(super) fn get(call: &mut Call<'_>) -> Answer {
    call.hook_reply(&call.id())
}

/// Name, address and secret; and `active` revives what failed too often. What else is given is ignored.
pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    call.own(&id)?;
    let (name, target) = (call.needed("name")?, call.target()?);
    let secret = call.text("secret").map(str::to_owned);
    let revive = match call.text("status") {
        None => false,
        Some("active") => true,
        Some(_) => return Err(Fail::bad("A webhook can only be set to active.")),
    };
    if let Some(hook) = call.stage.state.webhooks.get_mut(&id) {
        (hook.name, hook.target) = (name, target);
        hook.secret = secret.or(hook.secret.take());
        if revive {
            hook.active = true;
            hook.failures.clear();
        }
    }
    call.hook_reply(&id)
}

pub(super) fn delete(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    call.own(&id)?;
    call.stage.state.webhooks.remove(&id);
    Ok(Reply::done())
}
