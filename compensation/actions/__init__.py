"""Writers of compensation.

Locks are taken in one order, so that no two actions wait for each other: the case, then the proposer (whose
daily limit is at stake), then the budget. The proposer is locked without the key, for events that name a
person as their author must not wait.
"""
