"""One-time links from e-mails to decisions: made with the e-mail, opened once, never deciding anything."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.pruning import delete_in_batches
from compensation.models import DecisionLink, Offer
from compensation.paths import decision_link_path
from compensation.states import LinkState

# Our judgement: an offer that waits longer is found in the inbox.
VALID_FOR = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of a link: `offer_id` is where it leads, None where it leads nowhere for this person."""

    state: LinkState
    offer_id: int | None = None


def make_links(offer: Offer, people: Iterable[User]) -> dict[int, str]:
    """A path for each person, by their key, to be put into an e-mail of the same transaction."""
    paths, links = {}, []
    expires_at = timezone.now() + VALID_FOR
    for person in people:
        secret = secrets.token_urlsafe(24)
        paths[person.pk] = decision_link_path(_signer().sign(secret))
        links.append(DecisionLink(digest=_digest(secret), offer=offer, user=person, expires_at=expires_at))
    DecisionLink.objects.bulk_create(links)
    return paths


def open_link(*, actor: User, token: str) -> Opened:
    """Use a link up. A link of somebody else's, or one that is used or has expired, stays as it is."""
    try:
        digest = _digest(_signer().unsign(token))
    except BadSignature:
        return Opened(LinkState.UNKNOWN)
    now = timezone.now()
    with transaction.atomic():
        link = DecisionLink.objects.select_related("offer__case").filter(digest=digest).first()
        if link is None:
            return Opened(LinkState.UNKNOWN)
        if link.user_id != actor.pk:
            return Opened(LinkState.OTHERS)
        if link.opened_at is None and link.expires_at <= now:
            return Opened(LinkState.EXPIRED)
        unused = DecisionLink.objects.filter(pk=link.pk, opened_at__isnull=True)
        if not unused.update(opened_at=now):
            return Opened(LinkState.USED)
        data = {"offer": link.offer_id}
        record(stream=link.offer.case.stream, verb="offer.link_opened", actor=actor, data=data)
    return Opened(LinkState.OPENED, link.offer_id)


def prune_links() -> int:
    """Delete links that nobody can use any more; returns how many."""
    old = DecisionLink.objects.filter(expires_at__lt=timezone.now() - VALID_FOR)
    return delete_in_batches(DecisionLink, old)


def _signer() -> Signer:
    """A forged link is refused by its signature; a new SECRET_KEY leaves those of its predecessors valid."""
    return Signer(salt="amends.compensation.decision-link", sep="~")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
