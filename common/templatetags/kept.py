"""A template tag that keeps what it rendered: for parts of a page that many pages repeat word for word."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()

# Of each part; beyond that something is named that differs from page to page, and starting over is cheaper.
MOST_KEPT = 500
UNLESS = "unless"


class KeptNode(template.Node):
    """Holds the renderings of one part, by language and by the values that it depends on.

    They live as long as the parsed template: with `DEBUG` on that is a single page, else the process.
    """

    def __init__(
        self, nodelist: NodeList, values: list[FilterExpression], unless: FilterExpression | None
    ) -> None:
        self.nodelist = nodelist
        self.values = values
        self.unless = unless
        self.kept: dict[tuple[Any, ...], SafeString] = {}

    def render(self, context: Context) -> SafeString:
        if self.unless is not None and self.unless.resolve(context, ignore_failures=True):
            return self.nodelist.render(context)
        key = (get_language(), *[str(value.resolve(context, ignore_failures=True)) for value in self.values])
        found = self.kept.get(key)
        if found is None:
            found = self.nodelist.render(context)
            if len(self.kept) >= MOST_KEPT:
                self.kept.clear()
            self.kept[key] = found
        return found


@register.tag
def kept(parser: Parser, token: Token) -> KeptNode:
    """`{% kept nav user.role unless form.is_bound %}…{% endkept %}`: rendered once for each set of values.

    Everything that the part shows must follow from the values named, apart from the language; so there is
    no place in it for a CSRF token, a message, or anything of the reader's own that is not named.
    """
    names = token.split_contents()[1:]
    unless = None
    if UNLESS in names:
        at = names.index(UNLESS)
        if len(names) != at + 2:
            raise template.TemplateSyntaxError("Write one expression after “unless”, at the end.")
        unless = parser.compile_filter(names[at + 1])
        names = names[:at]
    values = [parser.compile_filter(name) for name in names]
    nodelist = parser.parse(("endkept",))
    parser.delete_first_token()
    return KeptNode(nodelist, values, unless)
