"""What a reviewer may find about a compensation that was drawn for review."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Finding(models.TextChoices):
    IN_ORDER = "in_order", pgettext_lazy("finding of a review", "In order")
    REMARK = "remark", pgettext_lazy("finding of a review", "Remark")
    IRREGULAR = "irregular", pgettext_lazy("finding of a review", "Irregular")


# Findings that a reader can't follow without words.
NEEDS_NOTE = frozenset({Finding.REMARK, Finding.IRREGULAR})
NOTE_MISSING = _("Say what you found.")
