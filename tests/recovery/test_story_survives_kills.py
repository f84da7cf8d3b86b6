"""kill -9 of worker, Valkey and web server in the midst of real work loses nothing and doubles nothing."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pprint import pformat

import psutil
import pytest

from recovery.services.layout import Layout
from tests.recovery.kills.facts import Facts, facts_of
from tests.recovery.kills.people import FATES, LEFT_OPEN, Complaint, Teller
from tests.support.processes import wait_until
from tests.support.product import RunningProduct, running_product

SEED = 20260304
ROUNDS = 3
TELLERS = "ABC"
# As the product's own beat, but every second, so that sweeps meet each other and the kills.
EAGER_BEAT = """
from recovery.celery import app
from recovery.supervisor.parts import run_beat
for entry in app.conf.beat_schedule.values():
    entry["schedule"] = 1
run_beat()
"""


class Victims:
    """The parts of a running product by name, whatever process each is by now."""

    def __init__(self, product: RunningProduct, chance: random.Random) -> None:
        self.product = product
        self.chance = chance
        self.killed: list[str] = []

    def _parts(self, name: str) -> list[psutil.Process]:
        """The processes that the supervisor has started to be this part: one, or none while it is away."""
        found = []
        for each in self.product.installation.processes("run_product"):
            with contextlib.suppress(psutil.Error):
                if each.ppid() == self.product.process.pid and each.name() == f"amends-{name}":
                    found.append(each)
        return found

    def kill_part(self, name: str) -> None:
        """The part and every process of it, at one blow; returns when the supervisor has started another."""
        victim = self._now(name)
        # It leads a session of its own. Celery may have ended by itself, having lost a child and the broker.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(victim.pid, signal.SIGKILL)
            self.killed.append(name)
        wait_until(lambda: not victim.is_running() and self._parts(name), f"{name} is back")

    def kill_child(self, name: str) -> None:
        """One of the processes that do the part's work, if there is one yet."""
        with contextlib.suppress(psutil.NoSuchProcess):
            children = self._now(name).children()
            if children:
                self.chance.choice(children).kill()

    def _now(self, name: str) -> psutil.Process:
        wait_until(lambda: self._parts(name), f"{name} is running")
        found = self._parts(name)
        return found[0] if found else self._now(name)

    def kill_valkey(self) -> None:
        for server in self.product.installation.processes("valkey-server"):
            server.kill()


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProduct]:
    with running_product(tmp_path_factory.mktemp("killed") / "var", demo_cases=60) as product:
        yield product


@pytest.mark.process
def test_the_story_survives_kills(product: RunningProduct) -> None:
    tellers = [Teller(product.installation.port, name) for name in TELLERS]
    with facts_of(Layout(product.installation.data_dir)) as facts:
        with second_beat(product):
            tell_while_killing(product, tellers, facts)
        # From here on the product is left alone: what is due comes with its own beat.
        tellers[0].tell_one("KILL-LAST")
        wait_until(lambda: facts.undone() == (0, 0, 0), "all that is due is done", 150)
        wrongs = facts.wrongs()
        assert not wrongs, pformat(wrongs)
        assert_all_is_kept([each for teller in tellers for each in teller.told], facts)
    assert sum(teller.lost for teller in tellers) > 0, "the kills met nobody at work"
    assert "every link holds" in product.manage("verify_audit")
    product.manage("verify_ledger")


def tell_while_killing(product: RunningProduct, tellers: list[Teller], facts: Facts) -> None:
    """Let the tellers work, kill what they work with, and wait until they have finished."""
    is_over = threading.Event()
    with ThreadPoolExecutor(len(tellers)) as pool:
        work = [pool.submit(teller.work, is_over) for teller in tellers]
        try:
            kill_all_in_turns(product, tellers, facts, work)
        finally:
            is_over.set()
        for each in work:
            each.result()
    facts.let_clocks_run_out([each.number for teller in tellers for each in teller.left_open])


def kill_all_in_turns(
    product: RunningProduct, tellers: list[Teller], facts: Facts, work: list[Future[None]]
) -> None:
    chance = random.Random(SEED)  # noqa: S311  # the same blows in each run
    victims = Victims(product, chance)
    blows: list[Callable[[], None]] = [
        lambda: victims.kill_part("web"),
        lambda: victims.kill_child("web"),
        lambda: victims.kill_part("worker"),
        lambda: victims.kill_child("worker"),
        victims.kill_valkey,
    ]
    for _round in range(ROUNDS):
        for blow in chance.sample(blows, len(blows)):
            await_progress(tellers, chance)
            blow()
            facts.let_clocks_run_out([each.number for teller in tellers for each in teller.left_open])
            for each in work:
                if each.done():
                    each.result()
    victims.kill_part("beat")
    said = product.log.read_text()
    for name in ("web", "worker", "beat"):
        assert said.count(f"{name} │ was ended by SIGKILL; starting it again") == victims.killed.count(name)


def await_progress(tellers: list[Teller], chance: random.Random) -> None:
    """Until some more was answered since the last blow, however fast this machine is, and more is asked."""
    enough = sum(teller.answered for teller in tellers) + chance.randint(3, 12)
    wait_until(lambda: sum(teller.answered for teller in tellers) >= enough, "work goes on", 90)
    time.sleep(chance.uniform(0, 0.2))
    wait_until(lambda: any(teller.is_waiting for teller in tellers), "somebody is at work")


@contextlib.contextmanager
def second_beat(product: RunningProduct) -> Iterator[None]:
    """Another beat at the same time, which should not be, and must do no harm."""
    beat = product.installation.start(
        "shell", "--no-imports", "-c", EAGER_BEAT, log=product.log.with_name("beat.log")
    )
    try:
        yield
        assert beat.poll() is None, product.log.with_name("beat.log").read_text()
    finally:
        beat.kill()
        beat.wait()


def assert_all_is_kept(told: list[Complaint], facts: Facts) -> None:
    """What people were told is saved is there, as they told it."""
    kept = facts.rows(
        "SELECT c.order_reference, c.number, c.state, r.satisfaction FROM story c"
        " LEFT JOIN feedback_response r ON r.case_id = c.id"
    )
    assert {row[0]: row[1:] for row in kept} == {
        each.marker: (each.number, "open" if each.points == LEFT_OPEN else "resolved", each.points or None)
        for each in told
    }
    assert {each.points for each in told} == set(FATES)
