"""The sandbox as a process of its own, and a client of its control API.

Nothing here knows how the sandbox is built: it is started as a user would start it, and only its printed addresses,
its control API and the vendors' SDKs are used.
"""

import asyncio
import inspect
import json
import os
import signal
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

pytest_plugins = ["slack_workspace", "teams_tenant", "webex_organization", "zoom_account"]

ROOT = Path(__file__).resolve().parents[2]


class Refused(Exception):
    """Control said no: `status` and its words."""

    def __init__(self, status, words):
        super().__init__(f"{status}: {words}")
        self.status = status


@dataclass
class Sandbox:
    """Where the emulators listen, and what people do in them."""

    control: str
    slack: str
    graph: str
    login: str
    webex: str
    zoom: str

    def __post_init__(self):
        self.http = httpx.Client(base_url=self.control, timeout=40, trust_env=False)

    def ask(self, method, path, **more):
        answer = self.http.request(method, path, **more)
        if answer.status_code >= 400:
            raise Refused(answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def post(self, path, **body):
        return self.ask("POST", path, json=body)

    def act(self, platform, workspace, who, do, **more):
        return self.post(f"/{platform}/act", workspace=workspace, do=do, **{"as": who, **more})

    def view(self, platform, workspace, channel):
        query = {"workspace": workspace, "channel": channel}
        return self.ask("GET", f"/{platform}/view", params=query)["messages"]

    def idle(self):
        assert self.ask("GET", "/idle", params={"timeout_ms": 20000})["idle"], "webhooks are still under way"

    def calls(self, platform, operation):
        return self.ask("GET", "/calls", params={"platform": platform, "operation": operation})


@contextmanager
def started():
    """`rialto sandbox` on free ports."""
    binary = os.environ.get("RIALTO_BINARY", str(ROOT / "target/debug/rialto"))
    services = ("control", "slack", "graph", "login", "webex", "zoom")
    free = [part for name in services for part in (f"--{name}-port", "0")]
    process = subprocess.Popen([binary, "sandbox", *free], stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        assert line, f"{binary} sandbox ended with {process.wait(10)} before it said where it listens"
        running = Sandbox(**json.loads(line))
        yield running
        running.http.close()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(10)
        process.stdout.close()


@pytest.fixture(scope="session")
def sandbox():
    """One for the whole run, without limits: each test has workspaces of its own in it."""
    with started() as running:
        for platform in ("slack", "teams", "webex", "zoom"):
            running.post("/limits", platform=platform, off=True)
        yield running


@pytest.fixture
def own_sandbox():
    """One for a single test that moves the clock or meets limits."""
    with started() as running:
        yield running


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Runs tests that are coroutines."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True


def until(found, what, seconds=20):
    """Asks `found` until it answers with something, and answers with that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = found()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds} s")


@pytest.fixture
def receive():
    """Starts local HTTP servers: `receive(answer)` gives an address; `answer(path, headers, body)` gives the reply."""
    servers = []

    def start(answer):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers.get("content-length", 0))
                status, kind, body = answer(self.path, self.headers, self.rfile.read(length))
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
