"""Payments to play with: granted offers with an account, and a payment system that counts what it is told."""

from __future__ import annotations

import json
import threading
from collections import Counter
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from accounts.models import User
from accounts.states import Role
from compensation.actions.approvals import approve_offer
from compensation.actions.payments import freeze_batch, set_payee
from compensation.models import Offer, PaymentBatch, PaymentOrder
from compensation.payment_queries import due_for
from compensation.states import OfferState
from tests.compensation.world import World, committed, make_case, make_user, propose

IBAN = "DE89 3704 0044 0532 0130 00"
SECRET = "a-made-up-secret-of-more-than-32-characters"


def payer_of(world: World) -> User:
    """A manager who has had no part in anything."""
    return make_user(Role.MANAGER, world.branch)


def granted(world: World, amount: int | str | Decimal = 500, **fields: Any) -> Offer:
    """An offer of the frontline, approved by the supervisor where it is above the frontline's authority."""
    offer = propose(world.frontline, make_case(world.branch), amount, **fields)
    if offer.state == OfferState.APPROVED:
        return offer
    return approve_offer(actor=world.supervisor, offer_id=offer.pk, amount=offer.amount, reason="Fair.")


def payable(world: World, amount: int | str | Decimal = 500, **fields: Any) -> PaymentOrder:
    """Such an offer with an account to pay it to."""
    values: dict[str, Any] = {"name": "Wei Chen", "account": IBAN, "bank": "", "text": ""}
    return set_payee(actor=world.frontline, offer_id=granted(world, amount, **fields).pk, **values)


def frozen(world: World, *orders: PaymentOrder) -> PaymentBatch:
    """These payments in a batch that somebody froze who has had no part in anything."""
    with committed():
        return freeze_batch(actor=payer_of(world), order_ids=[order.pk for order in orders])


def due(world: World) -> set[int]:
    """The payments that can go into a batch now."""
    return {order.pk for group in due_for(payer_of(world)) for order in group.orders}


class PaymentSystem:
    """A payment system on a local port, which counts deliveries and pays once for each idempotency key."""

    def __init__(self) -> None:
        self.deliveries: Counter[str] = Counter()
        self.paid: dict[str, dict[str, Any]] = {}
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.status = 202
        self.stalls = False
        self.has_paid = threading.Event()
        self.go_on = threading.Event()
        self.lock = threading.Lock()

    def __enter__(self) -> PaymentSystem:
        system = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                key = self.headers["Idempotency-Key"]
                with system.lock:
                    system.deliveries[key] += 1
                    system.headers.append(dict(self.headers))
                    system.bodies.append(body)
                    if system.status < 300:
                        system.paid.setdefault(key, json.loads(body))
                system.has_paid.set()
                if system.stalls:
                    system.go_on.wait(30)
                try:
                    self.send_response(system.status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    pass  # the sender is dead

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self.go_on.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/payments"
