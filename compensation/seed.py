"""Authorities, the handling of kinds, rules of vouchers and drafts of policies to start with."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from accounts.models import Authority
from accounts.states import Role
from compensation.models import KindSetting, Policy, PolicyVersion, VoucherRule
from compensation.policy_examples import EXAMPLES
from compensation.policy_text import rule_to_data
from compensation.states import Need, OfferKind, RemedyClass

# Long ago, so that complaints from before the installation can be recorded, too.
START = dt.date(2000, 1, 1)

# Per case and per day, scaled by what a night or a meal costs there, not by the exchange rate.
AUTHORITIES: dict[str, dict[Role, tuple[int, int]]] = {
    "EUR": {Role.FRONTLINE: (50, 200), Role.SUPERVISOR: (300, 1500), Role.MANAGER: (5000, 20000)},
    "GBP": {Role.FRONTLINE: (50, 200), Role.SUPERVISOR: (300, 1500), Role.MANAGER: (5000, 20000)},
    "USD": {Role.FRONTLINE: (50, 200), Role.SUPERVISOR: (300, 1500), Role.MANAGER: (5000, 20000)},
    "CNY": {Role.FRONTLINE: (300, 1200), Role.SUPERVISOR: (2000, 10000), Role.MANAGER: (30000, 120000)},
}


# What the customer has to choose a time for is asked first; money and codes simply come, in business days.
KINDS: dict[OfferKind, tuple[Need, bool, int]] = {
    OfferKind.REFUND: (Need.PAYMENT, False, 5),
    OfferKind.COMPENSATION: (Need.PAYMENT, False, 5),
    OfferKind.VOUCHER: (Need.CODE, False, 2),
    OfferKind.DISCOUNT: (Need.CODE, False, 2),
    OfferKind.FREE_SERVICE: (Need.BOOKING, True, 10),
    OfferKind.UPGRADE: (Need.BOOKING, True, 5),
    OfferKind.POINTS: (Need.CREDIT, False, 3),
    OfferKind.HOTEL: (Need.RECEIPT, False, 1),
    OfferKind.MEAL: (Need.RECEIPT, False, 1),
    OfferKind.GIFT: (Need.SHIPMENT, False, 10),
    OfferKind.REPLACEMENT: (Need.SHIPMENT, False, 10),
    OfferKind.LETTER: (Need.LETTER, False, 5),
}
# These give regard, the others something of worth.
REGARD = frozenset({OfferKind.GIFT, OfferKind.LETTER})


def seed() -> None:
    """Add what is missing; roles with any authority in a currency, and kinds with a setting, keep theirs."""
    KindSetting.objects.bulk_create(
        [
            KindSetting(
                kind=kind,
                need=need,
                remedy_class=RemedyClass.REGARD if kind in REGARD else RemedyClass.WORTH,
                asks_customer=asks,
                due_days=days,
            )
            for kind, (need, asks, days) in KINDS.items()
        ],
        ignore_conflicts=True,
    )
    known = set(Authority.objects.values_list("role", "currency").distinct())
    Authority.objects.bulk_create(
        [
            Authority(
                role=role, currency=currency, per_case=Decimal(case), per_day=Decimal(day), valid_from=START
            )
            for currency, roles in AUTHORITIES.items()
            for role, (case, day) in roles.items()
            if (role, currency) not in known
        ],
        ignore_conflicts=True,
    )
    VoucherRule.objects.bulk_create(
        [
            VoucherRule(kind=OfferKind.VOUCHER),
            VoucherRule(kind=OfferKind.DISCOUNT, validity_days=180, single_use=True),
        ],
        ignore_conflicts=True,
    )
    seed_policies()


def seed_policies() -> None:
    """Add the example policies that are missing, as drafts: nothing holds until somebody puts it in force."""
    known = set(Policy.objects.values_list("code", flat=True))
    for example in EXAMPLES:
        if example.code in known:
            continue
        policy = Policy.objects.create(
            code=example.code,
            name_en=example.name_en,
            name_zh=example.name_zh,
            jurisdiction=example.jurisdiction,
            source=example.source,
        )
        rules = [rule_to_data(rule) for rule in example.rules]
        PolicyVersion.objects.create(policy=policy, number=1, rules=rules)
