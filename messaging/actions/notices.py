"""Telling members of staff something, inside the product and by e-mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import override

from accounts.models import User
from common.writing import insert
from messaging.actions.outbox import letter, queue_email
from messaging.models import Notice
from messaging.rendering import SharedContext


def notify(
    *,
    users: Iterable[User],
    message: str,
    params: Mapping[str, Any],
    url: str,
    dedupe_key: str,
    urgent: bool = False,
    email: bool = True,
    links: Mapping[int, str] | None = None,
    begins: bool = False,
) -> list[Notice]:
    """Tell each person once for this occasion; returns the notices that are new.

    `message` is an English catalogue message (`gettext_noop`) with %(name)s placeholders, `params` are JSON
    without personal data, `url` is a path of the product. With `email` the same sentence goes out in each
    one's language; `links` says, by the key of a person, which path it leads to instead of `url`. Such a path
    is theirs alone: the outbox does not tell it.
    `begins` says that the occasion can't have been told of before, which saves the look-ups.
    """
    keys = {f"{dedupe_key}:{user.pk}": user for user in users if user.is_active}
    known: set[str] = set()
    if not begins:
        known.update(Notice.objects.filter(dedupe_key__in=keys).values_list("dedupe_key", flat=True))
    new = [
        Notice(user=user, message=message, params=dict(params), url=url, urgent=urgent, dedupe_key=key)
        for key, user in keys.items()
        if key not in known
    ]
    if begins:
        insert(*new)
    else:
        Notice.objects.bulk_create(new, ignore_conflicts=True)
    if email:
        for notice in new:
            _send_by_email(notice, (links or {}).get(notice.user_id, ""), begins=begins)
    return new


def _send_by_email(notice: Notice, own_path: str, *, begins: bool) -> None:
    reader, path = notice.user, own_path or notice.url
    with override(reader.language):
        text = notice.text
    queue_email(
        letter(
            to_address=reader.email,
            to_name=reader.name,
            language=reader.language,
            template="notice",
            context=SharedContext(
                common={"urgent": notice.urgent, "has_link": bool(path)},
                own={"reader_name": reader.name, "text": text, "url": f"{settings.PUBLIC_URL}{path}"},
            ),
            dedupe_key=f"notice:{notice.dedupe_key}"[:120],
            secret=own_path,
        ),
        begins=begins,
    )


def mark_read(*, actor: User, notice_id: int | None = None) -> int:
    """Mark one of the actor's own notices as read, or all of them; returns how many were unread."""
    unread = Notice.objects.filter(user=actor, read_at__isnull=True)
    if notice_id is not None:
        unread = unread.filter(pk=notice_id)
    return unread.update(read_at=timezone.now())
