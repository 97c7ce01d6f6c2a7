"""`msgraph-sdk`: its retry middleware waits as the emulator's 429 tells."""

import time

from msgraph.generated.models.chat_message import ChatMessage
from msgraph.generated.models.item_body import ItemBody
from teams_tenant import make


async def test_the_sdk_waits_as_long_as_it_is_told(own_sandbox):
    contoso = make(own_sandbox)
    messages = contoso.plans(contoso.client("Ann Lee")).messages
    start = time.monotonic()
    for number in range(6):
        await messages.post(ChatMessage(body=ItemBody(content=str(number))))
    calls = own_sandbox.calls("teams", "POST /teams/{id}/channels/{id}/messages")
    assert time.monotonic() - start >= 1, "one a second and channel"
    assert "429" in str(calls)
    assert [message["text"] for message in contoso.seen()] == [str(number) for number in range(6)]


async def test_a_server_error_is_tried_again(own_sandbox):
    contoso = make(own_sandbox)
    fault = {"platform": "teams", "target": "api", "method": "GET /me", "kind": "status", "code": 503}
    own_sandbox.post("/faults", **fault, retry_after=1, times=1)
    assert (await contoso.client("Ann Lee").me.get()).display_name == "Ann Lee"
