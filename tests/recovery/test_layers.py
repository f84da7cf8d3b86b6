"""The house stands: who may import whom, and which tables may point at which."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db.models import ForeignKey, ManyToManyField

# Upper first, as in the contracts of pyproject.toml; neighbours share a floor.
FLOORS = [
    {"recovery"},
    {"desk", "portal", "api"},
    {"insights"},
    {"compensation", "feedback"},
    {"cases"},
    {"customers", "sla", "messaging"},
    {"audit"},
    {"accounts"},
    {"common"},
]
FLOOR_OF = {app: number for number, floor in enumerate(FLOORS) for app in floor}


def test_no_module_imports_against_the_layers() -> None:
    # In a process of its own: it sets up logging, which would leave the loggers of all tests after it silent.
    lint = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(lint, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_tables_point_down_the_house_only() -> None:
    upward = [
        f"{model._meta.label}.{field.name} → {field.related_model._meta.label}"
        for model in apps.get_models()
        if model._meta.app_label in FLOOR_OF
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey | ManyToManyField)
        and field.related_model._meta.app_label in FLOOR_OF
        and not _points_down(model._meta.app_label, field.related_model._meta.app_label)
    ]
    assert upward == []


def _points_down(here: str, there: str) -> bool:
    return here == there or FLOOR_OF[here] < FLOOR_OF[there]
