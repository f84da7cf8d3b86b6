"""A small SMTP server on this machine, which takes mail or, told so, leaves its sender waiting."""

from __future__ import annotations

import socketserver
import threading
from email import message_from_bytes
from email.message import Message
from types import TracebackType
from typing import Self


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.server.conversations += 1
        self._say("220 ready")
        for raw in self.rfile:
            verb = raw[:4].upper()
            if verb == b"DATA":
                self._say("354 go on")
                if not self._take_message():
                    return
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _take_message(self) -> bool:
        lines: list[bytes] = []
        for raw in self.rfile:
            if raw == b".\r\n":
                break
            lines.append(raw)
        if self.server.stalls:
            self.server.is_waited_for.set()
            self.server.is_closing.wait(60)
            return False
        self.server.taken.append(message_from_bytes(b"".join(lines)))
        self._say("250 taken")
        return True

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


class MailServer(socketserver.ThreadingTCPServer):
    """`taken` holds the messages it has answered for; `stalls` makes it answer none."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.taken: list[Message] = []
        self.conversations = 0
        self.stalls = False
        self.is_waited_for = threading.Event()
        self.is_closing = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_closing.set()
        self.shutdown()
        self.server_close()
