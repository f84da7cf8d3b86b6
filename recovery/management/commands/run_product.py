"""`manage.py run_product`: everything Amends needs to run, under one supervisor; `make run` calls it."""

from __future__ import annotations

import errno
import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections

from common.migrating import count_unapplied_migrations
from recovery.services.client import ensure_services, leave_services
from recovery.supervisor import preparation, probe
from recovery.supervisor.supervisor import PartsProblem, Supervisor

DEMO_ROLES = ("frontline", "supervisor", "manager", "admin", "auditor", "finance")
DEMO_PASSWORD = "amends-demo"  # noqa: S105  # published on purpose; the demo runs on one machine only
READY_SECONDS = 90
ASK_SECONDS = 0.5


class Command(BaseCommand):
    help = "Prepares the data and runs web server, worker and beat until it is stopped."
    requires_system_checks: list[str] = []  # `migrate` runs them

    def handle(self, *args: Any, **options: Any) -> None:
        environment = settings.ENVIRONMENT
        self.address = f"http://{environment.bind}:{environment.port}"
        self.is_ready = False
        try:
            with preparation.folder_of_ones_own(environment.data_dir, self.address):
                preparation.require_free_port(environment.bind, environment.port)
                preparation.require_space(environment.data_dir)
                try:
                    self._prepare()
                    self._run()
                finally:
                    connections.close_all()
                    leave_services(settings.SERVICES)
        except (preparation.PreparationProblem, PartsProblem) as problem:
            raise CommandError(f"Amends can't run: {problem}") from problem
        except (OSError, DatabaseError) as error:
            if not _is_full_disk(error):
                raise
            raise CommandError(f"Amends can't run: the disk of {environment.data_dir} is full.") from error
        except KeyboardInterrupt:
            self._step("Stopped before it was ready")

    def _prepare(self) -> None:
        if settings.ENVIRONMENT.database_url is None or settings.ENVIRONMENT.redis_url is None:
            self._step("Starting embedded PostgreSQL and Valkey")
            ensure_services(settings.SERVICES)
        if not preparation.static_files_are_collected():
            self._step("Collecting static files")
            preparation.collect_static_files()
        with preparation.patient_database():
            if count := count_unapplied_migrations():
                self._step(f"Migrating the database ({count} migrations)")
                call_command("migrate", interactive=False, verbosity=0)
            if preparation.needs_demo_data():
                self._step("Loading demo data, this once")
                call_command("load_demo")

    def _run(self) -> None:
        self._step("Starting web server, worker and beat")
        self.started_at = self.asked_at = time.monotonic()
        Supervisor(["web", "worker", "beat"], self._say, self._tick).run()
        self._step("Stopped")

    def _tick(self) -> None:
        if settings.ENVIRONMENT.database_url is None or settings.ENVIRONMENT.redis_url is None:
            ensure_services(settings.SERVICES)
        now = time.monotonic()
        if self.is_ready or now - self.asked_at < ASK_SECONDS:
            return
        self.asked_at = now
        missing = probe.what_is_missing(self.address, settings.ALLOWED_HOSTS[0])
        if not missing:
            self.is_ready = True
            self._welcome()
        elif now - self.started_at > READY_SECONDS:
            raise PartsProblem(f"after {READY_SECONDS} seconds it is still not ready: {', '.join(missing)}.")

    def _welcome(self) -> None:
        self._say(f"\nAmends is ready at {self.address}")
        if settings.DEMO:
            names = ", ".join(f"{role}@demo.example" for role in DEMO_ROLES)
            self._say(f"Sign in as {names}; password {DEMO_PASSWORD}")
        self._say("Ctrl-C stops it.\n")

    def _step(self, text: str) -> None:
        self._say(f"· {text}")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _is_full_disk(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "No space left on device" in str(error)
