"""`slack_bolt`: its own verification takes the sandbox's signed events, and refuses a tampered one."""

import json
import re
import threading
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import httpx
import pytest
from conftest import until
from slack_bolt import App, BoltRequest
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk.signature import SignatureVerifier
from slack_workspace import make

SECRET = "fake0123456789abcdef0123456789ab"
EVENTS = [
    "message.channels", "reaction_added", "reaction_removed", "member_joined_channel", "member_left_channel",
    "channel_rename", "file_shared", "app_mention",
]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


class Bridge:
    """A Bolt app behind its own request handler on loopback, and all it was dispatched."""

    def __init__(self, sandbox):
        self.acme = make(sandbox, signing_secret=SECRET)
        self.heard = []
        app = App(client=self.acme.client(), signing_secret=SECRET)

        def hear(event):
            self.heard.append(event)

        for kind in ["message", *EVENTS[1:]]:
            app.event(kind)(hear)
        app.event({"type": "message", "subtype": re.compile(".*")})(hear)
        self.server = make_server("127.0.0.1", 0, SlackRequestHandler(app, path="/slack/events"), Server, Quiet)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/slack/events"
        # Only now: the request URL is verified when it is entered.
        change = {"request_url": self.url, "bot_events": EVENTS}
        self.registered = sandbox.ask("PATCH", f"/slack/apps/{self.acme.app['id']}", json=change)

    def wait(self, **wanted):
        def find():
            found = [event for event in self.heard if all(event.get(key) == value for key, value in wanted.items())]
            return found and found[-1]

        return until(find, f"an event with {wanted}")


@pytest.fixture
def bridge(sandbox):
    bridge = Bridge(sandbox)
    yield bridge
    bridge.server.shutdown()
    bridge.server.server_close()


def test_bolt_answers_the_handshake(bridge):
    assert bridge.registered["events"]["state"] == "verified"


def test_messages_reactions_and_members_are_dispatched(bridge):
    acme = bridge.acme
    ts = acme.act("ann", "post", channel="general", text="hello *bolt*")["ts"]
    event = bridge.wait(type="message", ts=ts)
    assert (event["user"], event["channel"], event["text"]) == (acme.people["ann"], acme.channels["general"], "hello *bolt*")
    assert event["blocks"][0]["type"] == "rich_text"
    acme.act("ann", "edit", channel="general", ts=ts, text="changed")
    changed = bridge.wait(type="message", subtype="message_changed")
    assert changed["message"]["text"] == "changed" and changed["previous_message"]["text"] == "hello *bolt*"
    acme.act("bob", "reply", channel="general", ts=ts, text="under it")
    assert bridge.wait(type="message", text="under it")["thread_ts"] == ts
    acme.act("bob", "react", channel="general", ts=ts, emoji="wave")
    assert bridge.wait(type="reaction_added")["item"] == {"type": "message", "channel": acme.channels["general"], "ts": ts}
    acme.act("bob", "unreact", channel="general", ts=ts, emoji="wave")
    bridge.wait(type="reaction_removed", user=acme.people["bob"])
    acme.act("cid", "leave", channel="general")
    bridge.wait(type="member_left_channel", user=acme.people["cid"])
    acme.act("cid", "join", channel="general")
    bridge.wait(type="member_joined_channel", user=acme.people["cid"])
    acme.act("bob", "upload", channel="general", files=[{"name": "a.txt", "text": "a"}])
    bridge.wait(type="message", subtype="file_share")
    bridge.wait(type="file_shared")
    passing = acme.act("ann", "post", channel="general", text="soon gone")["ts"]
    acme.act("ann", "delete", channel="general", ts=passing)
    bridge.wait(type="message", subtype="message_deleted", deleted_ts=passing)
    # What has replies stays, as a tombstone.
    bridge.heard.clear()
    acme.act("ann", "delete", channel="general", ts=ts)
    assert bridge.wait(type="message", subtype="message_changed")["message"]["subtype"] == "tombstone"


def test_an_event_with_a_changed_body_is_refused(bridge):
    body = b'{"type":"event_callback","event":{"type":"message","text":"forged"}}'
    headers = {"content-type": "application/json", "x-slack-request-timestamp": "1", "x-slack-signature": "v0=00"}
    assert httpx.post(bridge.url, content=body, headers=headers, trust_env=False).status_code == 401


def test_a_real_event_is_verified_and_no_longer_after_a_byte_is_changed(sandbox, receive):
    got = []

    def answer(path, headers, body):
        got.append((dict((name.lower(), value) for name, value in headers.items()), body))
        challenge = json.loads(body).get("challenge", "")
        return 200, "text/plain", challenge.encode()

    acme = make(sandbox, signing_secret=SECRET, request_url=receive(answer), bot_events=EVENTS)
    acme.act("ann", "post", channel="general", text="true words")
    headers, body = until(lambda: [g for g in got if b"true words" in g[1]], "the event")[0]
    app = App(client=acme.client(), signing_secret=SECRET)
    heard = []
    app.event("message")(lambda event: heard.append(event["text"]))
    assert app.dispatch(BoltRequest(body=body.decode(), headers=headers)).status == 200
    until(lambda: heard == ["true words"], "the event is dispatched")
    changed = body.replace(b"true words", b"false word")
    assert app.dispatch(BoltRequest(body=changed.decode(), headers=headers)).status == 401
    verifier = SignatureVerifier(SECRET)
    assert verifier.is_valid_request(body, headers) and not verifier.is_valid_request(changed, headers)
