"""The four branches of the fictional group: their hours, what they sell, and what goes wrong there."""

from __future__ import annotations

from dataclasses import dataclass, field

Week = dict[str, list[list[str]]]


@dataclass(frozen=True, slots=True)
class Product:
    """Something sold, with its lowest and highest price in the branch's currency."""

    english: str
    chinese: str
    low: int
    high: int

    def named(self, language: str) -> str:
        return self.english if language == "en" else self.chinese


@dataclass(frozen=True, slots=True)
class Trade:
    """A branch as the demo needs it. `share` is its part of all cases, `chinese` that of its customers who
    write Chinese, `defects` how often each goes wrong there against the others."""

    code: str
    kind: str
    names: tuple[str, str]
    calendar_names: tuple[str, str]
    time_zone: str
    currency: str
    week: Week
    holiday_country: str
    share: float
    chinese: float
    locale: str
    order_prefix: str
    loss: tuple[int, int]
    products: tuple[Product, ...]
    defects: dict[str, int] = field(default_factory=dict)


def _days(days: range, *hours: tuple[str, str]) -> Week:
    return {str(day): [list(pair) for pair in hours] for day in days}


ANYWHERE = {
    "unfriendly": 4, "passive": 3, "disrespectful": 2, "lacks_knowledge": 3, "cannot_solve": 4,
    "wrong_information": 4, "poor_understanding": 2, "unclear": 3, "does_not_listen": 3, "slow": 7,
    "inefficient": 3, "misallocated": 3, "unreasonable": 3, "cumbersome": 3, "opaque": 4,
    "below_standard": 19, "promise_not_kept": 11, "complaint_mishandled": 2,
}  # fmt: skip

TRADES: tuple[Trade, ...] = (
    Trade(
        code="lantern-hotel",
        kind="hotel",
        names=("Lantern Hotel (demo)", "灯笼酒店（演示）"),
        calendar_names=("Hotel desk, day and night", "酒店前台，昼夜"),
        time_zone="Asia/Shanghai",
        currency="CNY",
        week=_days(range(7), ("00:00", "24:00")),
        holiday_country="",
        share=0.30,
        chinese=0.72,
        locale="en_US",
        order_prefix="H",
        loss=(80, 1600),
        products=(
            Product("a garden room", "花园房", 680, 1280),
            Product("a family room", "家庭房", 880, 1680),
            Product("a single room", "单人房", 420, 760),
            Product("a suite", "套房", 1600, 3200),
        ),
        defects=ANYWHERE | {"slow": 9, "opaque": 6, "misallocated": 5},
    ),
    Trade(
        code="lantern-kitchen",
        kind="restaurant",
        names=("Lantern Kitchen (demo)", "灯笼小馆（演示）"),
        calendar_names=("Kitchen, lunch and dinner", "餐厅，午市与晚市"),
        time_zone="Asia/Shanghai",
        currency="CNY",
        week=_days(range(7), ("10:30", "14:30"), ("17:00", "22:00")),
        holiday_country="CN",
        share=0.24,
        chinese=0.85,
        locale="en_US",
        order_prefix="R",
        loss=(60, 900),
        products=(
            Product("a table for four", "四人桌", 320, 780),
            Product("the banquet menu", "宴席套餐", 1200, 2800),
            Product("the lunch menu", "午市套餐", 88, 188),
            Product("a birthday dinner", "生日宴", 900, 2200),
        ),
        defects=ANYWHERE | {"unfriendly": 7, "slow": 10, "below_standard": 24},
    ),
    Trade(
        code="lantern-parcel",
        kind="courier",
        names=("Lantern Parcel (demo)", "灯笼速递（演示）"),
        calendar_names=("Parcel depot", "快件站点"),
        time_zone="Europe/Berlin",
        currency="EUR",
        week=_days(range(5), ("07:30", "19:00")) | _days(range(5, 6), ("08:00", "14:00")),
        holiday_country="DE",
        share=0.26,
        chinese=0.18,
        locale="de_DE",
        order_prefix="LP",
        loss=(8, 180),
        products=(
            Product("a next-day parcel", "次日达快件", 9, 19),
            Product("a standard parcel", "标准快件", 5, 9),
            Product("an insured parcel", "保价快件", 14, 39),
            Product("a pick-up at home", "上门取件", 6, 14),
        ),
        defects=ANYWHERE | {"promise_not_kept": 8, "below_standard": 18, "slow": 6, "unfriendly": 2},
    ),
    Trade(
        code="lantern-home",
        kind="shop",
        names=("Lantern Home (demo)", "灯笼家居（演示）"),
        calendar_names=("Shop", "门店"),
        time_zone="Europe/Berlin",
        currency="EUR",
        week=_days(range(6), ("10:00", "19:30")),
        holiday_country="DE",
        share=0.20,
        chinese=0.14,
        locale="de_DE",
        order_prefix="S",
        loss=(15, 380),
        products=(
            Product("a kettle", "电水壶", 29, 69),
            Product("a desk lamp", "台灯", 39, 129),
            Product("a pair of headphones", "耳机", 59, 249),
            Product("a vacuum cleaner", "吸尘器", 99, 399),
            Product("an armchair", "扶手椅", 149, 499),
        ),
        defects=ANYWHERE | {"below_standard": 24, "unreasonable": 5, "promise_not_kept": 9},
    ),
)

# What shows up as a signal in early warning: one defect at one branch that rose in the last days.
SPIKE_BRANCH = "lantern-parcel"
SPIKE_DEFECT = "promise_not_kept"
SPIKE_DAYS = 7
