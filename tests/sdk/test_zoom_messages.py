"""Messages: sent with formatting and mentions, read back, edited, answered, reacted to, deleted."""


def test_a_message_lives(zoom):
    ann, plans = zoom.client(), zoom.channels["plans"]
    message = "👍 @Bob Roy, read this"
    sent = ann.post("chat/users/me/messages", json={
        "message": message,
        "to_channel": plans,
        "rich_text": [
            {"start_position": 13, "end_position": 17, "format_type": "Bold"},
            {"start_position": 18, "end_position": 22, "format_type": "AddLink", "format_attr": "https://x.example"},
        ],
        "at_items": [{"at_type": 1, "at_contact": "bob@acme.example", "start_position": 3, "end_position": 10}],
    })
    assert sent.status_code == 201
    id = sent.json()["id"]
    bob = zoom.people["bob"]
    assert zoom.seen("plans")[-1]["html"] == (
        f'<p>👍 <span class="mention" data-account="{bob}">@Bob Roy</span>, <strong>read</strong> '
        '<a href="https://x.example">this</a></p>'
    )
    path, where = f"chat/users/me/messages/{id}", {"to_channel": plans}
    read = ann.get(path, params=where).json()
    assert (read["message"], read["sender"]) == (message, "ann@acme.example")
    assert ann.patch(f"{path}/emoji_reactions", json={"action": "add", "emoji": "U+1F389", **where}).status_code == 204
    reply = {"message": "done", "reply_main_message_id": id, **where}
    ann.post(f"chat/users/{bob}/messages", json=reply)
    root, answer = zoom.seen("plans")[-2:]
    assert root["reactions"] == [{"emoji": "🎉", "by": [zoom.people["ann"]]}]
    assert (answer["thread"], answer["author"]["account"]) == (id.upper(), bob)
    thread = ann.get(f"{path}/thread", params={"from": "2020-05-01T19:13:02Z", **where}).json()
    assert (thread["total"], [entry["message"] for entry in thread["messages"]]) == (1, [message, "done"])
    assert ann.put(path, json={"message": "never mind", **where}).status_code == 204
    assert zoom.seen("plans")[-2]["html"] == "<p>never mind</p>"
    assert ann.delete(path, params=where).status_code == 204
    assert zoom.seen("plans")[-2]["deleted"]


def test_a_direct_message_arrives(zoom):
    ann = zoom.client()
    ann.post("chat/users/me/messages", json={"message": "psst", "to_contact": "bob@acme.example"})
    zoom.act("Bob Roy", "post", to="Ann Lee", text="*what?*")
    listed = ann.get("chat/users/me/messages", params={"to_contact": zoom.people["bob"]}).json()["messages"]
    assert [message["message"] for message in listed] == ["what?", "psst"]
    assert listed[0]["rich_text"] == [{"start_position": 0, "end_position": 5, "format_type": "Bold"}]


def test_history_is_read_page_by_page(zoom):
    for number in range(7):
        zoom.act("Bob Roy", "post", channel="plans", text=f"m{number}")
    ann, texts = zoom.client(), []
    query = {"to_channel": zoom.channels["plans"], "page_size": 3, "next_page_token": ""}
    while True:
        page = ann.get("chat/users/me/messages", params=query).json()
        texts += [message["message"] for message in page["messages"]]
        query["next_page_token"] = page["next_page_token"]
        if not page["next_page_token"]:
            break
    assert texts == [f"m{number}" for number in reversed(range(7))]


def test_too_long_is_refused(zoom):
    body = {"to_channel": zoom.channels["plans"]}
    fits = zoom.client().post("chat/users/me/messages", json={"message": "x" * 1024, **body})
    refused = zoom.client().post("chat/users/me/messages", json={"message": "x" * 1025, **body})
    assert fits.status_code == 201
    assert (refused.status_code, refused.json()["message"]) == (400, "Validation Failed.")
