"""`msgraph-sdk`: channel messages: posting, replies, mentions, attachments, edits, deletions, reactions, reading."""

import base64

import pytest
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.chat_message import ChatMessage
from msgraph.generated.models.chat_message_attachment import ChatMessageAttachment
from msgraph.generated.models.chat_message_hosted_content import ChatMessageHostedContent
from msgraph.generated.models.chat_message_importance import ChatMessageImportance
from msgraph.generated.models.chat_message_mention import ChatMessageMention
from msgraph.generated.models.chat_message_mentioned_identity_set import ChatMessageMentionedIdentitySet
from msgraph.generated.models.identity import Identity
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.teams.item.channels.item.messages.item.set_reaction.set_reaction_post_request_body import (
    SetReactionPostRequestBody,
)
from msgraph.generated.teams.item.channels.item.messages.item.unset_reaction.unset_reaction_post_request_body import (
    UnsetReactionPostRequestBody,
)
from msgraph.generated.teams.item.channels.item.messages.messages_request_builder import MessagesRequestBuilder
from msgraph_core.tasks.page_iterator import PageIterator

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def html(content, **more):
    return ChatMessage(body=ItemBody(content_type=BodyType.Html, content=content), **more)


def page(**query):
    parameters = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(**query)
    return MessagesRequestBuilder.MessagesRequestBuilderGetRequestConfiguration(query_parameters=parameters)


async def test_a_post_with_a_mention_a_subject_and_a_reply(contoso):
    client = contoso.client("Ann Lee")
    messages = contoso.plans(client).messages
    bob = Identity(
        id=contoso.people["Bob Roy"], display_name="Bob Roy", additional_data={"userIdentityType": "aadUser"}
    )
    mention = ChatMessageMention(
        id=0, mention_text="Bob Roy", mentioned=ChatMessageMentionedIdentitySet(user=bob)
    )
    sent = await messages.post(
        html(
            'look <at id="0">Bob Roy</at>: <strong>now</strong>',
            mentions=[mention],
            subject="News",
            importance=ChatMessageImportance.High,
        )
    )
    assert (sent.subject, sent.importance, sent.from_.user.display_name) == ("News", ChatMessageImportance.High, "Ann Lee")
    assert sent.mentions[0].mentioned.user.id == contoso.people["Bob Roy"]
    assert sent.channel_identity.channel_id == contoso.channel and sent.reply_to_id is None
    reply = await messages.by_chat_message_id(sent.id).replies.post(html("<em>done</em>"))
    assert reply.reply_to_id == sent.id
    seen = contoso.seen()
    assert seen[0]["mentions"][0]["account"] == contoso.people["Bob Roy"] and seen[0]["subject"] == "News"
    assert seen[1]["thread"] == sent.id and "<em>done</em>" in seen[1]["html"]
    read = await messages.by_chat_message_id(sent.id).replies.by_chat_message_id1(reply.id).get()
    assert (read.id, read.etag) == (reply.id, reply.etag)


async def test_an_edit_a_deletion_and_its_undoing(contoso):
    client = contoso.client("Ann Lee")
    messages = contoso.plans(client).messages
    sent = await messages.post(html("one"))
    one = messages.by_chat_message_id(sent.id)
    await one.patch(html("two"))
    edited = await one.get()
    assert edited.body.content == "two" and edited.last_edited_date_time
    assert edited.etag != sent.etag
    await one.soft_delete.post()
    deleted = await one.get()
    assert deleted.deleted_date_time and not deleted.body.content
    await one.undo_soft_delete.post()
    assert (await one.get()).deleted_date_time is None
    reply = await one.replies.post(html("under"))
    await one.replies.by_chat_message_id1(reply.id).patch(html("changed"))
    await one.replies.by_chat_message_id1(reply.id).soft_delete.post()
    with pytest.raises(ODataError) as refused:
        await contoso.plans(contoso.client("Bob Roy")).messages.by_chat_message_id(sent.id).patch(html("mine now"))
    assert refused.value.response_status_code == 403


async def test_reactions_come_and_go(contoso):
    one = contoso.plans(contoso.client("Ann Lee")).messages.by_chat_message_id(
        contoso.act("Bob Roy", "post", text="react!")["id"]
    )
    for reaction in ("👍", "🎉"):
        await one.set_reaction.post(SetReactionPostRequestBody(reaction_type=reaction))
    read = await one.get()
    assert [reaction.user.user.id for reaction in read.reactions] == [contoso.people["Ann Lee"]] * 2
    assert [reaction["emoji"] for reaction in contoso.seen()[0]["reactions"]] == ["👍", "🎉"]
    await one.unset_reaction.post(UnsetReactionPostRequestBody(reaction_type="👍"))
    assert len((await one.get()).reactions) == 1
    with pytest.raises(ODataError) as refused:
        await one.set_reaction.post(SetReactionPostRequestBody(reaction_type=":shipit:"))
    assert refused.value.response_status_code == 400


async def test_messages_are_read_page_by_page_with_their_replies(contoso):
    client = contoso.client("Ann Lee")
    for number in range(7):
        root = contoso.act("Bob Roy", "post", text=f"message {number}")
    contoso.act("Bob Roy", "reply", thread=root["id"], text="last")
    messages = contoso.plans(client).messages
    first = await messages.get(page(top=3, expand=["replies"]))
    assert len(first.value) == 3 and first.odata_next_link
    assert [reply.body.content for reply in first.value[0].replies] == ["<p>last</p>"]
    contents = []
    await PageIterator(first, client.request_adapter).iterate(lambda m: contents.append(m.body.content) or True)
    assert contents == [f"<p>message {number}</p>" for number in reversed(range(7))]
    replies = await messages.by_chat_message_id(root["id"]).replies.get()
    assert [reply.body.content for reply in replies.value] == ["<p>last</p>"]


async def test_delta_gives_what_changed_since(contoso):
    client = contoso.client("Ann Lee")
    contoso.act("Bob Roy", "post", text="before")
    delta = contoso.plans(client).messages.delta
    state = await delta.get()
    found = list(state.value)
    while state.odata_next_link:
        state = await delta.with_url(state.odata_next_link).get()
        found += state.value
    assert [message.body.content for message in found] == ["<p>before</p>"]
    after = contoso.act("Bob Roy", "post", text="after")
    contoso.act("Ann Lee", "react", message=found[0].id, emoji="👍")
    changed = await delta.with_url(state.odata_delta_link).get()
    assert {message.id for message in changed.value} == {found[0].id, after["id"]}


async def test_an_inline_image_is_hosted_with_the_message(contoso):
    client = contoso.client("Ann Lee")
    messages = contoso.plans(client).messages
    image = ChatMessageHostedContent(
        content_bytes=PIXEL,
        content_type="image/png",
        additional_data={"@microsoft.graph.temporaryId": "1"},
    )
    sent = await messages.post(html('<img src="../hostedContents/1/$value" alt="dot">', hosted_contents=[image]))
    assert "../hostedContents/1/" not in sent.body.content
    hosted = messages.by_chat_message_id(sent.id).hosted_contents
    listed = (await hosted.get()).value
    content = await hosted.by_chat_message_hosted_content_id(listed[0].id).content.get()
    assert content == PIXEL


async def test_attachments_a_reference_and_a_card(contoso):
    client = contoso.client("Ann Lee")
    messages = contoso.plans(client).messages
    card = ChatMessageAttachment(
        id="74d20c7f-34aa-4a7f-b74e-2b30004247c5",
        content_type="application/vnd.microsoft.card.adaptive",
        content='{"type":"AdaptiveCard","version":"1.4","body":[{"type":"TextBlock","text":"hello"}]}',
    )
    sent = await messages.post(
        html(f'<attachment id="{card.id}"></attachment>', attachments=[card])
    )
    read = await messages.by_chat_message_id(sent.id).get()
    assert (read.attachments[0].content_type, read.attachments[0].content) == (card.content_type, card.content)
    with pytest.raises(ODataError) as refused:
        await messages.post(html("<p>names no attachment</p>", attachments=[ChatMessageAttachment(
            id="1", content_type="reference", content_url="https://nowhere.example/x", name="x")]))
    assert refused.value.response_status_code == 400


async def test_a_message_that_is_too_large_is_refused(contoso):
    with pytest.raises(ODataError) as refused:
        await contoso.plans(contoso.client("Ann Lee")).messages.post(html("x" * 200_000))
    assert refused.value.response_status_code in (400, 413)
