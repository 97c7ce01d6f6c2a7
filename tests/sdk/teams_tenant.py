"""A Teams tenant with people, a team and an app registration, and `GraphServiceClient`s for whoever is signed in."""

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import pytest
from kiota_abstractions.authentication import AuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient

NUMBERS = itertools.count(1)

DELEGATED = [
    "User.Read", "User.ReadBasic.All", "Team.ReadBasic.All", "Channel.ReadBasic.All", "Channel.Create",
    "ChannelSettings.ReadWrite.All", "ChannelMessage.Send", "ChannelMessage.Read.All", "ChannelMessage.ReadWrite",
    "ChannelMember.Read.All", "Chat.ReadWrite", "Chat.Create", "Files.ReadWrite.All", "TeamMember.ReadWrite.All",
    "Organization.Read.All", "offline_access",
]


class Bearer(AuthenticationProvider):
    """Adds a token that is already there; the vendor's own providers insist on the vendor's hosts."""

    def __init__(self, token):
        self.token = token

    async def authenticate_request(self, request, additional_authentication_context=None):
        request.headers.add("Authorization", f"Bearer {self.token}")


@dataclass
class Tenant:
    """One tenant, its team `Projects` with the channel `Plans`, and the app `Bridge`."""

    sandbox: object
    id: str
    people: dict
    team: str
    channel: str
    app: dict

    def token(self, who=None, **more):
        ask = {"app": self.app["client_id"], "workspace": self.id, **more}
        if who:
            ask["as"] = who
        return self.sandbox.post("/teams/tokens", **ask)["access_token"]

    def client(self, who=None, **more):
        """A client of the vendor's SDK for a person, or, for nobody, for the app by itself."""
        adapter = GraphRequestAdapter(Bearer(self.token(who, **more)))
        adapter.base_url = self.sandbox.graph
        return GraphServiceClient(request_adapter=adapter)

    def act(self, who, do, **more):
        return self.sandbox.act("teams", self.id, who, do, **{"channel": self.channel, **more})

    def seen(self, channel=None):
        return self.sandbox.view("teams", self.id, channel or self.channel)

    def now(self):
        """The emulated time, as a subscription's end is reckoned from it."""
        return datetime.fromisoformat(self.sandbox.ask("GET", "/clock")["now"][:19]).replace(tzinfo=timezone.utc)

    def in_minutes(self, minutes):
        return self.now() + timedelta(minutes=minutes)

    def plans(self, client):
        """The SDK's builder for the channel."""
        return client.teams.by_team_id(self.team).channels.by_channel_id(self.channel)


def make(sandbox):
    made = sandbox.post(
        "/teams/workspaces",
        name=f"Contoso {next(NUMBERS)}",
        people=[
            {"name": "Ann Lee", "roles": ["Global Administrator"]},
            {"name": "Bob Roy"},
            {"name": "Cid Orr", "photo": False},
            {"name": "Gia Fox", "mail": "gia@other.example", "guest": True},
        ],
        teams=[{"name": "Projects", "members": ["Ann Lee", "Bob Roy"], "channels": ["Plans"]}],
    )
    app = sandbox.post(
        "/teams/apps",
        name="Bridge",
        client_secret="fake-secret",
        redirect_uris=["http://127.0.0.1:9/back"],
        delegated=DELEGATED,
        application=["ChannelMessage.Read.All", "Chat.Read.All", "Team.ReadBasic.All", "User.Read.All"],
    )
    return Tenant(
        sandbox=sandbox,
        id=made["id"],
        people={person["name"]: person["id"] for person in made["people"]},
        team=made["teams"][0]["id"],
        channel=next(channel["id"] for channel in made["channels"] if channel["name"] == "Plans"),
        app=app,
    )


@pytest.fixture
def contoso(sandbox):
    return make(sandbox)
