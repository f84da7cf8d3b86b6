"""What is published about calendars, so that the clocks that run by them can follow."""

from django.dispatch import Signal

# Sent inside the transaction that changes a calendar, its row locked: calendar=
calendar_changed = Signal()
