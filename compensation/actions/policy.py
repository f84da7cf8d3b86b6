"""Making policies: a draft from what is in force, its rules, publishing it with a date, retiring it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from common.errors import Conflict, Invalid, Overtaken
from compensation.actions.guards import clean_text
from compensation.models import Policy, PolicyVersion
from compensation.policy_checks import problems_of
from compensation.policy_rules import Rule
from compensation.policy_text import rule_to_data
from compensation.states import PolicyState

MOST_RULES = 60


def create_policy(
    *, actor: User, code: str, name_en: str, name_zh: str, jurisdiction: str, owner: str, source: str
) -> PolicyVersion:
    """Make a policy with an empty draft. Raises `Invalid` when the code is taken."""
    require(actor, Capability.CHANGE_SETTINGS)
    names = {
        "name_en": clean_text(name_en, field="name_en", longest=120, missing=_("Enter a name.")),
        "name_zh": clean_text(name_zh, field="name_zh", longest=120, missing=_("Enter a name.")),
    }
    with transaction.atomic():
        policy, made = Policy.objects.get_or_create(
            code=code,
            defaults={**names, "jurisdiction": jurisdiction.upper(), "owner": owner, "source": source},
        )
        if not made:
            raise Invalid(_("There is a policy with this code already."), field="code")
        draft = PolicyVersion.objects.create(policy=policy, number=1, author=actor)
        record(stream=policy.stream, verb="policy.created", actor=actor, data={"policy": policy.code})
    return draft


def create_draft(*, actor: User, policy_id: int) -> PolicyVersion:
    """Begin a draft with the rules of the newest version. Raises `Conflict` when there is one."""
    require(actor, Capability.CHANGE_SETTINGS)
    with transaction.atomic():
        policy = Policy.objects.select_for_update(no_key=True).get(pk=policy_id)
        newest = policy.versions.order_by("-number").first()
        if newest is not None and newest.is_draft:
            raise Conflict(_("This policy has a draft already."))
        draft = PolicyVersion.objects.create(
            policy=policy,
            number=newest.number + 1 if newest else 1,
            rules=newest.rules if newest else [],
            author=actor,
        )
        _note(actor, draft, "policy.drafted")
    return draft


def save_rules(
    *, actor: User, version_id: int, rules: Sequence[Rule], seen: Sequence[Rule] | None = None
) -> PolicyVersion:
    """Write a draft's rules, sound or not: what is wrong is shown, and stops it from being published.

    Raises `Overtaken` when they are no longer as `seen`.
    """
    require(actor, Capability.CHANGE_SETTINGS)
    if len(rules) > MOST_RULES:
        raise Invalid(_("No more than %(most)s rules."), params={"most": MOST_RULES})
    with transaction.atomic():
        version = _take(version_id)
        _check_draft(version)
        if seen is not None and tuple(seen) != version.parsed:
            raise Overtaken({})
        version.rules = [rule_to_data(rule) for rule in rules]
        version.save(update_fields=("rules",))
        _note(actor, version, "policy.edited")
    return version


def publish(*, actor: User, version_id: int, effective_from: dt.date, note: str) -> PolicyVersion:
    """Put a draft in force from a day on, by the day of each branch; from then it never changes.

    Raises `Invalid` when the day has passed or its rules are not sound, `Conflict` for no draft.
    """
    require(actor, Capability.CHANGE_SETTINGS)
    note = clean_text(note, field="note", longest=250, missing=_("Say what changed, and why."))
    with transaction.atomic():
        version = _take(version_id)
        _check_draft(version)
        _check_day(effective_from, "effective_from")
        if not version.rules:
            raise Invalid(_("A policy without rules gives nothing. Retire the old one instead."))
        grave = next((problem for problem in problems_of(version.parsed) if problem.grave), None)
        if grave is not None:
            raise Invalid(
                _("Rule %(number)s is not sound: %(problem)s"),
                params={"number": grave.number, "problem": str(grave)},
            )
        version.state, version.effective_from, version.note = PolicyState.IN_FORCE, effective_from, note
        version.author = actor
        version.save(update_fields=("state", "effective_from", "note", "author"))
        _note(actor, version, "policy.published")
    return version


def retire(*, actor: User, version_id: int, ended_on: dt.date) -> PolicyVersion:
    """End a version: from that day on it gives nothing. Raises `Invalid` for a day that has passed."""
    require(actor, Capability.CHANGE_SETTINGS)
    with transaction.atomic():
        version = _take(version_id)
        if version.state != PolicyState.IN_FORCE:
            raise Conflict(_("This version is not in force."))
        _check_day(ended_on, "ended_on")
        version.state, version.ended_on = PolicyState.RETIRED, ended_on
        version.save(update_fields=("state", "ended_on"))
        _note(actor, version, "policy.retired")
    return version


def _take(version_id: int) -> PolicyVersion:
    """Lock a version; its policy is taken first, as for a new draft."""
    policy_id = PolicyVersion.objects.values_list("policy_id", flat=True).get(pk=version_id)
    Policy.objects.select_for_update(no_key=True).get(pk=policy_id)
    return PolicyVersion.objects.select_related("policy").get(pk=version_id)


def _check_draft(version: PolicyVersion) -> None:
    if not version.is_draft:
        raise Conflict(_("This version has been published. Make a new draft to change it."))


def _check_day(day: dt.date, field: str) -> None:
    if day < timezone.now().astimezone(dt.UTC).date():
        raise Invalid(_("This day has passed: decisions were made by what held then."), field=field)


def _note(actor: User, version: PolicyVersion, verb: str) -> None:
    record(
        stream=version.policy.stream,
        verb=verb,
        actor=actor,
        data={
            "policy": version.policy.code,
            "version": version.number,
            "rules": len(version.rules),
            "effective_from": version.effective_from.isoformat() if version.effective_from else None,
            "ended_on": version.ended_on.isoformat() if version.ended_on else None,
        },
    )
