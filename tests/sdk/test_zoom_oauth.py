"""Authorization code with PKCE and rotation, and Server-to-Server, as the vendor's page *OAuth 2.0* shows them."""

import hashlib
from base64 import urlsafe_b64encode
from urllib.parse import parse_qs, urlencode, urlparse

from zoom_account import BACK, make


def consent(account, who, **more):
    """What the person's browser brings back to the redirect address."""
    query = {"response_type": "code", "client_id": account.app["client_id"], "redirect_uri": BACK, "state": "s1"}
    query.update(more)
    ask = {"authorize_url": f"{account.sandbox.zoom}/oauth/authorize?{urlencode(query)}", "as": who}
    back = urlparse(account.sandbox.post("/zoom/consent", **ask, workspace=account.id)["redirect_to"])
    return {name: values[0] for name, values in parse_qs(back.query).items()}


def test_a_person_adds_an_app(sandbox):
    account = make(sandbox, kind="user", scopes=["user:read:user", "team_chat:write:user_message"], install=[])
    verifier = "fake-verifier-0123456789-0123456789-0123456789"
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    back = consent(account, "Bob Roy", code_challenge=challenge, code_challenge_method="S256")
    assert back["state"] == "s1"
    form = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": BACK}
    assert account.token(**form, code_verifier="another").json()["error"] == "invalid_request"
    granted = account.token(**form, code_verifier=verifier).json()
    assert granted["token_type"] == "bearer" and granted["expires_in"] == 3599
    assert set(granted["scope"].split()) == {"user:read:user", "team_chat:write:user_message"}
    bob = account.client(granted["access_token"])
    assert bob.get("users/me").json()["id"] == account.people["bob"]
    bob.post("chat/users/me/messages", json={"message": "as myself", "to_channel": account.channels["plans"]})
    assert account.seen("plans")[-1]["author"]["account"] == account.people["bob"]
    rotated = account.token(grant_type="refresh_token", refresh_token=granted["refresh_token"]).json()
    assert rotated["refresh_token"] != granted["refresh_token"]
    again = account.token(grant_type="refresh_token", refresh_token=granted["refresh_token"])
    assert (again.status_code, again.json()["reason"]) == (401, "Invalid Token!")


def test_a_server_acts_for_the_account(sandbox):
    account = make(sandbox, kind="server", scopes=["team_chat:write:user_message:admin"])
    granted = account.token(grant_type="account_credentials", account_id=account.id).json()
    assert "refresh_token" not in granted
    server = account.client(granted["access_token"])
    body = {"message": "as Cid", "to_channel": account.channels["general"]}
    assert server.post(f"chat/users/{account.people['cid']}/messages", json=body).status_code == 201
    assert account.seen("general")[-1]["author"]["name"] == "Cid Orr"
    refused = server.get("users/me")
    assert (refused.status_code, refused.json()["code"]) == (400, 4711)


def test_a_token_expires_and_ends_with_the_app(own_sandbox):
    account = make(own_sandbox)
    ann = account.client()
    assert ann.get("users/me").status_code == 200
    own_sandbox.post("/clock", advance_ms=3_600_000)
    expired = ann.get("users/me")
    assert (expired.status_code, expired.json()) == (401, {"code": 124, "message": "Access token is expired."})
    refresh = account.app["installs"][0]["refresh_token"]
    granted = account.token(grant_type="refresh_token", refresh_token=refresh).json()
    assert account.client(granted["access_token"]).get("users/me").status_code == 200
    own_sandbox.post(f"/zoom/apps/{account.app['id']}/uninstall", workspace=account.id)
    assert account.client(granted["access_token"]).get("users/me").status_code == 401
    gone = account.token(grant_type="refresh_token", refresh_token=granted["refresh_token"])
    assert gone.status_code == 401
