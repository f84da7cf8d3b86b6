"""Registers the `feedback` app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class FeedbackConfig(AppConfig):
    name = "feedback"
    verbose_name = _("Feedback")

    def ready(self) -> None:
        from feedback import receivers  # noqa: F401  # connects itself
        from feedback.seed import seed

        post_migrate.connect(seed, sender=self)
