//! Webex ids: base64, without padding, of `ciscospark://us/KIND/UUID`, as the vendor's examples decode.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::core::Ids;

/// The id of something of this kind.
pub(crate) fn of(kind: &str, inner: &str) -> String {
    STANDARD_NO_PAD.encode(format!("ciscospark://us/{kind}/{inner}"))
}

/// The id of something new.
pub(crate) fn fresh(ids: &Ids, kind: &str) -> String {
    of(kind, &ids.uuid())
}

/// What stands in an id after its kind; nothing for what is no id.
pub(crate) fn inner(id: &str) -> String {
    let decoded = STANDARD_NO_PAD.decode(id).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.and_then(|text| text.rsplit('/').next().map(str::to_owned)).unwrap_or_default()
}

/// A membership's id names the person and the room, or the team.
pub(crate) fn membership(kind: &str, person: &str, place: &str) -> String {
    of(kind, &format!("{}:{}", inner(person), inner(place)))
}

/// The team and its General space have one UUID.
pub(crate) fn general_of(team: &str) -> String {
    of("ROOM", &inner(team))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_its_kind() {
        let id = of("PEOPLE", "f5b36187-c8dd-4727-8b2f-f9c447f29046");
        assert_eq!(
            id,
            "Y2lzY29zcGFyazovL3VzL1BFT1BMRS9mNWIzNjE4Ny1jOGRkLTQ3MjctOGIyZi1mOWM0NDdmMjkwNDY"
        );
        assert_eq!(inner(&id), "f5b36187-c8dd-4727-8b2f-f9c447f29046");
        assert_eq!(inner("no id at all"), "");
        let (person, room) = (of("PEOPLE", "p"), of("ROOM", "r"));
        assert_eq!(inner(&membership("MEMBERSHIP", &person, &room)), "p:r");
    }
}
