"""The kinds of compensation that an organisation offers: its own, and how each is handled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.access import require
from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from common.errors import Conflict, Invalid, Values, refuse_overtaken
from compensation.actions.guards import check_choice, clean_text
from compensation.kind_states import DETAILS
from compensation.models import KindSetting, Offer, VoucherRule
from compensation.models.kind import LONGEST_CODE, LONGEST_DAYS, forget_names
from compensation.states import HOLDING, METHODS, Need, RemedyClass

_CODE = re.compile(rf"[a-z][a-z0-9_]{{1,{LONGEST_CODE - 1}}}")
_NAME_IT = _("Give it a name.")


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRecord:
    """What can be set of a kind; the names are left alone for the product's own kinds.

    No `methods` stand for all ways that the need knows; those of `methods` and `required` that it does not
    know are left out.
    """

    name_en: str = ""
    name_zh: str = ""
    is_active: bool = True
    remedy_class: str = RemedyClass.WORTH
    need: str = Need.PAYMENT
    methods: Sequence[str] = ()
    required: Sequence[str] = ()
    counts_stock: bool = False
    asks_customer: bool = False
    answer_days: int = 14
    due_days: int = 5


def kind_values(kind: KindSetting) -> Values:
    """A kind as a form shows it."""
    return {name: getattr(kind, name) for name in KindRecord.__dataclass_fields__}


def add_kind(*, actor: User, code: str, new: KindRecord) -> KindSetting:
    """Add a kind of the organisation's own; its code never changes, and it can only be taken out of use.

    Raises `Invalid` for what can't be, `Conflict` where the code is taken.
    """
    require(actor, Capability.CHANGE_SETTINGS)
    code = code.strip()
    if not _CODE.fullmatch(code):
        message = _("A code has 2 to %(longest)s small letters, digits or underscores, a letter first.")
        raise Invalid(message, field="code", params={"longest": LONGEST_CODE})
    with transaction.atomic():
        after = _checked(KindSetting(kind=code), new)
        kind, is_new = KindSetting.objects.get_or_create(kind=code, defaults=after)
        if not is_new:
            raise Conflict(_("There is a kind with this code already."), field="code")
        _prepare_vouchers(kind)
        data = {"kind": code, **{name: value for name, value in after.items() if value not in ("", [])}}
        record(stream=_stream(kind), verb="offer_kind.added", actor=actor, data=data, begins=True)
        _forget()
    return kind


def set_kind(*, actor: User, code: str, new: KindRecord, seen: Values | None = None) -> KindSetting:
    """Change how a kind is handled from now on.

    Raises `KindSetting.DoesNotExist`, `Invalid` for what can't be, `Conflict` for another need while offers
    are on their way, and `Overtaken` when somebody else has changed it since it was as `seen` (see
    `kind_values`).
    """
    require(actor, Capability.CHANGE_SETTINGS)
    with transaction.atomic():
        kind = KindSetting.objects.select_for_update().get(pk=code)
        refuse_overtaken(seen, kind_values(kind))
        before, after = kind_values(kind), _checked(kind, new)
        if before["need"] != after["need"]:
            _refuse_while_out(kind)
        changes = {name: [before[name], value] for name, value in after.items() if before[name] != value}
        if changes:
            KindSetting.objects.filter(pk=kind.pk).update(**after)
            kind.refresh_from_db()
            _prepare_vouchers(kind)
            record(stream=_stream(kind), verb="offer_kind.set", actor=actor, data=changes)
            _forget()
    return kind


def _refuse_while_out(kind: KindSetting) -> None:
    """Raise `Conflict` while granted offers are on their way: accounts and bookings go with their need."""
    out = Offer.objects.filter(kind=kind.pk, state__in=HOLDING).count()
    if out:
        message = ngettext(
            "%(count)s offer of this kind is on its way and takes what it took when it was granted. "
            "Change this once it has arrived, or add another kind.",
            "%(count)s offers of this kind are on their way and take what they took when they were granted. "
            "Change this once they have arrived, or add another kind.",
            out,
        )
        raise Conflict(message, field="need", params={"count": out})


def _stream(kind: KindSetting) -> str:
    return f"offer-kind:{kind.pk}"


def _prepare_vouchers(kind: KindSetting) -> None:
    if kind.need == Need.CODE:
        VoucherRule.objects.get_or_create(kind=kind.pk)


def _forget() -> None:
    forget_names()
    transaction.on_commit(forget_names)


def _checked(kind: KindSetting, new: KindRecord) -> dict[str, object]:
    """The values to keep. Raises `Invalid`."""
    check_choice(new.remedy_class, RemedyClass, field="remedy_class")
    need = Need(check_choice(new.need, Need, field="need"))
    for name in ("answer_days", "due_days"):
        if not 1 <= getattr(new, name) <= LONGEST_DAYS:
            raise Invalid(_("Enter a number from 1 to %(most)s."), field=name, params={"most": LONGEST_DAYS})
    after = asdict(new)
    if kind.is_built_in:
        after |= {"name_en": kind.name_en, "name_zh": kind.name_zh}
    else:
        for name in ("name_en", "name_zh"):
            after[name] = clean_text(after[name], field=name, longest=60, missing=_NAME_IT)
    ways, details = METHODS[need], DETAILS[need]
    after["counts_stock"] = new.counts_stock and need == Need.SHIPMENT
    after["methods"] = [way.value for way in ways if way in new.methods]
    after["required"] = [detail.value for detail in details if detail in new.required]
    return after
