"""Registers the `compensation` app, its starting authorities, and its say in closing a case."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CompensationConfig(AppConfig):
    name = "compensation"
    verbose_name = _("Compensation")

    def ready(self) -> None:
        from cases.registry import register_closing_blocker
        from compensation.queries import closing_blockers
        from compensation.seed import seed

        post_migrate.connect(seed, sender=self)
        register_closing_blocker(closing_blockers)
