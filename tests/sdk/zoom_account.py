"""A Zoom account with people, channels and an app, and HTTP clients that call as the vendor's documentation shows.

Of the Python packages for Zoom none knows Team Chat (zoomus 1.2.1, the most used, ends at contacts). The vendor's own
client, Rivet for Node, has no free licence and one fixed address for tokens. So these are plain calls.
"""

import itertools
from dataclasses import dataclass

import httpx
import pytest

NUMBERS = itertools.count(1)
BACK = "http://127.0.0.1:9/back"
SECRET = "fake-secret-token"

SCOPES = [
    "user:read:user", "team_chat:read:list_user_channels", "team_chat:write:user_channel", "team_chat:read:channel",
    "team_chat:update:channel", "team_chat:delete:channel", "team_chat:read:list_members", "team_chat:write:members",
    "team_chat:write:member", "team_chat:delete:member", "team_chat:read:list_user_messages",
    "team_chat:read:user_message", "team_chat:read:thread_message", "team_chat:write:user_message",
    "team_chat:update:user_message", "team_chat:delete:user_message", "team_chat:update:message_emoji",
    "team_chat:read:message_emoji", "team_chat:write:message_files", "team_chat:write:files", "team_chat:read:file",
    "team_chat:read:list_contacts", "team_chat:read:contact",
]


@dataclass
class Account:
    """One account and the app in it."""

    sandbox: object
    id: str
    name: str
    people: dict
    channels: dict
    app: dict

    def client(self, token=None):
        """As the person whose token it is: Ann, who added the app."""
        token = token or self.app["installs"][0]["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=f"{self.sandbox.zoom}/v2/", headers=headers, timeout=20, trust_env=False)

    def token(self, **form):
        """What the token endpoint answers."""
        pair = (self.app["client_id"], self.app["client_secret"])
        return httpx.post(f"{self.sandbox.zoom}/oauth/token", auth=pair, data=form, trust_env=False)

    def act(self, who, do, **more):
        return self.sandbox.act("zoom", self.id, who, do, **more)

    def seen(self, channel):
        return self.sandbox.view("zoom", self.id, channel)


def make(sandbox, plan="business", **app):
    """An account of three people and three channels, and an app for all of it unless told otherwise."""
    name = f"Acme {next(NUMBERS)}"
    made = sandbox.post(
        "/zoom/workspaces",
        name=name,
        plan=plan,
        people=[
            {"name": "Ann Lee", "email": "ann@acme.example", "admin": True},
            {"name": "Bob Roy", "email": "bob@acme.example"},
            {"name": "Cid Orr", "email": "cid@acme.example"},
        ],
        channels=[
            {"name": "general"},
            {"name": "plans", "members": ["Ann Lee", "Bob Roy"]},
            {"name": "board", "private": True, "members": ["Ann Lee"]},
        ],
        emoji=["shipit"],
    )
    scopes = [scope for base in SCOPES for scope in (base, f"{base}:admin")]
    given = {"name": "Bridge", "kind": "account", "scopes": scopes, "redirect_urls": [BACK], "secret_token": SECRET}
    return Account(
        sandbox=sandbox,
        id=made["id"],
        name=name,
        people={person["name"].split()[0].lower(): person["id"] for person in made["people"]},
        channels={channel["name"]: channel["id"] for channel in made["channels"]},
        app=sandbox.post("/zoom/apps", **{**given, "install": [made["id"]], **app}),
    )


@pytest.fixture
def zoom(sandbox):
    return make(sandbox)
