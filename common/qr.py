"""QR codes as SVG that fits a strict content security policy: black on white in every theme."""

from __future__ import annotations

import segno
from django.utils.safestring import SafeString, mark_safe

# What scanners need around the code, in modules.
QUIET_ZONE = 4


def qr_svg(text: str, *, title: str) -> SafeString:
    """The text as a QR code that reads although a seventh is soiled; `title` is for screen readers."""
    code = segno.make(text, error="m", micro=False)
    svg = code.svg_inline(omitsize=True, title=title, border=QUIET_ZONE, light="#fff", svgclass="qr")
    return mark_safe(svg.replace("<svg ", '<svg role="img" ', 1))  # noqa: S308  # segno escapes the title
