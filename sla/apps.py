"""Registers the `sla` app and its seeds."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.migrating import seed_after_migrating


class SlaConfig(AppConfig):
    name = "sla"
    verbose_name = _("Service levels")

    def ready(self) -> None:
        from sla.seed import seed

        seed_after_migrating(self, seed)
