"""Registers the `compensation` app, its starting authorities, and its say in closing a case."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.migrating import seed_after_migrating


class CompensationConfig(AppConfig):
    name = "compensation"
    verbose_name = _("Compensation")

    def ready(self) -> None:
        from cases.registry import register_closing_blocker
        from compensation.queries import closing_blockers
        from compensation.seed import seed

        seed_after_migrating(self, seed)
        register_closing_blocker(closing_blockers)
