"""What happened to a case, for upper apps to act on; sent inside the transaction that did it."""

from django.dispatch import Signal

# case: Case, at: datetime
case_resolved = Signal()

# case: Case, at: datetime
case_reopened = Signal()
