"""What is published about staff, so that upper apps can keep a record of it."""

from django.dispatch import Signal

# Sent inside the transaction that changes an account, its row locked:
# staff= the account, verb= such as "staff.created", actor= who did it (None: the product), data= the change.
staff_changed = Signal()

# Sent inside the transaction that changes a branch, its row locked: branch=, and the rest as above.
branch_changed = Signal()

# Sent inside the transaction that changes a team of a branch: team=, and the rest as above.
team_changed = Signal()

# Sent inside the transaction that changes what roles may grant in a currency, its rows locked: currency=, and
# the rest as above.
authority_changed = Signal()

# Sent inside the transaction in which authority is lent or taken back: verb=, actor= and data= as above.
delegation_changed = Signal()
