"""The codes a suggestion may carry, and which failure type each defect speaks for."""

PROCESS = "process"
OUTCOME = "outcome"
FAILURE_TYPES = (PROCESS, OUTCOME)

# How the service was delivered is a process failure, what was delivered an outcome failure. A promise
# is counted with the outcome because most promises in complaints are about the thing itself (a date,
# a delivery); a lexicon group may say otherwise for its own phrases ("said they would call back").
FAILURE_OF_DEFECT = {
    "unfriendly": PROCESS,
    "passive": PROCESS,
    "disrespectful": PROCESS,
    "lacks_knowledge": PROCESS,
    "cannot_solve": PROCESS,
    "wrong_information": PROCESS,
    "poor_understanding": PROCESS,
    "unclear": PROCESS,
    "does_not_listen": PROCESS,
    "slow": PROCESS,
    "inefficient": PROCESS,
    "misallocated": PROCESS,
    "unreasonable": PROCESS,
    "cumbersome": PROCESS,
    "opaque": PROCESS,
    "below_standard": OUTCOME,
    "promise_not_kept": OUTCOME,
    "complaint_mishandled": PROCESS,
}
DEFECTS = tuple(FAILURE_OF_DEFECT)

# Heaviest first: the order in which cues are listed on a case.
CUES = ("safety", "legal", "regulator", "media", "fraud", "payment", "repeat")

TIERS = ("standard", "silver", "gold", "platinum")

CRITICAL, HIGH, MEDIUM, LOW = 1, 2, 3, 4
