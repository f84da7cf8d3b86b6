"""Registers the `cases` app and its seeds."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CasesConfig(AppConfig):
    name = "cases"
    verbose_name = _("Cases")

    def ready(self) -> None:
        from cases import receivers  # noqa: F401  # registers itself
        from cases.seed import seed

        post_migrate.connect(seed, sender=self)
