"""Filters of the desk's pages."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from desk.highlight import highlight

register = template.Library()


@register.filter
def marked(text: str, query: str) -> SafeString:
    """`{{ case.summary|marked:query }}`: the text with the words of a search in <mark>."""
    return highlight(str(text), query)
