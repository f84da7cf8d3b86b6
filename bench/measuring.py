"""Measures: floor and scenario in turns, at one client and at eight, and what the product weighs."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connections

from bench.data.people import ADDRESS, PASSWORD, READERS
from bench.product import BenchProblem, Session, free_port, memory, running, sign_in
from bench.scenarios import SCENARIOS, Facts, Scenario, floor_requests, gather_facts
from bench.sweep import measure_sweep

HOST = "127.0.0.1"
CLIENTS = (1, READERS)
MOST_QUERIES = 20
Say = Callable[[dict[str, Any]], None]
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Pace:
    """How long is measured: rounds of a slice of the floor and a slice of the scenario."""

    rounds: int
    floor: float
    slice: float
    warm: float


THOROUGH = Pace(rounds=8, floor=0.3, slice=0.8, warm=2.0)
QUICK = Pace(rounds=1, floor=0.1, slice=0.2, warm=0.1)


@dataclass
class Taken:
    """What was measured of one scenario at one number of clients."""

    times: list[float] = field(default_factory=list)
    elapsed: float = 0.0
    queries: int = 0
    ratios: list[float] = field(default_factory=list)

    def add(self, answer: dict[str, Any], floor_p50: float) -> None:
        self.times += answer["times"]
        self.elapsed += answer["elapsed"]
        self.queries = max(self.queries, *answer["queries"])
        self.ratios.append(median(answer["times"]) / floor_p50)

    @property
    def rps(self) -> float:
        return len(self.times) / self.elapsed

    def line(self) -> dict[str, Any]:
        p95 = quantiles(self.times, n=20)[-1] if len(self.times) > 1 else self.times[0]
        return {
            "rps": round(self.rps, 1),
            "p50_ms": round(1000 * median(self.times), 2),
            "p95_ms": round(1000 * p95, 2),
            "queries": self.queries,
            "ratio_to_floor": round(median(self.ratios), 2),
        }


class Client:
    """The load client, in a process of its own."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.client"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, requests: list[list[str]], seconds: float, status: int) -> dict[str, Any]:
        """One list of requests a client; raises `BenchProblem` when an answer is not the one expected."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        job = {"host": HOST, "port": self.port, "requests": requests, "seconds": seconds}
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        if "problem" in answer:
            raise BenchProblem(answer["problem"])
        if set(answer["statuses"]) != {str(status)}:
            raise BenchProblem(
                f"Answers were {answer['statuses']}, and not {status}: {requests[0][0][:80]!r}"
            )
        return answer

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)


def measure(chosen: argparse.Namespace, *, say: Say, tell: Tell) -> bool:
    """Measure everything; returns whether all budgets were kept."""
    facts = gather_facts()
    connections.close_all()
    pace = QUICK if chosen.quick else THOROUGH
    if chosen.url:
        port = urlsplit(chosen.url).port or 80
        return _measure_at(port, chosen, facts, pace, say=say, tell=tell)
    port = free_port()
    tell(f"Starting the product at port {port}")
    with running(port, settings.DATA_DIR) as process:
        kept = _measure_at(port, chosen, facts, pace, say=say, tell=tell)
        weight = memory(process)
    if not chosen.only:
        say({"scenario": "memory", "size": chosen.size} | (weight or {"rss_mib": None, "pss_mib": None}))
        sweep = measure_sweep(chosen.size)
        say(sweep)
        kept = kept and sweep["ok"]
    return kept


def _measure_at(
    port: int, chosen: argparse.Namespace, facts: Facts, pace: Pace, *, say: Say, tell: Tell
) -> bool:
    sessions = [sign_in(port, f"supervisor.{n}@{ADDRESS}", PASSWORD) for n in range(1, READERS + 1)]
    scenarios = [each for each in SCENARIOS if not chosen.only or each.name in chosen.only]
    client = Client(port)
    kept = True
    try:
        tell("Warming up")
        for scenario in scenarios:
            client.ask(_requests(scenario, sessions, facts), pace.warm, scenario.status)
        alone: dict[str, float] = {}
        for clients in CLIENTS:
            taken, floor = _take_turns(client, scenarios, sessions[:clients], facts, pace)
            say({"scenario": "floor", "size": chosen.size, "concurrency": clients} | floor.line())
            for scenario in scenarios:
                line = taken[scenario.name].line()
                budget = _budget(scenario, clients, taken[scenario.name], alone)
                kept = kept and budget["ok"]
                say({"scenario": scenario.name, "size": chosen.size, "concurrency": clients} | line | budget)
    finally:
        client.close()
    return kept


def _take_turns(
    client: Client, scenarios: list[Scenario], sessions: list[Session], facts: Facts, pace: Pace
) -> tuple[dict[str, Taken], Taken]:
    """Floor, scenario, floor, scenario …, so that what else the machine does weighs on both alike."""
    taken = {scenario.name: Taken() for scenario in scenarios}
    floor = Taken()
    floors = [floor_requests(session, facts) for session in sessions]
    for _ in range(pace.rounds):
        for scenario in scenarios:
            before = client.ask(floors, pace.floor, 200)
            answer = client.ask(_requests(scenario, sessions, facts), pace.slice, scenario.status)
            after = client.ask(floors, pace.floor, 200)
            p50 = median(before["times"] + after["times"])
            floor.add(before, p50)
            floor.add(after, p50)
            taken[scenario.name].add(answer, p50)
    return taken, floor


def _requests(scenario: Scenario, sessions: list[Session], facts: Facts) -> list[list[str]]:
    """What each client asks: the same things, but not all of them the same at the same time."""
    lists = []
    for at, session in enumerate(sessions):
        requests = scenario.requests(session, facts)
        cut = at * len(requests) // len(sessions)
        lists.append(requests[cut:] + requests[:cut])
    return lists


def _budget(scenario: Scenario, clients: int, taken: Taken, alone: dict[str, float]) -> dict[str, Any]:
    """One client: the ratio to the floor. Several: no fewer answers a second than one client gets."""
    few_queries = taken.queries <= MOST_QUERIES
    if clients == 1:
        alone[scenario.name] = taken.rps
        ratio = median(taken.ratios)
        return {"budget": f"<= {scenario.budget:g} x floor", "ok": few_queries and ratio <= scenario.budget}
    least = alone[scenario.name]
    return {"budget": f">= {least:.1f} rps", "ok": few_queries and taken.rps >= least}
