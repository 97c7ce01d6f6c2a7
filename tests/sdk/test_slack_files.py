"""`slack_sdk`: files by the external-upload flow, and their download with the token."""

import hashlib
import random

import httpx
from conftest import until


def shared(acme, client, file):
    """Sharing is asynchronous: the file's message is known once `files.info` has a share."""

    def look():
        shares = client.files_info(file=file)["file"]["shares"]
        return shares.get("public", {}).get(acme.channels["general"])

    return until(look, "the file is shared")[0]["ts"]


def test_several_files_in_one_message(acme):
    client = acme.client()
    image = random.Random(1).randbytes(200_000)
    done = client.files_upload_v2(
        channel=acme.channels["general"],
        initial_comment="two files",
        file_uploads=[
            {"filename": "notes.txt", "title": "Notes", "content": "line one\nline two ✓"},
            {"filename": "photo.png", "title": "Photo", "file": image},
        ],
    )
    assert [file["title"] for file in done["files"]] == ["Notes", "Photo"]
    ts = shared(acme, client, done["files"][1]["id"])
    message = client.conversations_history(channel=acme.channels["general"], limit=1)["messages"][0]
    assert (message["ts"], message["text"]) == (ts, "two files")
    assert [(file["name"], file["mimetype"]) for file in message["files"]] == [
        ("notes.txt", "text/plain"),
        ("photo.png", "image/png"),
    ]
    seen = acme.seen("general")[-1]["files"]
    assert [file["sha256"] for file in seen] == [
        hashlib.sha256("line one\nline two ✓".encode()).hexdigest(),
        hashlib.sha256(image).hexdigest(),
    ]


def test_a_file_in_a_thread(acme):
    client = acme.client()
    root = acme.act("ann", "post", channel="general", text="root")["ts"]
    done = client.files_upload_v2(
        channel=acme.channels["general"], thread_ts=root, filename="a.csv", content="a,b\n1,2\n", title="Table"
    )
    ts = shared(acme, client, done["file"]["id"])
    replies = client.conversations_replies(channel=acme.channels["general"], ts=root)["messages"]
    assert [message["ts"] for message in replies] == [root, ts]


def test_a_persons_file_is_downloaded_with_the_token_only(acme):
    client = acme.client()
    posted = acme.act("bob", "upload", channel="general", text="look", files=[{"name": "b.bin", "random_bytes": 300_000}])
    file = client.files_info(file=posted["files"][0])["file"]
    assert (file["name"], file["size"], file["user"]) == ("b.bin", 300_000, acme.people["bob"])
    bearer = {"authorization": f"Bearer {acme.token}"}
    content = httpx.get(file["url_private"], headers=bearer, trust_env=False)
    assert hashlib.sha256(content.content).hexdigest() == acme.seen("general")[-1]["files"][0]["sha256"]
    # Slack answers with its sign-in page, not with an error.
    refused = httpx.get(file["url_private"], trust_env=False, follow_redirects=True)
    assert refused.headers["content-type"].startswith("text/html")
    client.files_delete(file=client.files_upload_v2(filename="c.txt", content="c")["file"]["id"])
