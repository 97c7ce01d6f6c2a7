"""Files: sent at once, uploaded for a message, downloaded."""

import hashlib

import httpx


def test_a_file_is_sent_and_downloaded(zoom):
    ann, plans = zoom.client(), zoom.channels["plans"]
    content = b"fake content " * 1000
    sent = ann.post(
        "chat/users/me/messages/files",
        files={"files": ("Plan für Bob.txt", content)},
        data={"to_channel": plans},
    )
    assert sent.status_code == 201
    seen = zoom.seen("plans")[-1]["files"]
    assert [(file["name"], file["size"]) for file in seen] == [("Plan für Bob.txt", len(content))]
    message = ann.get(f"chat/users/me/messages/{sent.json()['id']}", params={"to_channel": plans}).json()
    info = ann.get(f"chat/files/{message['file_id']}").json()
    assert info["digest"] == hashlib.sha256(content).hexdigest() == seen[0]["sha256"]
    assert httpx.get(message["download_url"], trust_env=False).content == content


def test_uploaded_files_go_with_a_text(zoom):
    ann, ids = zoom.client(), []
    for name in ("a.png", "b.pdf"):
        uploaded = ann.post(
            "chat/users/me/files", params={"postToPersonalChat": "false"}, files={"file": (name, b"x")}
        )
        ids.append(uploaded.json()["id"])
    body = {"message": "both", "to_channel": zoom.channels["plans"], "file_ids": ids}
    assert ann.post("chat/users/me/messages", json=body).status_code == 201
    seen = zoom.seen("plans")[-1]
    assert (seen["text"], [file["name"] for file in seen["files"]]) == ("both", ["a.png", "b.pdf"])


def test_what_people_attach_is_downloaded(zoom):
    zoom.act("Bob Roy", "upload", channel="plans", files=[{"name": "big.bin", "random_bytes": 300_000, "seed": 5}])
    listed = zoom.client().get("chat/users/me/messages", params={"to_channel": zoom.channels["plans"]}).json()
    file = listed["messages"][0]
    got = httpx.get(file["download_url"], trust_env=False).content
    [seen] = zoom.seen("plans")[-1]["files"]
    assert (file["file_size"], hashlib.sha256(got).hexdigest()) == (300_000, seen["sha256"])
