"""Messages: written in Markdown, read back, edited, answered, deleted; one at a time, page by page, and as a bot."""

import pytest
from webexpythonsdk import ApiError


def refused(status, call, *args, **more):
    with pytest.raises(ApiError) as error:
        call(*args, **more)
    assert error.value.status_code == status
    assert error.value.details["trackingId"]
    return error.value.details["message"]


def test_a_message_lives(webex):
    ann, plans = webex.client(), webex.spaces["plans"]
    sent = ann.messages.create(plans, markdown=f"**read** this, <@personEmail:{webex.emails['bob']}>")
    bob = webex.people["bob"]
    assert (sent.text, sent.mentionedPeople) == ("read this, Bob Roy", [bob])
    assert webex.seen("plans")[-1]["html"] == (
        f'<p><strong>read</strong> this, <span class="mention" data-account="{bob}">@Bob Roy</span></p>'
    )
    assert ann.messages.get(sent.id).html == sent.html
    reply = ann.messages.create(plans, text="done", parentId=sent.id)
    refused(400, ann.messages.create, plans, text="deeper", parentId=reply.id)
    assert [message.text for message in ann.messages.list(plans, parentId=sent.id)] == ["done"]
    edited = ann.messages.update(sent.id, roomId=plans, markdown="*never mind*")
    assert (edited.id, edited.text) == (sent.id, "never mind")
    assert webex.seen("plans")[-2]["edited"]
    ann.messages.delete(sent.id)
    refused(404, ann.messages.get, sent.id)
    root, answer = webex.seen("plans")[-2:]
    assert (root["deleted"], answer["thread"]) == (True, sent.id)


def test_what_people_write_is_html(webex):
    typed = webex.act("Bob Roy", "post", channel="plans", text="`x` and **y**")
    read = webex.client().messages.get(typed["id"])
    assert (read.text, read.html) == ("x and y", "<p><code>x</code> and <strong>y</strong></p>")
    assert "markdown" not in read.to_dict()


def test_ten_edits_are_allowed(webex):
    ann, plans = webex.client(), webex.spaces["plans"]
    sent = ann.messages.create(plans, text="0")
    for number in range(10):
        ann.messages.update(sent.id, roomId=plans, text=str(number))
    assert "edit limit" in refused(400, ann.messages.update, sent.id, roomId=plans, text="eleven")


def test_too_long_a_message_is_refused(webex):
    ann, plans = webex.client(), webex.spaces["plans"]
    ann.messages.create(plans, markdown="é" * 3719)
    refused(400, ann.messages.create, plans, markdown="é" * 3720)


def test_history_is_read_page_by_page(webex):
    for number in range(7):
        webex.act("Bob Roy", "post", channel="plans", text=f"m{number}")
    texts = [message.text for message in webex.client().messages.list(webex.spaces["plans"], max=3)]
    assert texts == [f"m{number}" for number in reversed(range(7))]


def test_direct_messages_need_no_space(webex):
    ann = webex.client()
    sent = ann.messages.create(toPersonEmail=webex.emails["bob"], text="psst")
    assert sent.roomType == "direct"
    webex.act("Bob Roy", "post", to="Ann Lee", text="what?")
    assert [message.text for message in ann.messages.list_direct(personId=webex.people["bob"])] == ["what?", "psst"]


def test_a_bot_sees_what_mentions_it(webex):
    bot, plans = webex.as_bot(), webex.spaces["plans"]
    quiet = webex.act("Bob Roy", "post", channel="plans", text="not for bots")
    loud = webex.act("Bob Roy", "post", channel="plans", text=f"<@personEmail:{webex.emails['bot']}> hi")
    refused(404, bot.messages.get, quiet["id"])
    assert bot.messages.get(loud["id"]).text == "Helper hi"
    refused(403, lambda: list(bot.messages.list(plans)))
    assert [message.id for message in bot.messages.list(plans, mentionedPeople="me")] == [loud["id"]]
