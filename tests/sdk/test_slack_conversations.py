"""`slack_sdk`: who and where."""

import pytest
from slack_sdk.errors import SlackApiError


def test_the_token_says_who_it_is(acme):
    answer = acme.client().auth_test()
    assert answer["team_id"] == acme.id
    assert answer["team"] == acme.name
    assert answer["bot_id"].startswith("B")
    assert "chat:write" in answer.headers["x-oauth-scopes"]
    bot = acme.client().bots_info(bot=answer["bot_id"])["bot"]
    assert (bot["app_id"], bot["user_id"]) == (acme.app["id"], answer["user_id"])


def test_channels_come_page_by_page(acme):
    client = acme.client()
    for number in range(5):
        client.conversations_create(name=f"room-{number}")
    # The SDK follows `next_cursor` when its answer is iterated.
    found = client.conversations_list(limit=3, types="public_channel,private_channel", exclude_archived=True)
    pages = [page.data for page in found]
    names = [channel["name"] for page in pages for channel in page["channels"]]
    assert len(pages) == 3
    assert all(len(page["channels"]) <= 3 for page in pages)
    assert sorted(names) == ["general", "plans"] + [f"room-{number}" for number in range(5)], "board is not ours to see"
    mine = client.users_conversations(types="public_channel")["channels"]
    assert {"general", "plans"} <= {channel["name"] for channel in mine}


def test_people_come_page_by_page(acme):
    client = acme.client()
    pages = [page.data for page in client.users_list(limit=2)]
    people = {person["profile"]["display_name"]: person for page in pages for person in page["members"]}
    assert len(pages) >= 3
    assert {"ann", "bob", "cid", "gia"} <= set(people)
    assert people["ann"]["is_admin"] and people["gia"]["is_restricted"]
    assert client.users_lookupByEmail(email="bob@acme.example")["user"]["id"] == acme.people["bob"]
    assert client.users_info(user=acme.people["cid"])["user"]["real_name"] == "Cid Orr"
    members = client.conversations_members(channel=acme.channels["general"], limit=100)["members"]
    assert set(acme.people.values()) <= set(members)


def test_a_channels_life(acme):
    client = acme.client()
    made = client.conversations_create(name="launch", is_private=True)["channel"]
    assert made["is_private"]
    client.conversations_invite(channel=made["id"], users=[acme.people["ann"], acme.people["bob"]])
    client.conversations_setTopic(channel=made["id"], topic="to the moon")
    client.conversations_rename(channel=made["id"], name="launch-2")
    info = client.conversations_info(channel=made["id"], include_num_members=True)["channel"]
    assert (info["name"], info["topic"]["value"], info["num_members"]) == ("launch-2", "to the moon", 3)
    client.conversations_kick(channel=made["id"], user=acme.people["bob"])
    client.conversations_archive(channel=made["id"])
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel=made["id"], text="too late")
    assert refused.value.response["error"] == "is_archived"


def test_a_direct_message(acme):
    client = acme.client()
    opened = client.conversations_open(users=[acme.people["ann"]])["channel"]["id"]
    client.chat_postMessage(channel=opened, text="psst")
    assert [m["text"] for m in client.conversations_history(channel=opened)["messages"]] == ["psst"]


def test_what_else_a_bridge_reads(acme):
    client = acme.client()
    assert client.team_info()["team"]["id"] == acme.id
    assert client.emoji_list()["emoji"]["shipit"] == "https://emoji.example/shipit.png"
    groups = client.usergroups_list(include_users=True)["usergroups"]
    assert [(group["handle"], group["users"]) for group in groups] == [("ops", [acme.people["bob"]])]


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("channel_not_found", lambda c, w: c.chat_postMessage(channel="C000000", text="x")),
        ("channel_not_found", lambda c, w: c.conversations_info(channel=w.channels["board"])),
        ("not_in_channel", lambda c, w: c.conversations_leave(channel=w.channels["plans"])
         and c.conversations_history(channel=w.channels["plans"])),
        ("no_text", lambda c, w: c.chat_postMessage(channel=w.channels["general"], text="")),
        ("message_not_found", lambda c, w: c.chat_update(channel=w.channels["general"], ts="1.000001", text="x")),
        ("message_not_found", lambda c, w: c.chat_delete(channel=w.channels["general"], ts="1.000001")),
        ("thread_not_found", lambda c, w: c.conversations_replies(channel=w.channels["general"], ts="1.000001")),
        ("user_not_found", lambda c, w: c.users_info(user="U000000")),
        ("users_not_found", lambda c, w: c.users_lookupByEmail(email="nobody@acme.example")),
        ("name_taken", lambda c, w: c.conversations_create(name="general")),
        ("invalid_cursor", lambda c, w: c.conversations_list(cursor="nonsense")),
        ("file_not_found", lambda c, w: c.files_info(file="F000000")),
        ("missing_scope", lambda c, w: c.pins_list(channel=w.channels["general"])),
        ("unknown_method", lambda c, w: c.api_call("no.such")),
        ("invalid_auth", lambda c, w: w.client("xoxb-fake").auth_test()),
    ],
)
def test_refusals_are_the_sdks_errors(acme, code, call):
    with pytest.raises(SlackApiError) as refused:
        call(acme.client(), acme)
    assert refused.value.response["error"] == code
    if code == "missing_scope":
        assert refused.value.response["needed"] == "pins:read"


def test_a_revoked_token_is_refused(acme):
    assert acme.client().auth_revoke()["revoked"]
    with pytest.raises(SlackApiError) as refused:
        acme.client().auth_test()
    assert refused.value.response["error"] in ("token_revoked", "invalid_auth", "account_inactive")
