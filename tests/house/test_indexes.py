"""Indexes cost every write; none may be there twice."""

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

# Plain b-trees whose columns, in their order, begin another one of the same table that serves as well.
TWICE = """
    SELECT table_.relname, short.indexrelid::regclass::text, long.indexrelid::regclass::text
    FROM pg_index short
    JOIN pg_index long ON long.indrelid = short.indrelid AND long.indexrelid <> short.indexrelid
    JOIN pg_class table_ ON table_.oid = short.indrelid
    JOIN pg_class one ON one.oid = short.indexrelid
    JOIN pg_class other ON other.oid = long.indexrelid
    WHERE table_.relname = ANY(%s) AND one.relam = other.relam AND NOT short.indisunique
      AND short.indpred IS NULL AND long.indpred IS NULL
      AND short.indexprs IS NULL AND long.indexprs IS NULL
      AND starts_with(long.indkey::text || ' ', short.indkey::text || ' ')
      AND starts_with(long.indclass::text || ' ', short.indclass::text || ' ')
      AND starts_with(long.indcollation::text || ' ', short.indcollation::text || ' ')
"""


@pytest.mark.django_db
def test_no_index_begins_another() -> None:
    ours = [
        model._meta.db_table
        for model in apps.get_models()
        if model.__module__.split(".")[0] in {path.name for path in settings.BASE_DIR.iterdir()}
    ]
    assert "cases_case" in ours
    with connection.cursor() as cursor:
        cursor.execute(TWICE, [ours])
        assert cursor.fetchall() == []
