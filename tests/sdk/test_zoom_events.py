"""Event subscriptions: validation, signatures and retries, checked as the vendor's page *Using webhooks* shows."""

import hmac
import json
from hashlib import sha256

from conftest import until
from zoom_account import SECRET, make


def sign(text):
    return hmac.new(SECRET.encode(), text, sha256).hexdigest()


class Receiver:
    """Answers challenges, keeps events that are signed, and says `statuses` to them, then 200."""

    def __init__(self, *statuses):
        self.events, self.challenges, self.statuses = [], 0, list(statuses)

    def __call__(self, path, headers, body):
        stamp = headers["x-zm-request-timestamp"]
        assert headers["x-zm-signature"] == f"v0={sign(f'v0:{stamp}:'.encode() + body)}"
        event = json.loads(body)
        if event["event"] == "endpoint.url_validation":
            self.challenges += 1
            plain = event["payload"]["plainToken"]
            answer = {"plainToken": plain, "encryptedToken": sign(plain.encode())}
            return 200, "application/json", json.dumps(answer).encode()
        self.events.append(event)
        return (self.statuses.pop(0) if self.statuses else 200), "text/plain", b""


POSTED = "team_chat.channel_message_posted"


def test_a_message_is_told_of(sandbox, receive):
    receiver = Receiver()
    account = make(sandbox, events=[POSTED], event_url=receive(receiver))
    assert account.app["events"]["state"] == "validated" and receiver.challenges == 1
    account.act("Bob Roy", "post", channel="plans", text="hello *there*, @Ann Lee")
    sandbox.idle()
    [event] = receiver.events
    said = event["payload"]["object"]
    assert (event["event"], said["message"], event["payload"]["operator"]) == (
        POSTED, "hello there, @Ann Lee", "bob@acme.example",
    )
    ranges = [(item["start_position"], item["end_position"]) for item in said["rich_text"] + said["at_items"]]
    assert [said["message"][start:end] for start, end in ranges] == ["there", "@Ann Lee"]


def test_only_server_errors_are_tried_again(own_sandbox, receive):
    receiver = Receiver(503, 200, 404)
    account = make(own_sandbox, events=[POSTED], event_url=receive(receiver))
    account.act("Bob Roy", "post", channel="plans", text="once more")
    own_sandbox.idle()
    own_sandbox.post("/clock", advance_ms=299_000)
    assert len(receiver.events) == 1
    own_sandbox.post("/clock", advance_ms=1_000)
    until(lambda: len(receiver.events) == 2, "the retry after five minutes")
    assert receiver.events[0] == receiver.events[1]
    account.act("Bob Roy", "post", channel="plans", text="lost")
    own_sandbox.idle()
    own_sandbox.post("/clock", advance_ms=5_400_000)
    own_sandbox.idle()
    assert len(receiver.events) == 3


def test_the_url_is_asked_again_every_three_days(own_sandbox, receive):
    receiver = Receiver()
    make(own_sandbox, events=[POSTED], event_url=receive(receiver))
    own_sandbox.post("/clock", advance_ms=72 * 3_600_000)
    until(lambda: receiver.challenges == 2, "the revalidation")


def test_a_wrong_answer_is_no_validation(sandbox, receive):
    account = make(sandbox, events=[POSTED], event_url=receive(lambda *_: (200, "application/json", b"{}")))
    assert account.app["events"]["state"] == "failed"
