"""Forms of routes of approval, and of authority for a person, a kind or a basis."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.actions.authorities import granting_roles, today
from accounts.models import Branch, User
from accounts.queries import roles_with
from accounts.states import Capability
from common.money import CURRENCIES
from compensation.actions.routes import MOST_LEVELS, NewRoute
from compensation.actions.special_limits import NewLimit
from compensation.kind_queries import kind_choices
from compensation.models import ApprovalRoute
from compensation.states import Basis
from desk.forms.grouped import GroupedForm
from desk.forms.offers import AMOUNT, choose
from desk.forms.places import day_input

LEVELS = range(1, MOST_LEVELS + 1)
_ANY = ("", _("any"))
_ROUTE_FIELDS = (
    "name",
    "currency",
    "kind",
    "basis",
    "branch_id",
    "from_amount",
    "only_beyond_policy",
    "valid_from",
)


class _ForKind(GroupedForm):
    """What both are for: a currency, a kind and a basis, from a day on."""

    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in CURRENCIES])
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    basis = forms.ChoiceField(label=_("Basis"), required=False, choices=[_ANY, *Basis.choices])
    valid_from = forms.DateField(label=_("Valid from"), widget=day_input(), initial=today)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self.fields["kind"], [_ANY, *kind_choices()])  # type: ignore[list-item]


class LimitForm(_ForKind):
    """What a person may grant, or a role of one kind or basis."""

    role = forms.ChoiceField(label=_("Role"), required=False)
    user_id = forms.TypedChoiceField(
        label=_("Person"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=_("It holds while they have the role that they have now."),
    )
    per_case = forms.DecimalField(label=_("Per case"), widget=forms.NumberInput(attrs=AMOUNT))
    per_day = forms.DecimalField(label=_("Per day"), widget=forms.NumberInput(attrs=AMOUNT))
    layout: list[tuple[str | Promise, list[str]]] = [
        (pgettext_lazy("whose limit it is", "Who"), ["role", "user_id"]),
        (_("For what"), ["kind", "basis"]),
        (_("How much"), ["currency", "per_case", "per_day", "valid_from"]),
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nobody = ("", "–")
        choose(self.fields["role"], [nobody, *((role.value, str(role.label)) for role in granting_roles())])
        people = User.objects.filter(is_active=True, role__in=granting_roles()).order_by("name", "pk")
        named = [(str(one.pk), f"{one.name} · {one.get_role_display()}") for one in people]
        choose(self.fields["user_id"], [nobody, *named])

    @property
    def new(self) -> NewLimit:
        """What a valid form says."""
        return NewLimit(**self.cleaned_data)


class RouteForm(_ForKind):
    """Who is asked, level by level."""

    name = forms.CharField(
        label=_("What it is called"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    from_amount = forms.DecimalField(
        label=_("From this amount"),
        initial=0,
        widget=forms.NumberInput(attrs=AMOUNT),
        help_text=_("Of all that stands on the case."),
    )
    branch_id = forms.TypedChoiceField(
        label=_("Branch"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=_("One for a branch comes before one for any."),
    )
    only_beyond_policy = forms.BooleanField(label=_("Only for what leaves the policy"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        branches = Branch.objects.filter(is_active=True).order_by("code")
        choose(self.fields["branch_id"], [_ANY, *((str(one.pk), one.label) for one in branches)])  # type: ignore[list-item]
        roles = [("", "–"), *((role.value, str(role.label)) for role in roles_with(Capability.DECIDE_OFFER))]
        self.layout = [
            ("", ["name"]),
            (
                _("For what"),
                ["currency", "from_amount", "kind", "basis", "branch_id", "valid_from", "only_beyond_policy"],
            ),
        ]
        for number in LEVELS:
            names = [f"level_{number}", f"beside_{number}"]
            labels = (_("asked"), _("and at the same time"))
            for name, label in zip(names, labels, strict=True):
                self.fields[name] = forms.ChoiceField(label=label, required=False, choices=roles)
            self.layout.append((_("First") if number == 1 else _("Then"), names))

    @property
    def new(self) -> NewRoute:
        """What a valid form says; levels after the last one that is filled do not count."""
        given = self.cleaned_data
        levels = [
            tuple(given[name] for name in (f"level_{number}", f"beside_{number}") if given[name])
            for number in LEVELS
        ]
        while levels and not levels[-1]:
            levels.pop()
        return NewRoute(levels=tuple(levels), **{name: given[name] for name in _ROUTE_FIELDS})


def values_of(route: ApprovalRoute) -> dict[str, Any]:
    """What the form of a route that takes its place begins with."""
    values = {name: getattr(route, name) for name in _ROUTE_FIELDS}
    values["from_amount"] = f"{route.from_amount.normalize():f}"
    values["valid_from"] = max(route.valid_from, today())
    names = {1: "level_{}", 2: "beside_{}"}
    asked: dict[int, int] = {}
    for step in route.steps.all():
        asked[step.level] = asked.get(step.level, 0) + 1
        if asked[step.level] in names:
            values[names[asked[step.level]].format(step.level)] = step.role
    return values
