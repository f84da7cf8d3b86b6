"""The load client: a process of its own that keeps connections alive and times each answer.

It reads a job a line (JSON) and answers with a line. A single thread waits on all connections, so that the
client takes as little as it can of the processors that the server shares with it.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

END_OF_HEADERS = b"\r\n\r\n"
LENGTH, QUERIES = b"\r\ncontent-length:", b"\r\nx-bench-queries:"
TIMEOUT = 60.0


class Caller:
    """One client: a connection, and the requests that it sends one after the other, again and again."""

    def __init__(self, host: str, port: int, requests: list[str]) -> None:
        self.socket = socket.create_connection((host, port), timeout=TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.requests = [request.encode() for request in requests]
        self.sent = 0
        self.began = 0.0
        self.answer = bytearray()

    def ask(self) -> None:
        self.answer.clear()
        self.began = time.perf_counter()
        self.socket.sendall(self.requests[self.sent % len(self.requests)])
        self.sent += 1

    def hear(self) -> tuple[int, int, int] | None:
        """Status, queries and length of the answer, once all of it is there."""
        piece = self.socket.recv(262_144)
        if not piece:
            raise ConnectionError("The server closed the connection.")
        self.answer += piece
        head_end = self.answer.find(END_OF_HEADERS)
        if head_end < 0:
            return None
        head = bytes(self.answer[:head_end]).lower()
        length = _number(head, LENGTH)
        if len(self.answer) < head_end + len(END_OF_HEADERS) + length:
            return None
        return int(head[9:12]), _number(head, QUERIES), length


def _number(head: bytes, name: bytes) -> int:
    at = head.find(name)
    if at < 0:
        return 0
    return int(head[at + len(name) :].split(b"\r\n", 1)[0])


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Let the callers ask for as long as the job says; an answer under way at the end still counts."""
    callers = [Caller(job["host"], job["port"], requests) for requests in job["requests"]]
    times: list[float] = []
    statuses: Counter[int] = Counter()
    queries: list[int] = []
    selector = selectors.DefaultSelector()
    began = time.perf_counter()
    deadline = began + job["seconds"]
    for caller in callers:
        selector.register(caller.socket, selectors.EVENT_READ, caller)
        caller.ask()
    busy = len(callers)
    while busy:
        ready = selector.select(TIMEOUT)
        if not ready:
            raise TimeoutError("The server does not answer.")
        for key, _events in ready:
            heard = key.data.hear()
            if heard is None:
                continue
            now = time.perf_counter()
            times.append(now - key.data.began)
            statuses[heard[0]] += 1
            queries.append(heard[1])
            if now < deadline:
                key.data.ask()
            else:
                busy -= 1
    elapsed = time.perf_counter() - began
    for caller in callers:
        caller.socket.close()
    return {"elapsed": elapsed, "times": times, "statuses": dict(statuses), "queries": queries}


def main(read: Callable[[], str], write: Callable[[str], Any]) -> None:
    """Work until there are no more jobs."""
    while line := read():
        try:
            answer = run(json.loads(line))
        except OSError as error:
            answer = {"problem": str(error)}
        write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.stdin.readline, sys.stdout.write)
