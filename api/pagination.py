"""Pages of lists by the key of the last row: no counting, and no row twice or left out as lists grow."""

from __future__ import annotations

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """`?cursor=` goes on where a page ended; `?page_size=` up to 200."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
