"""`slack_sdk`: posts, edits, deletions, threads, reactions, and how they read back."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import RichTextBlock, RichTextElementParts, RichTextSectionElement, SectionBlock
from slack_sdk.models.metadata import Metadata


def test_a_post_under_another_name_with_metadata(acme):
    client, general = acme.client(), acme.channels["general"]
    posted = client.chat_postMessage(
        channel=general,
        text="hi *all*",
        username="Bo (Teams)",
        icon_url="https://avatars.example/bo.png",
        metadata=Metadata(event_type="delivery", event_payload={"id": "d-1"}),
        unfurl_links=False,
    )
    assert posted["channel"] == general and posted["message"]["subtype"] == "bot_message"
    read = client.conversations_history(channel=general, limit=1, include_all_metadata=True)["messages"][0]
    assert (read["ts"], read["username"]) == (posted["ts"], "Bo (Teams)")
    assert read["metadata"] == {"event_type": "delivery", "event_payload": {"id": "d-1"}}
    seen = acme.seen("general")[-1]
    assert (seen["author"]["name"], seen["author"]["badge"]) == ("Bo (Teams)", "APP")
    assert seen["html"] == "<p>hi <strong>all</strong></p>"
    link = client.chat_getPermalink(channel=general, message_ts=posted["ts"])["permalink"]
    assert posted["ts"].replace(".", "") in link


def test_the_sdks_blocks_are_understood(acme):
    client, general = acme.client(), acme.channels["general"]
    rich = RichTextBlock(
        elements=[
            RichTextSectionElement(
                elements=[
                    RichTextElementParts.Text(text="see ", style={"bold": True}),
                    RichTextElementParts.User(user_id=acme.people["ann"]),
                    RichTextElementParts.Emoji(name="tada"),
                ]
            )
        ]
    )
    client.chat_postMessage(channel=general, text="fallback", blocks=[rich])
    client.chat_postMessage(channel=general, text="fallback", blocks=[SectionBlock(text="*section*")])
    first, second = acme.seen("general")[-2:]
    assert first["mentions"][0]["account"] == acme.people["ann"]
    assert "<strong>see </strong>" in first["html"] and "🎉" in first["text"]
    assert "<strong>section</strong>" in second["html"]
    read = client.conversations_history(channel=general, limit=2)["messages"]
    assert [block["type"] for message in read for block in message["blocks"]] == ["section", "rich_text"]


def test_an_edit_and_a_deletion(acme):
    client, general = acme.client(), acme.channels["general"]
    ts = client.chat_postMessage(channel=general, text="one")["ts"]
    updated = client.chat_update(channel=general, ts=ts, text="two")
    assert (updated["ts"], updated["text"]) == (ts, "two")
    read = client.conversations_history(channel=general, oldest=ts, inclusive=True)["messages"][0]
    assert read["text"] == "two" and "edited" in read
    assert client.chat_delete(channel=general, ts=ts)["ts"] == ts
    assert client.conversations_history(channel=general, oldest=ts, inclusive=True)["messages"] == []


def test_only_ones_own_messages_can_be_changed(acme):
    client, general = acme.client(), acme.channels["general"]
    ts = acme.act("ann", "post", channel="general", text="mine")["ts"]
    for code, call in (
        ("cant_update_message", lambda: client.chat_update(channel=general, ts=ts, text="x")),
        ("cant_delete_message", lambda: client.chat_delete(channel=general, ts=ts)),
    ):
        with pytest.raises(SlackApiError) as refused:
            call()
        assert refused.value.response["error"] == code


def test_a_thread_with_a_reply_in_the_channel_too(acme):
    client, general = acme.client(), acme.channels["general"]
    root = acme.act("ann", "post", channel="general", text="root")["ts"]
    for number in range(3):
        client.chat_postMessage(channel=general, thread_ts=root, text=f"reply {number}")
    loud = client.chat_postMessage(channel=general, thread_ts=root, text="loud", reply_broadcast=True)
    assert loud["message"]["subtype"] == "thread_broadcast"
    replies = []
    for page in client.conversations_replies(channel=general, ts=root, limit=2):
        replies += [message["text"] for message in page["messages"] if message["ts"] != root]
    assert replies == ["reply 0", "reply 1", "reply 2", "loud"]
    channel = client.conversations_history(channel=general, oldest=root, inclusive=True)["messages"]
    assert [message["text"] for message in channel] == ["loud", "root"]
    assert channel[1]["reply_count"] == 4


def test_history_comes_page_by_page_newest_first(acme):
    client, plans = acme.client(), acme.channels["plans"]
    first = client.chat_postMessage(channel=plans, text="0")["ts"]
    for number in range(1, 7):
        client.chat_postMessage(channel=plans, text=str(number))
    found = client.conversations_history(channel=plans, oldest=first, inclusive=False, limit=4)
    pages = [page.data for page in found]
    assert [[message["text"] for message in page["messages"]] for page in pages] == [["6", "5", "4", "3"], ["2", "1"]]
    assert pages[0]["has_more"] and not pages[1]["has_more"]


def test_reactions_come_and_go(acme):
    client, general = acme.client(), acme.channels["general"]
    ts = client.chat_postMessage(channel=general, text="react!")["ts"]
    acme.act("bob", "react", channel="general", ts=ts, emoji="+1")
    client.reactions_add(channel=general, timestamp=ts, name="+1")
    client.reactions_add(channel=general, timestamp=ts, name="shipit")
    read = client.reactions_get(channel=general, timestamp=ts, full=True)["message"]["reactions"]
    assert [(reaction["name"], reaction["count"]) for reaction in read] == [("+1", 2), ("shipit", 1)]
    for code, call in (
        ("already_reacted", lambda: client.reactions_add(channel=general, timestamp=ts, name="+1")),
        ("no_reaction", lambda: client.reactions_remove(channel=general, timestamp=ts, name="wave")),
        ("invalid_name", lambda: client.reactions_add(channel=general, timestamp=ts, name="no-such-emoji")),
    ):
        with pytest.raises(SlackApiError) as refused:
            call()
        assert refused.value.response["error"] == code
    client.reactions_remove(channel=general, timestamp=ts, name="+1")
    assert [(r["emoji"], len(r["by"])) for r in acme.seen("general")[-1]["reactions"]][0] == ("👍", 1)
