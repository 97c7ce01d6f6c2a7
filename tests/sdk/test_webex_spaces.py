"""People, spaces, memberships and teams."""

import pytest
from webexpythonsdk import ApiError


def refused(status, call, *args, **more):
    with pytest.raises(ApiError) as error:
        call(*args, **more)
    assert error.value.status_code == status


def test_people_are_found(webex):
    ann = webex.client()
    me = ann.people.me()
    assert (me.displayName, me.emails, me.type) == ("Ann Lee", [webex.emails["ann"]], "person")
    assert [person.id for person in ann.people.list(email=webex.emails["bob"])] == [webex.people["bob"]]
    assert ann.people.get(webex.people["bob"]).orgId == me.orgId
    assert webex.as_bot().people.me().type == "bot"


def test_a_space_lives(webex):
    ann = webex.client()
    space = ann.rooms.create("new")
    member = ann.memberships.create(space.id, personEmail=webex.emails["cid"])
    assert (member.personDisplayName, member.isModerator) == ("Cid Orr", False)
    refused(409, ann.memberships.create, space.id, personId=webex.people["cid"])
    assert {one.personId for one in ann.memberships.list(space.id)} == {webex.people["ann"], webex.people["cid"]}
    assert ann.rooms.update(space.id, title="newer").title == "newer"
    ann.memberships.delete(member.id)
    assert "newer" in [room.title for room in ann.rooms.list(type="group", max=2)]
    ann.rooms.delete(space.id)
    refused(404, ann.rooms.get, space.id)


def test_somebody_from_outside_is_invited(webex):
    ann, plans = webex.client(), webex.spaces["plans"]
    guest = ann.memberships.create(plans, personEmail=f"guest.of.{webex.emails['ann']}")
    assert guest.personOrgId != ann.people.me().orgId


def test_only_moderators_announce(webex):
    ann, news = webex.client(), webex.spaces["news"]
    assert ann.rooms.get(news).isAnnouncementOnly
    refused(403, ann.messages.create, news, text="x")
    refused(403, ann.memberships.create, news, personEmail=webex.emails["cid"])
    webex.act("Bob Roy", "moderate", channel="news", person="Ann Lee", moderator=True)
    ann.messages.create(news, text="news")
    assert webex.seen("news")[-1]["text"] == "news"


def test_a_space_that_migrates_is_found_under_its_new_id(webex):
    ann, plans = webex.client(), webex.spaces["plans"]
    moved = webex.act("Ann Lee", "migrate", channel="plans")["channel"]
    refused(404, ann.rooms.get, plans)
    assert ann.rooms.get(moved).title == "plans"


def test_a_team_lives(webex):
    ann = webex.client()
    team = ann.teams.create("Crew")
    member = ann.team_memberships.create(team.id, personEmail=webex.emails["bob"])
    assert ann.team_memberships.update(member.id, isModerator=True).isModerator
    assert [room.title for room in ann.rooms.list(teamId=team.id)] == ["Crew"]
    assert ann.teams.update(team.id, name="Gang").name == "Gang"
    assert len(list(ann.team_memberships.list(team.id))) == 2
    ann.team_memberships.delete(member.id)
    ann.teams.delete(team.id)
    assert list(ann.teams.list()) == []
