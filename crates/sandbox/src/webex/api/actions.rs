//! What becomes of a card's buttons.

use super::{Answer, Call, Reply};
use crate::webex::error::Fail;
use crate::webex::json;

pub(super) fn create(call: &mut Call<'_>) -> Answer {
    if call.needed("type")? != "submit" {
        return Err(Fail::bad("type must be submit."));
    }
    let (me, message) = (call.me(), call.needed("messageId")?);
    let inputs = call.input.body["inputs"].clone();
    let id = call.stage.press(&message, &me, inputs)?;
    let press = call.stage.state.presses.get(&id).ok_or_else(|| Fail::none("action"))?;
    Ok(Reply { status: 202, ..Reply::ok(json::press(press)) })
}

/// For whoever pressed, and whoever sent the card.
pub(super) fn get(call: &mut Call<'_>) -> Answer {
    let press = call.stage.state.presses.get(&call.id());
    let press = press.ok_or_else(|| Fail::none("action"))?;
    let sender = call.stage.message(&press.message).map(|(_, message)| &message.sender);
    let concerned = press.person == call.who.person || sender == Ok(&call.who.person);
    if concerned { Ok(Reply::ok(json::press(press))) } else { Err(Fail::none("action")) }
}
