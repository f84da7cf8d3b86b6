"""Registers the `messaging` app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.migrating import seed_after_migrating


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = _("Messaging")

    def ready(self) -> None:
        from messaging.seed import seed

        seed_after_migrating(self, seed)
