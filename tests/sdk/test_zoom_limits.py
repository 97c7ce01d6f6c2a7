"""Rate limits of the account, of a channel, and what faults make of a call."""

import httpx
import pytest
from zoom_account import make


def test_a_second_has_so_many_calls(own_sandbox):
    account = make(own_sandbox, plan="pro")
    ann = account.client()
    answers = [ann.get("users/me") for _ in range(31)]
    refused = answers[-1]
    assert {answer.status_code for answer in answers[:-1]} == {200}
    assert (refused.status_code, refused.headers["x-ratelimit-type"]) == (429, "QPS")
    assert "retry-after" not in refused.headers
    own_sandbox.post("/clock", advance_ms=1000)
    assert ann.get("users/me").status_code == 200


def test_a_channel_is_blocked_after_ten_messages_in_a_second(own_sandbox):
    account = make(own_sandbox)
    ann, body = account.client(), {"message": "x", "to_channel": account.channels["plans"]}
    statuses = [ann.post("chat/users/me/messages", json=body).status_code for _ in range(11)]
    assert statuses == [201] * 10 + [429]
    own_sandbox.post("/clock", advance_ms=10_000)
    assert ann.post("chat/users/me/messages", json=body).status_code == 201


def test_faults_strike(own_sandbox):
    account = make(own_sandbox)
    ann, body = account.client(), {"message": "x", "to_channel": account.channels["plans"]}
    rule = {"platform": "zoom", "target": "api", "method": "POST /chat/*/messages", "times": 1}
    own_sandbox.post("/faults", **rule, kind="lose_answer")
    with pytest.raises(httpx.RemoteProtocolError):
        ann.post("chat/users/me/messages", json=body)
    assert len(account.seen("plans")) == 1
    own_sandbox.post("/faults", **rule, kind="special", name="block_channel")
    assert ann.post("chat/users/me/messages", json=body).status_code == 429
    own_sandbox.post("/clock", advance_ms=300_000)
    assert ann.post("chat/users/me/messages", json=body).status_code == 201
