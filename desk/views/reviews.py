"""Lists of offers drawn for internal audit: drawing one, its progress, and reviewing offer by offer."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Branch, User
from accounts.states import Capability
from common.punctuation import listed
from compensation.actions.reviews import MOST_POPULATION, draw_reviews, review_offer
from compensation.models import ReviewItem, ReviewList
from compensation.review_queries import (
    has_part,
    is_reproduced,
    items_of,
    newest_lists,
    next_place,
    progress_of,
    reviews_of,
    visible_lists,
)
from compensation.review_states import Finding
from desk.access import StaffRequest, staff_required
from desk.downloads import table_file
from desk.forms.apply import run
from desk.forms.reviews import DrawForm, FindingForm
from desk.offer_lines import local, offer_cells, offer_headings
from desk.views.offer_trail import find_trail
from insights.periods import Preset, preset_dates
from insights.wording import format_days

TONES = {Finding.IN_ORDER: "good", Finding.REMARK: "risk", Finding.IRREGULAR: "late"}


@staff_required(Capability.REVIEW_OFFERS)
def lists(request: StaffRequest) -> HttpResponse:
    """The newest lists with how far they have come, and drawing another."""
    if request.method == "POST":
        form = DrawForm(request.POST, user=request.user)
        done = run(form, lambda: draw_reviews(actor=request.user, wanted=form.wanted))
        if done is not None:
            messages.success(request, _("The list is drawn."))
            return redirect("desk:review_list", done.pk)
    else:
        form = DrawForm(user=request.user, initial=_usual(request.user))
    context = {
        "nav": "audit",
        "form": form,
        "lists": [
            {
                "list": each,
                "progress": progress,
                "days": format_days(each.first_day, each.last_day, year=True),
            }
            for each, progress in newest_lists(request.user)
        ],
    }
    return render(request, "desk/audit/reviews.html", context, status=422 if form.is_bound else 200)


def _usual(user: User) -> dict[str, object]:
    """Last month, in the currency of the person's first branch."""
    today = timezone.now().astimezone(ZoneInfo(user.time_zone)).date()
    first, last = preset_dates(Preset.LAST_MONTH, today)
    branches = Branch.objects.filter(is_active=True)
    if user.branch_ids is not None:
        branches = branches.filter(pk__in=user.branch_ids)
    currency = branches.order_by("pk").values_list("currency", flat=True).first()
    return {"first_day": first, "last_day": last, "currency": currency}


@staff_required(Capability.REVIEW_OFFERS)
@require_safe
def review_list(request: StaffRequest, list_id: int) -> HttpResponse:
    """The offers of a list with what was found; `?check` draws it again and compares."""
    found = _find(request.user, list_id)
    progress = progress_of([found])[found.pk]
    context = {
        "nav": "audit",
        "list": found,
        "days": format_days(found.first_day, found.last_day, year=True),
        "branches": _branch_names(found),
        "progress": progress,
        "findings": [(Finding(code).label, TONES[Finding(code)], n) for code, n in progress.findings.items()],
        "items": [_row(item) for item in items_of(found)],
        "next": next_place(found, 0, request.user),
        "checked": is_reproduced(found, most=MOST_POPULATION + 1) if "check" in request.GET else None,
    }
    return render(request, "desk/audit/review_list.html", context)


def _row(item: ReviewItem) -> dict[str, object]:
    code = getattr(item, "finding", None)
    finding = Finding(code) if code else None
    return {
        "item": item,
        "offer": item.offer,
        "finding": finding.label if finding else "",
        "tone": TONES[finding] if finding else "",
    }


def _branch_names(found: ReviewList) -> str:
    if found.branch_ids is None:
        return _("all branches")
    return listed(row.label for row in Branch.objects.filter(pk__in=found.branch_ids).order_by("code"))


@staff_required(Capability.REVIEW_OFFERS)
def review_item(request: StaffRequest, list_id: int, place: int) -> HttpResponse:
    """One offer of a list: its whole trail, and the form for what was found."""
    found = _find(request.user, list_id)
    item = ReviewItem.objects.filter(list=found, place=place).first()
    if item is None:
        raise Http404
    form = FindingForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        done = run(form, lambda: review_offer(actor=request.user, item_id=item.pk, **form.cleaned_data))
        if done is not None:
            messages.success(request, _("Your finding is written down."))
            following = next_place(found, place, request.user)
            if following is None:
                return redirect("desk:review_list", found.pk)
            return redirect("desk:review_item", found.pk, following)
    context = {
        "nav": "audit",
        "list": found,
        "item": item,
        "band": found.bands[item.band - 1],
        "trail": find_trail(request.user, item.offer_id),
        "form": None if has_part(request.user, item) else form,
        "reviews": [(review, TONES[Finding(review.finding)]) for review in reviews_of(item)],
        "next": next_place(found, place, request.user),
    }
    return render(request, "desk/audit/review_item.html", context, status=422 if form.is_bound else 200)


@staff_required(Capability.REVIEW_OFFERS)
@require_safe
def review_file(request: StaffRequest, list_id: int, kind: str) -> HttpResponseBase:
    """A list as a file: what it was drawn from, then a line for each offer with what was found."""
    found = _find(request.user, list_id)
    lines = list(_lines(found, ZoneInfo(request.user.time_zone)))
    return table_file(kind, lines, f"amends-review-{found.pk}")


def _lines(found: ReviewList, zone: ZoneInfo) -> Iterator[list[object]]:
    yield [
        _("Seed"),
        found.seed,
        _("Drawn from"),
        found.population,
        _("Fingerprint"),
        found.fingerprint,
    ]
    yield [
        _("Place"), _("Band"), *offer_headings(), _("Finding"), _("In words"), _("Reviewed by"),
        _("Reviewed"),
    ]  # fmt: skip
    for item in items_of(found):
        code, note = getattr(item, "finding", None), getattr(item, "note", None)
        finding = Finding(code).label if code else ""
        reviewer, at = getattr(item, "reviewer", None), getattr(item, "reviewed_at", None)
        said = [str(finding), note or "", reviewer or "", local(at, zone)]
        yield [item.place, item.band, *offer_cells(item.offer, zone), *said]


def _find(user: User, list_id: int) -> ReviewList:
    """A list; 404 when there is none, or not for this person."""
    found = visible_lists(user).select_related("drawn_by").filter(pk=list_id).first()
    if found is None:
        raise Http404
    return found
