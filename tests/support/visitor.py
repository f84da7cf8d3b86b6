"""Someone who uses the product's pages by plain HTTP, and outlives a server that is killed."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode

# A server that has been killed is back long before, even on a busy machine.
PATIENCE_SECONDS = 90.0
PAUSE_SECONDS = 0.1


class AnswerLost(Exception):
    """A form was sent and no answer came: the server may have done what was asked, or not."""


@dataclass(frozen=True)
class Answer:
    """What came back: a page, or where to go next."""

    status: int
    text: str
    location: str


class Visitor:
    """Keeps cookies, follows no redirects, and takes an error of the server for a failed test.

    A page is asked for again until it comes. A form is sent again only while nobody has taken it.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}
        self.is_waiting = False
        self.answered = self.lost = 0

    def get(self, path: str) -> Answer:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self._ask("GET", path)
            except AnswerLost:
                assert time.monotonic() < deadline, f"no answer from {path}"
                time.sleep(PAUSE_SECONDS)

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        """Send a form; raises `AnswerLost`."""
        return self._ask("POST", path, fields)

    def sign_in(self, role: str) -> None:
        """By one click on the sign-in page of the demo."""
        self.get("/accounts/login/")
        answer = self.post("/desk/demo/sign-in/", {"role": role})
        assert answer.status == 302, answer

    def _ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> Answer:
        connection = self._connect()
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode({**fields, "csrfmiddlewaretoken": self.cookies.get("csrftoken", "")})
        self.is_waiting = True
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self.lost += 1
            raise AnswerLost(path) from error
        finally:
            self.is_waiting = False
            connection.close()
        self.answered += 1
        self._keep_cookies(response)
        assert response.status < 500, f"{method} {path} was answered with {response.status}: {text[:500]}"
        return Answer(response.status, text, response.headers.get("Location", ""))

    def _connect(self) -> http.client.HTTPConnection:
        """Until somebody listens; what is refused a connection has not been sent."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
            try:
                connection.connect()
            except OSError:
                connection.close()
                assert time.monotonic() < deadline, "nobody listens"
                time.sleep(PAUSE_SECONDS)
            else:
                return connection

    def _keep_cookies(self, response: http.client.HTTPResponse) -> None:
        for header in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
