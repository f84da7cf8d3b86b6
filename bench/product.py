"""The running product: started as `make run` starts it, signed in to as staff do, weighed, and stopped."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from recovery.supervisor.probe import what_is_missing

HOST = "127.0.0.1"
READY_SECONDS = 120
ROOT = Path(__file__).resolve().parent.parent
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class BenchProblem(Exception):
    """One sentence on why nothing could be measured."""


@dataclass(frozen=True)
class Session:
    """Somebody who is signed in, as the client needs it: cookies, and the token of their forms."""

    cookies: str
    token: str

    def get(self, path: str) -> str:
        """A request as it goes over the wire."""
        return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nCookie: {self.cookies}\r\nAccept-Language: en\r\n\r\n"

    def post(self, path: str, fields: list[tuple[str, str]]) -> str:
        """A form as it goes over the wire."""
        body = urlencode([("csrfmiddlewaretoken", self.token), *fields])
        return (
            f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nCookie: {self.cookies}\r\nAccept-Language: en\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )


@contextmanager
def running(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`manage.py run_product` with the bench's settings, until it is not needed any more."""
    log = folder / "product.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run_product"],
            cwd=ROOT,
            env={**os.environ, "PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        _await(process, port, log)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while what_is_missing(f"http://{HOST}:{port}", HOST):
        if process.poll() is not None or time.monotonic() > deadline:
            raise BenchProblem(f"The product did not start: {log.read_text()[-600:]}")
        time.sleep(0.3)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def sign_in(port: int, email: str, password: str) -> Session:
    """Sign in through the product's own form."""
    cookies: SimpleCookie = SimpleCookie()

    def fetch(method: str, path: str, body: str | None = None) -> tuple[int, str]:
        sent = {"Cookie": "; ".join(f"{name}={each.value}" for name, each in cookies.items())}
        if body is not None:
            sent |= {"Content-Type": "application/x-www-form-urlencoded"}
        connection = http.client.HTTPConnection(HOST, port, timeout=30)
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        for value in answer.headers.get_all("Set-Cookie") or []:
            cookies.load(value)
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def token(text: str) -> str:
        found = _TOKEN.search(text)
        if found is None:
            raise BenchProblem("A page that should hold a form holds none.")
        return found.group(1)

    _, page = fetch("GET", "/accounts/login/")
    fields = {"csrfmiddlewaretoken": token(page), "login": email, "password": password}
    status, _ = fetch("POST", "/accounts/login/", urlencode(fields))
    if status != 302:
        raise BenchProblem(f"{email} can't sign in: status {status}.")
    _, form = fetch("GET", "/desk/log/")
    return Session("; ".join(f"{name}={each.value}" for name, each in cookies.items()), token(form))


def memory(process: subprocess.Popen[bytes]) -> dict[str, object] | None:
    """MiB held by web server, worker and beat with their children; None where the system does not tell.

    PSS counts a page that several processes share by its share, RSS in each of them.
    """
    if not Path("/proc/self/smaps_rollup").exists():
        return None
    children = _children()
    names = ("web", "worker", "beat")
    parts = dict(zip(names, sorted(children[process.pid]), strict=False))
    weights = {name: _weigh([pid, *_below(pid, children)]) for name, pid in parts.items()}
    rss, pss = (round(sum(weight[at] for weight in weights.values())) for at in (0, 1))
    sums: dict[str, object] = {"rss_mib": rss, "pss_mib": pss}
    return sums | {f"{name}_pss_mib": round(weight[1]) for name, weight in weights.items()}


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text()
            except OSError:
                continue
            found[int(stat.rpartition(")")[2].split()[1])].append(int(folder.name))
    return found


def _below(pid: int, children: dict[int, list[int]]) -> Iterator[int]:
    for child in children[pid]:
        yield child
        yield from _below(child, children)


def _weigh(pids: list[int]) -> tuple[float, float]:
    rss = pss = 0.0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name in ("Rss", "Pss"):
                size = int(rest.split()[0]) / 1024
                rss, pss = (rss + size, pss) if name == "Rss" else (rss, pss + size)
    return rss, pss
