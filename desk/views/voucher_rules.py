"""Settings: what holds of vouchers of a kind."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.states import Capability
from compensation.actions.voucher_care import rule_values, set_voucher_rule
from compensation.kind_queries import all_kinds
from compensation.models import VoucherRule
from compensation.states import Need
from desk.access import StaffRequest, staff_required
from desk.forms.apply import run
from desk.forms.vouchers import VoucherRuleForm


def voucher_rules_context() -> dict[str, Any]:
    """What the section of the settings shows: the rules of the kinds that are issued with a code."""
    kinds = [kind.kind for kind in all_kinds() if kind.need == Need.CODE]
    rules = {rule.kind: rule for rule in VoucherRule.objects.filter(kind__in=kinds)}
    return {"rules": [rules[kind] for kind in kinds if kind in rules]}


@staff_required(Capability.CHANGE_SETTINGS)
def voucher_rule_edit(request: StaffRequest, kind: str) -> HttpResponse:
    """Change the rule of a kind."""
    rule = get_object_or_404(VoucherRule, kind=kind)
    form = VoucherRuleForm(request.POST if request.method == "POST" else None, values=rule_values(rule))
    if request.method == "POST":
        saved = run(
            form,
            lambda: set_voucher_rule(actor=request.user, kind=kind, new=form.record, seen=form.seen),
        )
        if saved is not None:
            messages.success(request, _("The rule is saved."))
            return redirect("desk:settings_section", "vouchers")
    context = {
        "nav": "settings",
        "form": form,
        "title": rule.get_kind_display(),
        "back": reverse("desk:settings_section", args=["vouchers"]),
        "note": _("It holds for vouchers issued from now on; those that are out keep what they have."),
    }
    return render(request, "desk/settings_form.html", context, status=422 if form.is_bound else 200)
