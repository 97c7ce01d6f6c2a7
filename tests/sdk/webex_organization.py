"""A Webex organization with people, spaces, an integration and a bot, and `webexpythonsdk`'s `WebexAPI` for each."""

import itertools
from dataclasses import dataclass

import pytest
from webexpythonsdk import WebexAPI

NUMBERS = itertools.count(1)
BACK = "http://127.0.0.1:9/back"

SCOPES = [
    "spark:people_read", "spark:organizations_read", "spark:rooms_read", "spark:rooms_write", "spark:memberships_read",
    "spark:memberships_write", "spark:messages_read", "spark:messages_write", "spark:teams_read", "spark:teams_write",
    "spark:team_memberships_read", "spark:team_memberships_write",
]


@dataclass
class Organization:
    """One organization and the apps in it."""

    sandbox: object
    id: str
    name: str
    people: dict
    emails: dict
    spaces: dict
    app: dict
    bot: dict

    @property
    def base_url(self):
        """As PLATFORMS says the SDK is pointed at an emulator: at what the vendor has below `webexapis.com`."""
        return f"{self.sandbox.webex}/v1/"

    def client(self, token=None, **more):
        """As Ann, who authorized the integration, unless another token is given."""
        token = token or self.app["installs"][0]["access_token"]
        return WebexAPI(token, base_url=self.base_url, **more)

    def as_bot(self):
        return self.client(self.bot["access_token"])

    def act(self, who, do, **more):
        return self.sandbox.act("webex", self.id, who, do, **more)

    def seen(self, space):
        return self.sandbox.view("webex", self.id, space)


def make(sandbox):
    """An organization of three people with two spaces, an integration that Ann authorized, and a bot in `plans`."""
    number = next(NUMBERS)
    domain = f"acme{number}.example"
    emails = {name: f"{name}@{domain}" for name in ("ann", "bob", "cid")}
    made = sandbox.post(
        "/webex/workspaces",
        name=f"Acme {number}",
        people=[
            {"name": "Ann Lee", "email": emails["ann"], "admin": True},
            {"name": "Bob Roy", "email": emails["bob"]},
            {"name": "Cid Orr", "email": emails["cid"]},
        ],
        channels=[
            {"name": "plans", "members": ["Ann Lee", "Bob Roy"]},
            {"name": "news", "members": ["Bob Roy", "Ann Lee"], "locked": True, "announcement": True},
        ],
    )
    workspace = made["id"]
    app = sandbox.post("/webex/apps", name="Bridge", scopes=SCOPES, redirect_urls=[BACK], install=[workspace])
    email = f"helper{number}@webex.bot"
    bot = sandbox.post("/webex/apps", name="Helper", kind="bot", workspace=workspace, email=email)
    organization = Organization(
        sandbox=sandbox,
        id=workspace,
        name=made["name"],
        people={person["name"].split()[0].lower(): person["id"] for person in made["people"]},
        emails={**emails, "bot": email},
        spaces={space["name"]: space["id"] for space in made["channels"]},
        app=app,
        bot=bot,
    )
    organization.act("Ann Lee", "invite", channel="plans", person=email)
    return organization


@pytest.fixture
def webex(sandbox):
    return make(sandbox)
