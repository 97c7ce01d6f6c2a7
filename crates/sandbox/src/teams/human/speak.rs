//! What people say: posts, replies, edits, deletions, reactions.

use serde_json::json;

use super::compose::keep_files;
use super::{Act, Actor, Done, invalid, place_json, refused};
use crate::core::ControlError;
use crate::teams::compose::draft;
use crate::teams::conversation::Place;
use crate::teams::world::World;
use crate::teams::{Teams, graph};

impl Teams {
    pub(super) async fn says(&self, act: &Act) -> Done {
        let (actor, place) = {
            let world = self.world();
            (act.actor(&world)?, act.place(&world)?)
        };
        let root =
            if act.what == "reply" || act.message.is_some() { Some(act.message()?) } else { None };
        let posted = self.compose(act, &actor, &place).await?;
        let now = self.core.clock.now();
        let mut world = self.world();
        let tenant = act.tenant(&world)?;
        tenant.require_member(&place, Some(&actor.id)).map_err(refused)?;
        if let Some(root) = root {
            graph::find(tenant, &place, None, root).map_err(refused)?;
        }
        let draft = draft(&world, tenant, &place, &posted).map_err(refused)?;
        let base = format!("{}/v1.0", self.urls.graph);
        let id = self
            .publish(
                &mut world,
                &actor.tenant,
                &place,
                root,
                &actor.id,
                &actor.locale,
                draft,
                &base,
                now,
            )
            .map_err(refused)?;
        let mut done = place_json(&place);
        done["id"] = json!(id.to_string());
        done["thread"] = json!(root.map(|r| r.to_string()));
        Ok(done)
    }

    /// The message in this place, whether it is a root or a reply.
    fn meant(
        world: &World,
        actor: &Actor,
        place: &Place,
        id: u64,
    ) -> Result<Option<u64>, ControlError> {
        world
            .tenants
            .get(&actor.tenant)
            .and_then(|t| t.conversations.get(place.id()))
            .and_then(|c| c.messages.get(&id))
            .map(|m| m.reply_to)
            .ok_or_else(|| ControlError::NotFound(format!("no message {id}")))
    }

    fn require_author(
        world: &World,
        actor: &Actor,
        place: &Place,
        id: u64,
    ) -> Result<(), ControlError> {
        let root = Self::meant(world, actor, place, id)?;
        let tenant =
            world.tenants.get(&actor.tenant).ok_or_else(|| invalid("the workspace is gone"))?;
        let message = graph::find(tenant, place, root, id).map_err(refused)?;
        if message.author.as_ref() == Some(&actor.id) {
            Ok(())
        } else {
            Err(ControlError::Refused("only the author may change a message".to_owned()))
        }
    }

    pub(super) async fn edits(&self, act: &Act) -> Done {
        let id = act.message()?;
        let (actor, place) = {
            let world = self.world();
            let (actor, place) = (act.actor(&world)?, act.place(&world)?);
            Self::require_author(&world, &actor, &place, id)?;
            (actor, place)
        };
        let mut posted = self.compose(act, &actor, &place).await?;
        let now = self.core.clock.now();
        let base = format!("{}/v1.0", self.urls.graph);
        let mut world = self.world();
        let tenant = act.tenant(&world)?;
        let root = Self::meant(&world, &actor, &place, id)?;
        let message = graph::find(tenant, &place, root, id).map_err(refused)?;
        keep_files(act, &message.draft, &mut posted);
        let mut new = draft(&world, tenant, &place, &posted).map_err(refused)?;
        self.rewrite(&mut world, &actor.tenant, &place, id, &base, &mut new, now);
        Ok(json!({"id": id.to_string()}))
    }

    pub(super) fn deletes(&self, act: &Act) -> Done {
        let id = act.message()?;
        let mut world = self.world();
        let (actor, place) = (act.actor(&world)?, act.place(&world)?);
        let owner = match &place {
            Place::Channel { team, .. } => {
                act.tenant(&world)?.require_owner(team, Some(&actor.id)).is_ok()
            }
            Place::Chat { .. } => false,
        };
        if !owner {
            Self::require_author(&world, &actor, &place, id)?;
        }
        Self::meant(&world, &actor, &place, id)?;
        let now = self.core.clock.now();
        self.mark_deleted(&mut world, &actor.tenant, &place, id, act.what == "delete", now);
        Ok(json!({"id": id.to_string()}))
    }

    pub(super) fn reacts(&self, act: &Act) -> Done {
        let id = act.message()?;
        let emoji = act.emoji.as_deref().ok_or_else(|| invalid("\"emoji\" is missing"))?;
        let mut world = self.world();
        let (actor, place) = (act.actor(&world)?, act.place(&world)?);
        act.tenant(&world)?.require_member(&place, Some(&actor.id)).map_err(refused)?;
        Self::meant(&world, &actor, &place, id)?;
        let now = self.core.clock.now();
        self.set_reaction(
            &mut world,
            &actor.tenant,
            &place,
            id,
            &actor.id,
            emoji,
            act.what == "react",
            now,
        );
        Ok(json!({"id": id.to_string()}))
    }
}
