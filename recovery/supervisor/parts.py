"""The processes of a running Amends; `python -m recovery.supervisor.parts web` is one of them.

Containers run them one by one, where the manager of containers is the supervisor.
"""

from __future__ import annotations

import os
import sys
import warnings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recovery.settings")

STOP_SECONDS = 8


def run_web() -> None:
    """Serves pages with Granian: workers are forked from a process that has loaded the product."""
    from django.conf import settings
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    from recovery import wsgi  # noqa: F401  # loaded once, shared by the workers it forks

    environment = settings.ENVIRONMENT
    Server(
        "recovery.wsgi:application",
        address=environment.bind,
        port=environment.port,
        interface=Interfaces.WSGI,
        workers=environment.web_workers,
        blocking_threads=environment.web_threads,
        # A thread keeps its connection to the database, so threads are kept too.
        blocking_threads_idle_timeout=600,
        backlog=1024,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    ).serve()


def run_worker() -> None:
    """Does background work: takes tasks from the broker.

    Ends with exit code 1 when nobody asked it to stop: Celery gives up with 0 when the broker is lost while
    it still recovers from losing it, and then a manager of containers might not start it again.
    """
    import django
    from celery import signals
    from celery.exceptions import CPendingDeprecationWarning, SecurityWarning
    from django.conf import settings

    from recovery.celery import app

    django.setup()
    # Celery warns of root because it may unpickle, but Amends speaks JSON only; and it warns of a
    # default that is to change, but Amends has chosen.
    warnings.simplefilter("ignore", SecurityWarning)
    warnings.simplefilter("ignore", CPendingDeprecationWarning)
    requests: list[str] = []

    def note(sig: str, **_kwargs: object) -> None:
        requests.append(sig)

    signals.worker_shutting_down.connect(note, weak=False)
    app.start(
        [
            *("--skip-checks", "--quiet", "worker", "--loglevel", "WARNING", "--pool", "prefork"),
            *("--concurrency", str(settings.ENVIRONMENT.worker_concurrency)),
            # Workers need not know of each other; what they would say keeps an idle broker busy.
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ]
    )
    if not requests:
        sys.exit("The worker ended, though nobody asked it to.")


def run_beat() -> None:
    """Sends periodic tasks on their way."""
    import django

    from recovery.celery import app

    django.setup()
    app.start(["--skip-checks", "--quiet", "beat", "--loglevel", "WARNING", "--pidfile", ""])


PARTS = {"web": run_web, "worker": run_worker, "beat": run_beat}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in PARTS:
        sys.stderr.write(f"Name one of: {', '.join(PARTS)}.\n")
        return 2
    from recovery.environment import EnvironmentProblem
    from recovery.services.client import ServicesProblem

    try:
        PARTS[arguments[0]]()
    except (EnvironmentProblem, ServicesProblem) as problem:
        sys.stderr.write(f"Amends can't start: {problem}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
