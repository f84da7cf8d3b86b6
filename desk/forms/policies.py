"""Forms of policies: what an offer is asked, trying rules out, editing one, putting a version in force."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cases.states import Channel, FailureType
from common.money import CURRENCIES
from compensation.kind_queries import kind_choices
from compensation.policy_rules import (
    NUMBERS,
    Award,
    Base,
    Condition,
    Deadline,
    Fact,
    Facts,
    Op,
    Rule,
    Unit,
    Value,
)
from compensation.policy_text import (
    UnreadableError,
    bounds_from_text,
    bounds_to_text,
    groups_from_text,
    groups_to_text,
    tiers_from_text,
    tiers_to_text,
)
from compensation.policy_words import FACT_NAMES
from compensation.states import Inside, PaidBy, PolicyEvent
from customers.states import Tier
from desk.forms.grouped import GroupedForm
from desk.forms.places import day_input
from sla.states import Severity

Choices = list[tuple[str, Any]]

# The facts with a closed list of values; those of tables are filled in by the page.
CLOSED: dict[Fact, Any] = {
    Fact.FAILURE_TYPE: FailureType,
    Fact.SEVERITY: Severity,
    Fact.CHANNEL: Channel,
    Fact.TIER: Tier,
    Fact.EVENT: PolicyEvent,
    Fact.PAID_BY: PaidBy,
    Fact.INSIDE: Inside,
}
_TYPED = {"autocomplete": "off", "spellcheck": "false"}


def fact_field(fact: Fact) -> str:
    """The name of a fact's field on a form."""
    return f"fact_{fact}"


def label_of(fact: Fact) -> Any:
    """A fact's name as a label begins."""
    return capitalised(FACT_NAMES[fact])


def capitalised(text: Any) -> str:
    words = str(text)
    return words[:1].upper() + words[1:]


def asked_field(fact: Fact, choices: Choices | None = None) -> forms.Field:
    """The field in which a fact of a case is given; empty means that it is not known."""
    if fact in NUMBERS:
        return forms.DecimalField(
            label=label_of(fact),
            required=False,
            min_value=Decimal(0),
            max_digits=14,
            decimal_places=4,
            widget=forms.NumberInput(attrs={"step": "any", "min": "0", "inputmode": "decimal"}),
        )
    if fact is Fact.PRODUCT:
        return forms.CharField(label=label_of(fact), required=False, max_length=120)
    found = choices if choices is not None else [(str(value), label) for value, label in CLOSED[fact].choices]
    return forms.ChoiceField(label=label_of(fact), required=False, choices=[("", _("not known")), *found])


class TryForm(forms.Form):
    """Facts to try a version with."""

    def __init__(
        self, *args: Any, facts: tuple[Fact, ...], tables: dict[Fact, Choices], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.asked = tuple(fact for fact in facts if fact not in (Fact.CURRENCY, Fact.JURISDICTION))
        self.fields["currency"] = forms.ChoiceField(
            label=_("Currency"), choices=[(code, code) for code in CURRENCIES]
        )
        for fact in self.asked:
            self.fields[fact_field(fact)] = asked_field(fact, tables.get(fact))

    @property
    def given(self) -> Facts:
        """What a valid form says; what is left empty is unknown."""
        known: dict[Fact, Value] = {}
        for fact in self.asked:
            value = self.cleaned_data[fact_field(fact)]
            if value not in (None, ""):
                plain = fact in NUMBERS or fact is Fact.PRODUCT
                known[fact] = value if plain else frozenset({str(value)})
        return Facts(self.cleaned_data["currency"], known)


class PublishForm(forms.Form):
    """The day from which a draft holds, and what it changes."""

    effective_from = forms.DateField(
        label=_("In force from"), widget=day_input(), help_text=_("By the day of each branch.")
    )
    note = forms.CharField(label=_("What changed, and why"), max_length=250)


class RetireForm(forms.Form):
    """The day from which a version gives nothing any more."""

    ended_on = forms.DateField(label=_("No longer in force from"), widget=day_input())


class PolicyForm(GroupedForm):
    """A new policy."""

    code = forms.SlugField(label=_("Code"), max_length=40, widget=forms.TextInput(attrs=_TYPED))
    name_en = forms.CharField(label=_("Name in English"), max_length=120)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120)
    jurisdiction = forms.RegexField(
        "^([A-Za-z]{2})?$",
        label=_("Jurisdiction"),
        required=False,
        help_text=_("The code of a country, EU, or nothing for everywhere."),
    )
    owner = forms.CharField(label=_("Who answers for it"), max_length=120, required=False)
    source = forms.CharField(label=pgettext_lazy("of a rule", "Source"), max_length=250, required=False)
    layout = [("", ["code", "name_en", "name_zh", "jurisdiction", "owner", "source"])]


class RuleForm(GroupedForm):
    """One rule of a draft. Nothing ticked under a heading means that any will do."""

    wide = True

    name_en = forms.CharField(label=_("Name in English"), max_length=120)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120)
    kinds = forms.MultipleChoiceField(
        label=_("Kinds"), choices=kind_choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    entitlement = forms.BooleanField(label=_("Owed, not goodwill"), required=False)
    base = forms.ChoiceField(
        label=_("Counted in"),
        choices=[
            (str(Base.FIXED), _("amounts")),
            (str(Base.LOSS), _("shares of the loss")),
            (str(Base.PRICE), _("shares of the price")),
        ],
    )
    by = forms.ChoiceField(label=_("Table by"), required=False)
    tiers = forms.CharField(
        label=_("Up to | minimum | usual | maximum"),
        widget=forms.Textarea(attrs={"rows": 4, **_TYPED}),
        help_text=_("A row in a line; * has no end, and 0.6 is 60%. Without a table: one line, with *."),
    )
    currency = forms.ChoiceField(
        label=_("Currency of amounts"), required=False, choices=[("", "–"), *((c, c) for c in CURRENCIES)]
    )
    floor = forms.DecimalField(label=_("At least"), required=False, min_value=Decimal(0))
    cap = forms.DecimalField(label=_("At most"), required=False, min_value=Decimal(0))
    halved = forms.CharField(
        label=_("Halved where"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, **_TYPED}),
        help_text=_("Bounds in a line must all hold, such as: distance > 3500, delay < 4"),
    )
    days = forms.IntegerField(label=_("Pay within days"), required=False, min_value=1, max_value=365)
    unit = forms.ChoiceField(
        label=_("Days of"),
        choices=[(str(Unit.BUSINESS), _("business")), (str(Unit.CALENDAR), _("the calendar"))],
    )
    text_en = forms.CharField(
        label=_("Text for the customer in English"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    text_zh = forms.CharField(
        label=_("Text for the customer in Chinese"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    source = forms.CharField(label=pgettext_lazy("of a rule", "Source"), max_length=250, required=False)

    def __init__(self, *args: Any, tables: dict[Fact, Choices], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by = [("", _("no table")), *((str(fact), label_of(fact)) for fact in NUMBERS)]
        self.fields["by"].choices = by  # type: ignore[attr-defined]
        listed = {**{fact: CLOSED[fact].choices for fact in CLOSED}, **tables}
        for fact, choices in listed.items():
            for name, label in ((fact_field(fact), label_of(fact)), (_not(fact), _except(fact))):
                self.fields[name] = forms.MultipleChoiceField(
                    label=label,
                    required=False,
                    choices=[(str(value), text) for value, text in choices],
                    widget=forms.SelectMultiple(attrs={"size": 4}),
                )
        for fact in NUMBERS:
            self.fields[fact_field(fact)] = forms.CharField(
                label=label_of(fact), required=False, max_length=60, widget=forms.TextInput(attrs=_TYPED)
            )
        self.fields[fact_field(Fact.PRODUCT)] = forms.CharField(
            label=_("Product or service contains"), required=False, max_length=120
        )
        self.listed = tuple(listed)
        self.layout = [
            ("", ["name_en", "name_zh", "source"]),
            (_("Applies to numbers such as: >= 3, < 4"), [fact_field(fact) for fact in NUMBERS]),
            (_("Applies to (nothing chosen: to all)"), [fact_field(f) for f in (*listed, Fact.PRODUCT)]),
            (_("But not to"), [_not(fact) for fact in listed]),
            (_("Gives"), ["base", "currency", "by", "tiers", "floor", "cap", "halved"]),
            (_("How"), ["kinds", "entitlement", "days", "unit", "text_en", "text_zh"]),
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name, read in (("tiers", tiers_from_text), ("halved", groups_from_text)):
            data[name] = self._read(name, read, data.get(name, ""))
        self.bounds: list[Condition] = []
        for fact in NUMBERS:
            name = fact_field(fact)
            found = self._read(name, lambda text, fact=fact: bounds_from_text(text, fact), data.get(name, ""))
            self.bounds += found or ()
        return data

    def _read(self, name: str, read: Any, text: str) -> Any:
        try:
            return read(text)
        except UnreadableError as error:
            self.add_error(name, _("“%(part)s” can't be read.") % {"part": str(error)})
            return None

    @property
    def rule(self) -> Rule:
        """The rule that a valid form describes."""
        data = self.cleaned_data
        conditions = [
            Condition(fact, op, values=frozenset(data[name]))
            for fact in self.listed
            for name, op in ((fact_field(fact), Op.IN), (_not(fact), Op.NOT_IN))
            if data[name]
        ]
        if data[fact_field(Fact.PRODUCT)]:
            words = frozenset({data[fact_field(Fact.PRODUCT)]})
            conditions.append(Condition(Fact.PRODUCT, Op.CONTAINS, values=words))
        return Rule(
            name_en=data["name_en"],
            name_zh=data["name_zh"],
            conditions=(*conditions, *self.bounds),
            award=Award(
                base=Base(data["base"]),
                tiers=data["tiers"],
                by=Fact(data["by"]) if data["by"] else None,
                floor=data["floor"],
                cap=data["cap"],
                currency=data["currency"],
                halved=data["halved"],
            ),
            kinds=tuple(data["kinds"]),
            entitlement=data["entitlement"],
            deadline=Deadline(data["days"], Unit(data["unit"])) if data["days"] else None,
            text_en=data["text_en"],
            text_zh=data["text_zh"],
            source=data["source"],
        )

    @staticmethod
    def initial_of(rule: Rule) -> dict[str, Any]:
        """A rule as the form shows it."""
        award = rule.award
        values: dict[str, Any] = {
            "name_en": rule.name_en,
            "name_zh": rule.name_zh,
            "kinds": list(rule.kinds),
            "entitlement": rule.entitlement,
            "base": str(award.base),
            "by": str(award.by or ""),
            "tiers": tiers_to_text(award.tiers),
            "currency": award.currency,
            "floor": award.floor,
            "cap": award.cap,
            "halved": groups_to_text(award.halved),
            "text_en": rule.text_en,
            "text_zh": rule.text_zh,
            "source": rule.source,
        }
        if rule.deadline:
            values |= {"days": rule.deadline.days, "unit": str(rule.deadline.unit)}
        for fact in NUMBERS:
            values[fact_field(fact)] = bounds_to_text(rule.conditions, fact)
        for condition in rule.conditions:
            if condition.bound is None:
                name = _not(condition.fact) if condition.op is Op.NOT_IN else fact_field(condition.fact)
                plain = ", ".join(sorted(condition.values))
                values[name] = plain if condition.op is Op.CONTAINS else sorted(condition.values)
        return values


def _not(fact: Fact) -> str:
    return f"not_{fact}"


def _except(fact: Fact) -> str:
    return capitalised(_("{fact}: not these").format(fact=FACT_NAMES[fact]))
