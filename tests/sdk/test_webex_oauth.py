"""The way from an authorize URL to tokens, and what becomes of them."""

from urllib.parse import parse_qs, urlsplit

import pytest
from webex_organization import BACK, make
from webexpythonsdk import ApiError, WebexAPI

DAY = 24 * 3600 * 1000


def test_a_code_becomes_a_client(webex):
    ask = {"authorize_url": webex.app["authorize_url"], "as": webex.emails["bob"]}
    code = parse_qs(urlsplit(webex.sandbox.post("/webex/consent", **ask)["redirect_to"]).query)["code"][0]
    client = WebexAPI(
        base_url=webex.base_url,
        client_id=webex.app["client_id"],
        client_secret=webex.app["client_secret"],
        oauth_code=code,
        redirect_uri=BACK,
    )
    assert client.people.me().displayName == "Bob Roy"
    with pytest.raises(ApiError):
        client.access_tokens.get(webex.app["client_id"], webex.app["client_secret"], code, BACK)


def test_an_old_token_is_refreshed(own_sandbox):
    webex = make(own_sandbox)
    ann, tokens = webex.client(), webex.app["installs"][0]
    own_sandbox.post("/clock", advance_ms=15 * DAY)
    with pytest.raises(ApiError) as error:
        ann.people.me()
    assert error.value.status_code == 401
    fresh = ann.access_tokens.refresh(webex.app["client_id"], webex.app["client_secret"], tokens["refresh_token"])
    assert (fresh.expires_in, fresh.refresh_token) == (14 * DAY // 1000, tokens["refresh_token"])
    assert webex.client(fresh.access_token).people.me().displayName == "Ann Lee"
    assert webex.as_bot().people.me().displayName == "Helper"
