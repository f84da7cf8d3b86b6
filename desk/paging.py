"""Links to the other pages of a list that goes on from a key."""

from __future__ import annotations

from django.http import HttpRequest

from cases.queries import LONGEST_KEY


def page_links(request: HttpRequest, after: object) -> dict[str, str]:
    """`previous_url` (back to the first page) and `next_url`, each "" where there is none.

    `after` is the key of the last row shown, or something empty at the end of the list.
    """
    return {
        "previous_url": page_url(request, "") if request.GET.get("after") else "",
        "next_url": page_url(request, after) if after else "",
    }


def page_url(request: HttpRequest, after: object) -> str:
    """The same page with the same filters, going on from a key."""
    query = request.GET.copy()
    query.pop("after", None)
    if after:
        query["after"] = str(after)
    return f"?{query.urlencode()}" if query else request.path


def key_in(request: HttpRequest) -> int | None:
    """The row id to go on from; None on the first page. Raises `ValueError` when somebody made it up."""
    key = request.GET.get("after", "")
    if not key:
        return None
    row = id_in(key)
    if row is None:
        raise ValueError("not a key")
    return row


def id_in(text: str) -> int | None:
    """The row id that somebody sent; None when it can't be one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_KEY else None
