"""The SDK's own waiting when calls are too many."""

import warnings

from webex_organization import make


def test_a_refused_call_is_made_again_after_the_time_given(own_sandbox):
    webex = make(own_sandbox)
    rule = {"platform": "webex", "target": "api", "method": "POST /messages", "kind": "status", "code": 429}
    own_sandbox.post("/faults", **rule, retry_after=1, times=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sent = webex.client(wait_on_rate_limit=True).messages.create(webex.spaces["plans"], text="in the end")
    assert sent.text == "in the end"
    calls = own_sandbox.calls("webex", "POST /messages")["calls"]
    assert [call["status"] for call in calls] == [429, 200]
