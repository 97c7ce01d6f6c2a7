"""`slack_sdk`: what its retry handlers make of the emulator's limits and faults."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler, ServerErrorRetryHandler
from slack_workspace import make


def test_the_sdk_waits_as_long_as_it_is_told(own_sandbox):
    acme = make(own_sandbox)
    general = acme.channels["general"]
    plain = acme.client(retry_handlers=[])
    with pytest.raises(SlackApiError) as refused:
        for number in range(20):
            plain.chat_postMessage(channel=general, text=str(number))
    response = refused.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    assert int(response.headers["retry-after"]) == 1
    plain.chat_postMessage(channel=acme.channels["plans"], text="another channel has a limit of its own")
    patient = acme.client(retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=3)])
    for number in range(2):
        patient.chat_postMessage(channel=general, text=f"patient {number}")
    assert [message["text"] for message in acme.seen("general")[-2:]] == ["patient 0", "patient 1"]


def test_a_minutes_limit_passes_with_the_emulated_minute(own_sandbox):
    acme = make(own_sandbox)
    plain = acme.client(retry_handlers=[])
    with pytest.raises(SlackApiError) as refused:
        for _ in range(25):
            plain.users_list(limit=1)
    wait = int(refused.value.response.headers["retry-after"])
    assert refused.value.response["error"] == "ratelimited" and 1 <= wait <= 60
    own_sandbox.post("/clock", advance_ms=wait * 1000)
    assert plain.users_list(limit=1)["ok"]
    # The same for a client that waits by itself, on a clock that runs sixty times as fast.
    own_sandbox.post("/clock", speed=60)
    patient = acme.client(retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=3)])
    fault = {"platform": "slack", "target": "api", "method": "users.list", "kind": "status", "code": 429}
    own_sandbox.post("/faults", **fault, retry_after=1, times=1)
    assert patient.users_list(limit=1)["ok"]


def test_a_server_error_is_tried_again(own_sandbox):
    acme = make(own_sandbox)
    fault = {"platform": "slack", "target": "api", "method": "chat.*", "kind": "status", "code": 503, "times": 1}
    own_sandbox.post("/faults", **fault)
    patient = acme.client(retry_handlers=[ServerErrorRetryHandler(max_retry_count=2)])
    assert patient.chat_postMessage(channel=acme.channels["general"], text="in the end")["ok"]
