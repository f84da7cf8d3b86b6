"""Adds the scripts of `scripts.toml`, which every installation starts with."""

from __future__ import annotations

import tomllib
from pathlib import Path

from django.conf import settings

from messaging.models import Script

SCRIPTS = Path(__file__).with_name("scripts.toml")


def seed() -> None:
    """Add the scripts that are missing; what an administrator has changed is left as it is."""
    known = set(Script.objects.values_list("code", "language"))
    wordings = tomllib.loads(SCRIPTS.read_text(encoding="utf-8"))
    missing = [
        Script(
            code=code, language=language, step=script["step"], title=text["title"], body=text["body"].strip()
        )
        for code, script in wordings.items()
        for language, _name in settings.LANGUAGES
        if (code, language) not in known and (text := script.get(language))
    ]
    Script.objects.bulk_create(missing, ignore_conflicts=True)
