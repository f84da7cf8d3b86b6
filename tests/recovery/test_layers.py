"""The house stands: who may import whom, and which tables may point at which."""

from __future__ import annotations

from django.apps import apps
from django.db.models import ForeignKey, ManyToManyField
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

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
    assert lint_imports(config_filename="pyproject.toml", no_cache=True) == EXIT_STATUS_SUCCESS


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
