"""Webhooks: made, told, signed, revived; and the SDK's own reading of what is delivered."""

import hashlib
import hmac
import threading

from conftest import until
from webexpythonsdk import WebhookEvent
from webexpythonsdk.models.cards import AdaptiveCard, TextBlock
from webexpythonsdk.models.cards.actions import Submit

SECRET = "fake-webhook-secret"


class Target:
    """Takes webhooks as the SDK's examples do."""

    def __init__(self, receive, status=200):
        self.lock, self.status, self.heard, self.signed = threading.Lock(), status, [], []
        self.url = receive(self.answer)

    def answer(self, path, headers, body):
        expected = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
        with self.lock:
            self.heard.append(WebhookEvent(body.decode()))
            self.signed.append(headers.get("X-Spark-Signature") == expected)
        return self.status, "text/plain", b""


def test_events_name_what_happened(webex, receive):
    ann, target = webex.client(), Target(receive)
    ann.webhooks.create("all", target.url, "all", "all", secret=SECRET)
    typed = webex.act("Bob Roy", "post", channel="plans", text="secret words")
    webex.act("Bob Roy", "edit", id=typed["id"], text="other words")
    webex.act("Ann Lee", "invite", channel="plans", person="Cid Orr")
    webex.sandbox.idle()
    events = [(event.resource, event.event) for event in target.heard]
    assert events == [("messages", "created"), ("messages", "updated"), ("memberships", "created")]
    assert all(target.signed)
    first = target.heard[0]
    assert (first.actorId, first.data.id, first.data.roomId) == (webex.people["bob"], typed["id"], webex.spaces["plans"])
    assert "text" not in first.data.to_dict()
    assert ann.messages.get(first.data.id).text == "other words"


def test_a_webhook_that_fails_too_often_is_revived(webex, receive):
    ann, target = webex.client(), Target(receive, status=500)
    hook = ann.webhooks.create("edits", target.url, "messages", "created", filter=f"roomId={webex.spaces['plans']}")
    for _ in range(100):
        webex.act("Bob Roy", "post", channel="plans", text="x")
    webex.sandbox.idle()
    assert ann.webhooks.get(hook.id).status == "inactive"
    target.status = 200
    ann.webhooks.update(hook.id, name=hook.name, targetUrl=hook.targetUrl, status="active")
    webex.act("Bob Roy", "post", channel="plans", text="heard")
    until(lambda: len(target.heard) == 101, "the hundred and first event")
    assert [one.id for one in ann.webhooks.list()] == [hook.id]
    ann.webhooks.delete(hook.id)
    assert list(ann.webhooks.list()) == []


def test_a_button_is_pressed(webex, receive):
    bot, target = webex.as_bot(), Target(receive)
    bot.webhooks.create("buttons", target.url, "attachmentActions", "created", secret=SECRET)
    card = AdaptiveCard(body=[TextBlock("Really?")], actions=[Submit(title="Yes")])
    sent = bot.messages.create(webex.spaces["plans"], text="Really?", attachments=[card])
    webex.act("Bob Roy", "press", id=sent.id, inputs={"answer": "yes"})
    event = until(lambda: target.heard and target.heard[0], "the press")
    action = bot.attachment_actions.get(event.data.id)
    assert (action.messageId, action.personId, action.inputs) == (sent.id, webex.people["bob"], {"answer": "yes"})
