"""Registers the `feedback` app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.migrating import seed_after_migrating


class FeedbackConfig(AppConfig):
    name = "feedback"
    verbose_name = _("Feedback")

    def ready(self) -> None:
        from feedback import receivers  # noqa: F401  # connects itself
        from feedback.seed import seed

        seed_after_migrating(self, seed)
