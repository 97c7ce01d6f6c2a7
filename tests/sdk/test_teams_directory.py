"""`msgraph-sdk`: teams, channels, members, people, photos, chats."""

import pytest
from kiota_abstractions.api_error import APIError
from msgraph.generated.models.aad_user_conversation_member import AadUserConversationMember
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.channel import Channel
from msgraph.generated.models.channel_membership_type import ChannelMembershipType
from msgraph.generated.models.chat import Chat
from msgraph.generated.models.chat_message import ChatMessage
from msgraph.generated.models.chat_type import ChatType
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph_core.tasks.page_iterator import PageIterator


def member(contoso, name, *roles):
    return AadUserConversationMember(
        odata_type="#microsoft.graph.aadUserConversationMember",
        roles=list(roles),
        additional_data={"user@odata.bind": f"{contoso.sandbox.graph}/v1.0/users('{contoso.people[name]}')"},
    )


async def test_who_am_i_and_where(contoso):
    client = contoso.client("Ann Lee")
    me = await client.me.get()
    assert (me.id, me.display_name) == (contoso.people["Ann Lee"], "Ann Lee")
    organization = (await client.organization.get()).value[0]
    assert organization.id == contoso.id
    joined = (await client.me.joined_teams.get()).value
    assert [(team.id, team.display_name) for team in joined] == [(contoso.team, "Projects")]
    team = await client.teams.by_team_id(contoso.team).get()
    assert team.display_name == "Projects"
    assert (await contoso.client("Cid Orr").me.joined_teams.get()).value == []


async def test_channels_are_listed_and_made(contoso):
    client = contoso.client("Ann Lee")
    channels = client.teams.by_team_id(contoso.team).channels
    made = await channels.post(Channel(display_name="Launch", description="to the moon"))
    assert made.membership_type == ChannelMembershipType.Standard
    private = await channels.post(
        Channel(
            display_name="Board",
            membership_type=ChannelMembershipType.Private,
            members=[member(contoso, "Ann Lee", "owner")],
        )
    )
    names = {channel.display_name: channel.membership_type for channel in (await channels.get()).value}
    assert names == {
        "General": ChannelMembershipType.Standard,
        "Plans": ChannelMembershipType.Standard,
        "Launch": ChannelMembershipType.Standard,
        "Board": ChannelMembershipType.Private,
    }
    inside = (await channels.by_channel_id(private.id).members.get()).value
    assert [one.user_id for one in inside] == [contoso.people["Ann Lee"]]
    hidden = (await contoso.client("Bob Roy").teams.by_team_id(contoso.team).channels.get()).value
    assert "Board" not in [channel.display_name for channel in hidden]
    with pytest.raises(ODataError) as refused:
        await channels.post(Channel(display_name="Launch"))
    assert refused.value.response_status_code == 400
    await channels.by_channel_id(made.id).patch(Channel(description="landed"))
    assert (await channels.by_channel_id(made.id).get()).description == "landed"


async def test_members_of_a_team_come_and_go(contoso):
    client = contoso.client("Ann Lee")
    members = client.teams.by_team_id(contoso.team).members
    added = await members.post(member(contoso, "Cid Orr"))
    assert isinstance(added, AadUserConversationMember) and added.user_id == contoso.people["Cid Orr"]
    everybody = {one.display_name: one.roles for one in (await members.get()).value}
    assert everybody["Ann Lee"] == ["owner"] and set(everybody) == {"Ann Lee", "Bob Roy", "Cid Orr"}
    await members.by_conversation_member_id(added.id).delete()
    assert len((await members.get()).value) == 2


async def test_people_are_listed_page_by_page_and_found_by_mail(contoso):
    client = contoso.client("Ann Lee")
    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters
    ask = UsersRequestBuilder.UsersRequestBuilderGetRequestConfiguration
    first = await client.users.get(ask(query_parameters=query(top=2, select=["id", "displayName", "userType"])))
    assert len(first.value) == 2 and first.odata_next_link
    names = []
    await PageIterator(first, client.request_adapter).iterate(lambda person: names.append(person.display_name) or True)
    assert sorted(names) == ["Ann Lee", "Bob Roy", "Cid Orr", "Gia Fox"]
    found = await client.users.get(ask(query_parameters=query(filter="mail eq 'gia@other.example'")))
    assert [person.display_name for person in found.value] == ["Gia Fox"]
    with pytest.raises(ODataError) as refused:
        await client.users.by_user_id("00000000-0000-0000-0000-000000000000").get()
    assert (refused.value.response_status_code, refused.value.error.code) == (404, "Request_ResourceNotFound")


async def test_photos(contoso):
    client = contoso.client("Ann Lee")
    photo = await client.users.by_user_id(contoso.people["Bob Roy"]).photo.content.get()
    assert photo[:8] == b"\x89PNG\r\n\x1a\n" or photo[:2] == b"\xff\xd8"
    with pytest.raises(APIError) as refused:
        await client.users.by_user_id(contoso.people["Cid Orr"]).photo.content.get()
    assert refused.value.response_status_code == 404


async def test_a_chat_is_made_written_to_and_listed(contoso):
    client = contoso.client("Ann Lee")
    people = [member(contoso, name, "owner") for name in ("Ann Lee", "Bob Roy", "Cid Orr")]
    chat = await client.chats.post(Chat(chat_type=ChatType.Group, topic="Lunch", members=people))
    messages = client.chats.by_chat_id(chat.id).messages
    sent = await messages.post(ChatMessage(body=ItemBody(content_type=BodyType.Html, content="<b>noon?</b>")))
    contoso.act("Bob Roy", "post", channel=chat.id, text="yes")
    read = (await messages.get()).value
    assert [m.body.content for m in read if m.from_] == ["<p>yes</p>", "<b>noon?</b>"]
    assert read[-1].chat_id == chat.id and sent.chat_id == chat.id
    mine = (await contoso.client("Bob Roy").me.chats.get()).value
    assert [(c.id, c.topic, c.chat_type) for c in mine] == [(chat.id, "Lunch", ChatType.Group)]
    inside = (await client.chats.by_chat_id(chat.id).members.get()).value
    assert {one.display_name for one in inside} == {"Ann Lee", "Bob Roy", "Cid Orr"}


@pytest.mark.parametrize(
    ("status", "code", "call"),
    [
        (403, "Forbidden", lambda t: t.plans(t.client("Cid Orr")).messages.get()),
        (403, "Forbidden", lambda t: t.plans(t.client()).messages.post(ChatMessage(body=ItemBody(content="x")))),
        (403, "Forbidden", lambda t: t.plans(t.client("Ann Lee", scopes=["User.Read"])).messages.get()),
        (404, "NotFound", lambda t: t.plans(t.client("Ann Lee")).messages.by_chat_message_id("1").get()),
        (404, "NotFound", lambda t: t.client("Ann Lee").teams.by_team_id("00000000-0000-0000-0000-000000000000").get()),
    ],
)
async def test_refusals_are_the_sdks_errors(contoso, status, code, call):
    with pytest.raises(ODataError) as refused:
        await call(contoso)
    assert (refused.value.response_status_code, refused.value.error.code) == (status, code)
    assert refused.value.error.inner_error.request_id


async def test_a_token_that_was_never_issued_is_refused(contoso):
    contoso.token = lambda *_, **__: "fake.token.here"
    with pytest.raises(ODataError) as refused:
        await contoso.client("Ann Lee").me.get()
    assert (refused.value.response_status_code, refused.value.error.code) == (401, "InvalidAuthenticationToken")
