"""The severity a complaint suggests: plain arithmetic on cues, loss, repeats and tier."""

from collections.abc import Collection
from decimal import Decimal

from cases.suggestion.codes import CRITICAL, CUES, HIGH, LOW, MEDIUM

SEVERITY_OF_CUE = {
    "safety": CRITICAL,
    "legal": CRITICAL,
    "media": CRITICAL,
    "regulator": HIGH,
    "fraud": HIGH,
    "payment": HIGH,
    "repeat": HIGH,
}

# Our own judgement, in units worth about a dollar or a euro: (from this loss on, severity, reason).
LOSS_BANDS = (
    (Decimal(10_000), CRITICAL, "loss:very_high"),
    (Decimal(1_000), HIGH, "loss:high"),
    (Decimal(50), MEDIUM, "loss:some"),
)

# How many of a currency's units make one unit of the bands above. These are orders of magnitude to tell
# a large loss from a small one, not exchange rates; an unlisted currency counts one to one.
_UNITS = {
    "CNY": 7, "HKD": 8, "TWD": 30, "JPY": 150, "KRW": 1_400, "INR": 85, "THB": 35, "PHP": 57,
    "VND": 25_000, "IDR": 16_000, "MXN": 18, "ZAR": 18, "SEK": 10, "NOK": 10, "DKK": 7, "CZK": 23,
    "PLN": 4, "TRY": 35, "RUB": 90, "BRL": 5, "MYR": 4, "HUF": 360,
}  # fmt: skip

# From this many earlier complaints on, a customer counts as complaining repeatedly.
REPEAT_FROM = 2


def suggest_severity(
    *,
    cues: Collection[str],
    failure_found: bool,
    mild: bool,
    loss: Decimal | None,
    currency: str,
    repeat_count: int,
    tier: str,
) -> tuple[int, tuple[str, ...]]:
    """Severity 1 (critical) to 4 (low), and the codes of what led to it.

    Cues and loss set a level, the gravest wins. Repeats raise it by one step, and so does the tier, but
    neither lifts a case into critical: that is for safety, law, media and very high losses. Silver
    lifts no further than medium.
    """
    severity, reasons = LOW, []
    if failure_found and not mild:
        severity = MEDIUM
        reasons.append("failure")
    for cue in sorted(cues, key=CUES.index):
        severity = min(severity, SEVERITY_OF_CUE[cue])
        reasons.append(f"cue:{cue}")
    if band := _loss_band(loss, currency):
        severity = min(severity, band[0])
        reasons.append(band[1])
    if repeat_count >= REPEAT_FROM and severity > HIGH:
        severity -= 1
        reasons.append("repeat")
    ceiling = {"silver": MEDIUM, "gold": HIGH, "platinum": HIGH}.get(tier, LOW)
    if severity > ceiling:
        severity -= 1
        reasons.append("tier")
    if mild and severity == LOW:
        reasons.append("mild")
    return severity, tuple(reasons)


def _loss_band(loss: Decimal | None, currency: str) -> tuple[int, str] | None:
    if loss is None or not loss.is_finite():
        return None
    units = loss / _UNITS.get(currency.strip().upper(), 1)
    return next(((severity, reason) for floor, severity, reason in LOSS_BANDS if units >= floor), None)
