"""Going back to an older state of the database, and forth again."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from common.migrating import count_unapplied_migrations
from sla.models import Target


@pytest.mark.django_db(transaction=True)
def test_what_every_installation_starts_with_waits_until_the_database_is_complete() -> None:
    Target.objects.all().delete()

    # Calendars, which are started with too, have fewer columns there.
    call_command("migrate", "sla", "0001", interactive=False, verbosity=0)
    assert not Target.objects.exists()
    call_command("migrate", "sla", "0003", interactive=False, verbosity=0)
    assert not Target.objects.exists()

    call_command("migrate", interactive=False, verbosity=0)
    assert count_unapplied_migrations() == 0
    assert Target.objects.exists()
