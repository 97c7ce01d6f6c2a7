"""Files: from the disk and from an address, and downloads that wait for the scan."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx


def download(webex, url):
    token = webex.app["installs"][0]["access_token"]
    return httpx.get(url, headers={"Authorization": f"Bearer {token}"}, trust_env=False)


def test_a_file_is_sent_from_the_disk(webex, tmp_path):
    path = tmp_path / "plan.txt"
    path.write_text("the plan")
    sent = webex.client().messages.create(webex.spaces["plans"], markdown="**look**", files=[str(path)])
    got = download(webex, sent.files[0])
    assert got.headers["content-disposition"] == 'attachment; filename="plan.txt"'
    assert (got.headers["content-type"], got.text) == ("text/plain", "the plan")
    seen = webex.seen("plans")[-1]
    assert (seen["text"], seen["files"][0]["name"]) == ("look", "plan.txt")


def test_a_file_is_fetched_from_its_address(webex):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "image/png")
            self.end_headers()
            self.wfile.write(b"picture")

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/pictures/cat.png"
    sent = webex.client().messages.create(webex.spaces["plans"], files=[url])
    server.shutdown()
    server.server_close()
    got = download(webex, sent.files[0])
    assert (got.headers["content-type"], got.content) == ("image/png", b"picture")


def test_a_download_waits_for_the_scan(webex):
    file = {"name": "a.txt", "text": "x"}
    for flags, status in (({"scan_seconds": 60}, 423), ({"infected": True}, 410), ({"unscannable": True}, 428)):
        typed = webex.act("Bob Roy", "post", channel="plans", files=[file], **flags)
        url = webex.client().messages.get(typed["id"]).files[0]
        got = download(webex, url)
        assert got.status_code == status
        assert ("retry-after" in got.headers) == (status == 423)
        assert got.json()["trackingId"]
    assert download(webex, f"{url}?allow=unscannable").text == "x"
