"""Registers the `cases` app and its seeds."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.migrating import seed_after_migrating


class CasesConfig(AppConfig):
    name = "cases"
    verbose_name = _("Cases")

    def ready(self) -> None:
        from cases import receivers  # noqa: F401  # registers itself
        from cases.seed import seed

        seed_after_migrating(self, seed)
