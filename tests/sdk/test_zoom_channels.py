"""Channels and who is in them."""

from zoom_account import make


def names(members):
    return sorted(member["name"] for member in members)


def test_a_channel_from_its_beginning_to_its_end(zoom):
    ann = zoom.client()
    body = {"name": "launch", "type": 2, "members": [{"email": "bob@acme.example"}]}
    made = ann.post("chat/users/me/channels", json=body)
    assert made.status_code == 201
    channel = f"chat/channels/{made.json()['id']}"
    assert names(ann.get(f"{channel}/members").json()["members"]) == ["Ann Lee", "Bob Roy"]
    added = ann.post(f"{channel}/members", json={"members": [{"email": "cid@acme.example"}]}).json()
    assert added["ids"] == zoom.people["cid"]
    assert ann.delete(f"{channel}/members/{zoom.people['bob']}").status_code == 204
    assert ann.patch(channel, json={"name": "lift-off"}).status_code == 204
    assert ann.get(channel).json()["name"] == "lift-off"
    listed = ann.get("chat/users/me/channels", params={"page_size": 50}).json()["channels"]
    assert [entry["name"] for entry in listed if entry["id"] == made.json()["id"]] == ["lift-off"]
    assert ann.delete(channel).status_code == 204
    assert ann.get(channel).json()["code"] == 4130


def test_only_public_channels_are_joined(sandbox, zoom):
    app = {"name": "Own", "scopes": ["team_chat:write:member", "team_chat:delete:member"]}
    install = [{"workspace": zoom.id, "as": "Cid Orr"}]
    cid = zoom.client(sandbox.post("/zoom/apps", **app, install=install)["installs"][0]["access_token"])
    joined = cid.post(f"chat/channels/{zoom.channels['plans']}/members/me")
    assert (joined.status_code, joined.json()["id"]) == (201, zoom.people["cid"])
    assert cid.delete(f"chat/channels/{zoom.channels['plans']}/members/me").status_code == 204
    refused = cid.post(f"chat/channels/{zoom.channels['board']}/members/me")
    assert (refused.status_code, refused.json()["code"]) == (400, 5301)


def test_contacts_are_colleagues(sandbox):
    zoom = make(sandbox, kind="user")
    listed = zoom.client().get("chat/users/me/contacts").json()["contacts"]
    assert sorted(contact["email"] for contact in listed) == ["bob@acme.example", "cid@acme.example"]
    one = zoom.client().get("chat/users/me/contacts/bob@acme.example").json()
    assert one["id"] == zoom.people["bob"]
