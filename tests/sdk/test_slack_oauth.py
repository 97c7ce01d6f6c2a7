"""`slack_sdk.oauth`: state, consent, code, token rotation."""

from urllib.parse import parse_qs, urlparse

import pytest
from slack_sdk.errors import SlackApiError, SlackTokenRotationError
from slack_sdk.oauth import AuthorizeUrlGenerator
from slack_sdk.oauth.installation_store import FileInstallationStore, Installation
from slack_sdk.oauth.state_store import FileOAuthStateStore
from slack_sdk.oauth.token_rotation import TokenRotator
from slack_workspace import make

BACK = "http://127.0.0.1:9/back"


def consent(acme, state, who="ann", approve=True, scopes=("chat:write", "channels:read"), user_scopes=("chat:write",)):
    """What the person's browser brings back to the redirect address."""
    urls = AuthorizeUrlGenerator(
        client_id=acme.app["client_id"],
        redirect_uri=BACK,
        scopes=scopes,
        user_scopes=user_scopes,
        authorization_url=f"{acme.sandbox.slack}/oauth/v2/authorize",
    )
    ask = {"authorize_url": urls.generate(state, team=acme.id), "as": who, "approve": approve}
    back = urlparse(acme.sandbox.post("/slack/consent", **ask)["redirect_to"])
    return {name: values[0] for name, values in parse_qs(back.query).items()}


def exchange(acme, code, **more):
    return acme.client().oauth_v2_access(
        client_id=acme.app["client_id"],
        client_secret=acme.app["client_secret"],
        code=code,
        redirect_uri=BACK,
        **more,
    )


def app(**more):
    return {"redirect_urls": [BACK], "user_scopes": ["chat:write"], "install": [], **more}


def test_install_by_oauth(sandbox, tmp_path):
    acme = make(sandbox, **app())
    states = FileOAuthStateStore(expiration_seconds=60, base_dir=str(tmp_path))
    back = consent(acme, states.issue())
    assert states.consume(back["state"]) and not states.consume(back["state"])
    granted = exchange(acme, back["code"])
    assert granted["token_type"] == "bot" and granted["access_token"].startswith("xoxb-")
    assert granted["team"] == {"id": acme.id, "name": acme.name}
    assert granted["authed_user"]["id"] == acme.people["ann"]
    assert set(granted["scope"].split(",")) == {"chat:write", "channels:read"}
    assert acme.client(granted["access_token"]).auth_test()["user_id"] == granted["bot_user_id"]
    person = acme.client(granted["authed_user"]["access_token"])
    assert person.auth_test()["user_id"] == acme.people["ann"]
    person.chat_postMessage(channel=acme.channels["general"], text="as myself")
    assert acme.seen("general")[-1]["author"]["account"] == acme.people["ann"]
    with pytest.raises(SlackApiError) as refused:
        exchange(acme, back["code"])
    assert refused.value.response["error"] in ("invalid_code", "code_already_used")


def test_refused_consent_and_wrong_secrets(sandbox):
    acme = make(sandbox, **app())
    denied = consent(acme, "s", approve=False)
    assert denied["error"] == "access_denied" and "code" not in denied
    code = consent(acme, "s")["code"]
    for code_error, given in (
        ("bad_client_secret", {"client_secret": "fake", "client_id": acme.app["client_id"], "code": code}),
        ("invalid_client_id", {"client_secret": "fake", "client_id": "1.2", "code": code}),
        (
            "bad_redirect_uri",
            {
                "client_secret": acme.app["client_secret"],
                "client_id": acme.app["client_id"],
                "code": code,
                "redirect_uri": "http://127.0.0.1:9/elsewhere",
            },
        ),
    ):
        with pytest.raises(SlackApiError) as refused:
            acme.client().oauth_v2_access(**given)
        assert refused.value.response["error"] == code_error


def test_tokens_rotate_and_a_refresh_token_works_once(own_sandbox, tmp_path):
    acme = make(own_sandbox, **app(token_rotation=True))
    granted = exchange(acme, consent(acme, "s")["code"])
    assert granted["expires_in"] == 43_200 and granted["access_token"].startswith("xoxe.xoxb-")
    user = granted["authed_user"]
    installation = Installation(
        app_id=granted["app_id"],
        team_id=acme.id,
        bot_token=granted["access_token"],
        bot_id="B0",
        bot_user_id=granted["bot_user_id"],
        bot_refresh_token=granted["refresh_token"],
        bot_token_expires_in=granted["expires_in"],
        user_id=user["id"],
        user_token=user["access_token"],
        user_refresh_token=user["refresh_token"],
        user_token_expires_in=user["expires_in"],
    )
    store = FileInstallationStore(base_dir=str(tmp_path), client_id=acme.app["client_id"])
    store.save(installation)
    kept = store.find_installation(enterprise_id=None, team_id=acme.id)
    rotator = TokenRotator(
        client_id=acme.app["client_id"], client_secret=acme.app["client_secret"], client=acme.client("xoxb-fake")
    )
    assert rotator.perform_token_rotation(installation=kept) is None, "nothing to do yet"
    day = 24 * 60
    fresh = rotator.perform_token_rotation(installation=kept, minutes_before_expiration=day)
    assert fresh.bot_token != kept.bot_token and fresh.user_token != kept.user_token
    assert acme.client(fresh.bot_token).auth_test()["team_id"] == acme.id
    with pytest.raises(SlackTokenRotationError) as refused:
        rotator.perform_token_rotation(installation=kept, minutes_before_expiration=day)
    assert refused.value.api_error.response["error"] == "invalid_refresh_token"
    own_sandbox.post("/clock", advance_ms=43_201_000)
    with pytest.raises(SlackApiError) as expired:
        acme.client(fresh.bot_token).auth_test()
    assert expired.value.response["error"] == "token_expired"
    again = rotator.perform_token_rotation(installation=fresh, minutes_before_expiration=day)
    assert acme.client(again.bot_token).auth_test()["team_id"] == acme.id
