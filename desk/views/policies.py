"""Settings: policies of compensation, their versions and rules, trying them out, and replaying them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.actions.authorities import today
from accounts.models import Branch
from accounts.states import Capability
from cases.models import Cause, Defect
from common.errors import DomainError
from common.money import CURRENCIES
from compensation.actions.policy import create_draft, create_policy, publish, retire, save_rules
from compensation.models import PolicyVersion
from compensation.policy_checks import Problem, problems_of
from compensation.policy_queries import Applied, PolicyView, policies_with_versions, value_names
from compensation.policy_replay import QUARTER, replay
from compensation.policy_rules import Fact, Facts, Rule, combine, evaluate, jurisdictions_of, needed
from compensation.policy_words import (
    Names,
    award_words,
    condition_words,
    deadline_words,
    fact_name,
    kinds_words,
)
from desk.access import StaffRequest, form_on, staff_required
from desk.forms.apply import run
from desk.forms.policies import Choices, PolicyForm, PublishForm, RetireForm, RuleForm, TryForm
from desk.views.offer_policy import panel_of

# A page answers within seconds; the command replays as many as there are.
MOST_REPLAYED = 3000


@dataclass(frozen=True)
class RuleRow:
    """A rule as the page of a version shows it."""

    number: int
    name: str
    rule: Rule
    conditions: list[str]
    award: list[str]
    kinds: str
    deadline: str
    text: str
    problems: list[Problem]


def policies_context() -> dict[str, Any]:
    """What the section of policies shows."""
    day = today()
    policies = [(policy, rows, _replaced(rows, day)) for policy, rows in policies_with_versions()]
    return {"policies": policies, "today": day}


def _replaced(versions: list[PolicyVersion], day: dt.date) -> set[int]:
    """Those that a later version has taken over from by a day."""
    begun = [each for each in versions if each.effective_from is not None and each.effective_from <= day]
    begun.sort(key=lambda each: (each.effective_from, each.number))
    return {each.pk for each in begun[:-1]}


def find_version(version_id: int) -> PolicyVersion:
    return get_object_or_404(PolicyVersion.objects.select_related("policy", "author"), pk=version_id)


def page_of(version: PolicyVersion) -> str:
    return reverse("desk:policy_version", args=[version.pk])


@staff_required(Capability.CHANGE_SETTINGS)
def policy_new(request: StaffRequest) -> HttpResponse:
    """Make a policy."""
    form = PolicyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        draft = run(form, lambda: create_policy(actor=request.user, **form.cleaned_data))
        if draft is not None:
            return redirect(page_of(draft))
    context = {
        "nav": "settings",
        "form": form,
        "title": _("New policy"),
        "back": reverse("desk:settings_section", args=["policies"]),
    }
    return render(request, "desk/settings_form.html", context, status=422 if form.is_bound else 200)


@staff_required(Capability.SEE_SETTINGS)
@require_safe
def version_page(request: StaffRequest, version_id: int) -> HttpResponse:
    """A version with its rules, readable, and what may be done with it."""
    return _version_page(request, find_version(version_id))


def _version_page(request: StaffRequest, version: PolicyVersion, **forms: Any) -> HttpResponse:
    may_change = request.user.may(Capability.CHANGE_SETTINGS)
    context = {
        "nav": "settings",
        "version": version,
        "policy": version.policy,
        "rows": rule_rows(version.parsed, value_names()),
        "may_change": may_change,
        "has_draft": version.policy.versions.filter(state="draft").exists(),
        "publish_form": PublishForm(initial={"effective_from": today()}) if version.is_draft else None,
        "retire_form": RetireForm(initial={"ended_on": today()}) if version.state == "in_force" else None,
        **forms,
    }
    return render(request, "desk/policies/version.html", context, status=422 if forms else 200)


def rule_rows(rules: tuple[Rule, ...], names: Names) -> list[RuleRow]:
    """The rules in words, each with what is wrong with it."""
    problems, language = problems_of(rules), get_language() or "en"
    return [
        RuleRow(
            number=number,
            name=rule.name_in(language),
            rule=rule,
            conditions=[condition_words(each, names) for each in rule.conditions],
            award=award_words(rule.award, names),
            kinds=kinds_words(rule.kinds),
            deadline=deadline_words(rule.deadline.days, rule.deadline.unit) if rule.deadline else "",
            text=rule.text_in(language),
            problems=[problem for problem in problems if problem.number == number],
        )
        for number, rule in enumerate(rules, start=1)
    ]


@staff_required(Capability.CHANGE_SETTINGS)
@form_on("desk:settings_section", section="policies")
def draft_new(request: StaffRequest, policy_id: int) -> HttpResponse:
    """Begin a draft from what is in force."""
    try:
        draft = create_draft(actor=request.user, policy_id=policy_id)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("desk:settings_section", "policies")
    return redirect(page_of(draft))


@staff_required(Capability.CHANGE_SETTINGS)
def rule_edit(request: StaffRequest, version_id: int, number: int) -> HttpResponse:
    """Edit a rule of a draft; the number after the last one adds one."""
    version = find_version(version_id)
    rules = list(version.parsed)
    if not version.is_draft or not 1 <= number <= len(rules) + 1:
        raise Http404
    rule = rules[number - 1] if number <= len(rules) else None
    form = RuleForm(
        request.POST if request.method == "POST" else None,
        tables=_tables(),
        initial=RuleForm.initial_of(rule) if rule else {"tiers": "* | 0 | 0 | 0"},
    )
    if request.method == "POST":
        changed = run(
            form,
            lambda: save_rules(
                actor=request.user,
                version_id=version.pk,
                rules=[*rules[: number - 1], form.rule, *rules[number:]],
                seen=rules,
            ),
        )
        if changed is not None:
            return redirect(f"{page_of(version)}#rule-{number}")
    context = {
        "nav": "settings",
        "form": form,
        "title": _("Rule {number}").format(number=number) if rule else _("New rule"),
        "subtitle": version.policy.label,
        "back": page_of(version),
    }
    if rule:
        context["remove"] = reverse("desk:policy_rule_remove", args=[version.pk, number])
        context["remove_text"] = _("The draft goes on without this rule.")
    return render(request, "desk/settings_form.html", context, status=422 if form.is_bound else 200)


@staff_required(Capability.CHANGE_SETTINGS)
@form_on("desk:policy_version", "version_id")
def rule_move(request: StaffRequest, version_id: int, number: int) -> HttpResponse:
    """Put a rule before the one above it: the first that applies gives."""
    rules = list(find_version(version_id).parsed)
    if not 2 <= number <= len(rules):
        raise Http404
    moved = rules.copy()
    moved[number - 2 : number] = [rules[number - 1], rules[number - 2]]
    return _rewritten(request, version_id, rules, moved)


@staff_required(Capability.CHANGE_SETTINGS)
@form_on("desk:policy_version", "version_id")
def rule_remove(request: StaffRequest, version_id: int, number: int) -> HttpResponse:
    """Take a rule out of a draft."""
    rules = list(find_version(version_id).parsed)
    if not 1 <= number <= len(rules):
        raise Http404
    return _rewritten(request, version_id, rules, [*rules[: number - 1], *rules[number:]])


def _rewritten(request: StaffRequest, version_id: int, seen: list[Rule], rules: list[Rule]) -> HttpResponse:
    try:
        save_rules(actor=request.user, version_id=version_id, rules=rules, seen=seen)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("desk:policy_version", version_id)


@staff_required(Capability.CHANGE_SETTINGS)
@form_on("desk:policy_version", "version_id")
def version_publish(request: StaffRequest, version_id: int) -> HttpResponse:
    """Put a draft in force."""
    version = find_version(version_id)
    form = PublishForm(request.POST)
    done = run(form, lambda: publish(actor=request.user, version_id=version.pk, **form.cleaned_data))
    if done is None:
        return _version_page(request, version, publish_form=form)
    messages.success(request, _("The policy is in force from that day on."))
    return redirect(page_of(version))


@staff_required(Capability.CHANGE_SETTINGS)
@form_on("desk:policy_version", "version_id")
def version_retire(request: StaffRequest, version_id: int) -> HttpResponse:
    """End a version."""
    version = find_version(version_id)
    form = RetireForm(request.POST)
    done = run(form, lambda: retire(actor=request.user, version_id=version.pk, **form.cleaned_data))
    if done is None:
        return _version_page(request, version, retire_form=form)
    messages.success(request, _("The policy ends on that day."))
    return redirect(page_of(version))


@staff_required(Capability.SEE_SETTINGS)
@require_safe
def version_try(request: StaffRequest, version_id: int) -> HttpResponse:
    """For these facts it gives this, because of that."""
    version = find_version(version_id)
    rules = version.parsed
    form = TryForm(request.GET if "currency" in request.GET else None, facts=_asked(rules), tables=_tables())
    context: dict[str, Any] = {"nav": "settings", "version": version, "policy": version.policy, "form": form}
    if form.is_bound and form.is_valid():
        finding = evaluate(rules, form.given)
        applied = (Applied(version, finding),)
        view = PolicyView(form.given, applied, combine(finding.given), ())
        context["said"] = panel_of(view, value_names())
    return render(request, "desk/policies/try.html", context)


def _asked(rules: tuple[Rule, ...]) -> tuple[Fact, ...]:
    """What any of the rules looks at, in whichever currency."""
    currencies = {rule.award.currency for rule in rules} | {""}
    found = {fact for currency in currencies for fact in needed(rules, Facts(currency))}
    return tuple(fact for fact in Fact if fact in found)


@staff_required(Capability.SEE_SETTINGS)
@require_safe
def version_replay(request: StaffRequest, version_id: int) -> HttpResponse:
    """What this version would have changed in the last quarter."""
    version = find_version(version_id)
    now = timezone.now()
    since = now - QUARTER
    if "since" in request.GET:
        try:
            day = dt.date.fromisoformat(request.GET["since"])
        except ValueError:
            raise Http404 from None
        since = dt.datetime.combine(day, dt.time(), dt.UTC)
    result = replay(version, since=since, until=min(now, since + QUARTER), most=MOST_REPLAYED)
    context = {
        "nav": "settings",
        "version": version,
        "policy": version.policy,
        "replay": result,
        "costs": sorted(result.costs.items()),
        "lacking": sorted(((fact_name(fact), n) for fact, n in result.lacking.items()), key=lambda x: -x[1]),
        "most": MOST_REPLAYED,
    }
    return render(request, "desk/policies/replay.html", context)


def _tables() -> dict[Fact, Choices]:
    """What the organisation's own lists let one choose from."""
    branches = list(Branch.objects.all())
    places = sorted({place for branch in branches for place in jurisdictions_of(branch.time_zone)})
    return {
        Fact.DEFECT: [(row.code, row.label) for row in Defect.objects.all()],
        Fact.CAUSE: [(row.code, row.label) for row in Cause.objects.all()],
        Fact.BRANCH: [(row.code, row.label) for row in branches],
        Fact.CURRENCY: [(code, code) for code in CURRENCIES],
        Fact.JURISDICTION: [(place, place) for place in places],
    }
