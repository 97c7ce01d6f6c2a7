"""A Slack workspace with people, channels and an installed app, and that app's `WebClient`."""

import itertools
from dataclasses import dataclass

import pytest
from slack_sdk import WebClient

NUMBERS = itertools.count(1)

BOT_SCOPES = [
    "chat:write", "chat:write.customize", "chat:write.public", "channels:read", "channels:history", "channels:join",
    "channels:manage", "groups:read", "groups:history", "groups:write", "im:read", "im:history", "im:write",
    "mpim:read", "mpim:history", "mpim:write", "users:read", "users:read.email", "users.profile:read", "team:read",
    "reactions:read", "reactions:write", "files:read", "files:write", "emoji:read", "usergroups:read",
]


@dataclass
class Workspace:
    """One workspace and the app in it."""

    sandbox: object
    id: str
    name: str
    people: dict
    channels: dict
    app: dict
    token: str

    def client(self, token=None, **more):
        """A client of the vendor's SDK, as PLATFORMS says it is pointed at an emulator."""
        return WebClient(token or self.token, base_url=f"{self.sandbox.slack}/api/", **more)

    def act(self, who, do, **more):
        return self.sandbox.act("slack", self.id, who, do, **more)

    def seen(self, channel):
        return self.sandbox.view("slack", self.id, channel)


def make(sandbox, **app):
    """A workspace of four people (one a guest) and three channels; the app is in `general` and `plans`."""
    name = f"Acme {next(NUMBERS)}"
    made = sandbox.post(
        "/slack/workspaces",
        name=name,
        people=[
            {"name": "Ann Lee", "display_name": "ann", "email": "ann@acme.example", "admin": True},
            {"name": "Bob Roy", "display_name": "bob", "email": "bob@acme.example"},
            {"name": "Cid Orr", "display_name": "cid", "email": "cid@acme.example"},
            {"name": "Gia Fox", "display_name": "gia", "email": "gia@other.example", "guest": True},
        ],
        channels=[{"name": "general"}, {"name": "plans"}, {"name": "board", "private": True, "members": ["ann"]}],
        emoji={"shipit": "https://emoji.example/shipit.png"},
        usergroups=[{"name": "Ops", "handle": "ops", "members": ["bob"]}],
    )
    given = {"name": "Bridge", "bot_scopes": BOT_SCOPES, "install": [made["id"]], **app}
    registered = sandbox.post("/slack/apps", **given)
    workspace = Workspace(
        sandbox=sandbox,
        id=made["id"],
        name=name,
        people={person["display_name"]: person["id"] for person in made["people"]},
        channels={channel["name"]: channel["id"] for channel in made["channels"]},
        app=registered,
        token=registered["installs"][0]["access_token"] if given["install"] else "",
    )
    if workspace.token:
        for channel in ("general", "plans"):
            workspace.client().conversations_join(channel=workspace.channels[channel])
    return workspace


@pytest.fixture
def acme(sandbox):
    return make(sandbox)
