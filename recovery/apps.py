"""Registers the project's own commands and checks, and loads the Celery app with Django."""

from django.apps import AppConfig


class RecoveryConfig(AppConfig):
    name = "recovery"

    def ready(self) -> None:
        # `shared_task` binds to the app that exists when a task is first sent.
        from recovery import celery  # noqa: F401
