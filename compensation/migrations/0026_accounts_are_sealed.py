"""Seal the account numbers of payments, and the files that name them."""

import base64
import secrets
from collections.abc import Callable
from typing import Any

import django.utils.timezone
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from compensation.models.sealed import SealedBytesField, SealedTextField
from compensation.sealing import key_id_of, new_key, open_key, seal, unseal

ACCOUNTS = ("compensation_payingaccount", "compensation_paymentorder", "compensation_paymentline")
# What never changes is written in another way here, and says the same.
FROZEN = {
    "compensation_paymentline": "compensation_payment_line_frozen",
    "compensation_paymentfile": "compensation_payment_file_frozen",
}
CHUNK = 1000
FILES_AS_TEXT = (
    "ALTER TABLE compensation_paymentfile ALTER COLUMN content TYPE text USING encode(content, 'base64')"
)
FILES_AS_BYTES = (
    "ALTER TABLE compensation_paymentfile ALTER COLUMN content TYPE bytea USING decode(content, 'base64')"
)


def seal_all(_apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Seal what is there with a first key."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM compensation_paymentorder)")
        some = cursor.fetchone()[0]
        cursor.execute("SELECT EXISTS (SELECT FROM compensation_payingaccount)")
        if not some and not cursor.fetchone()[0]:
            return
        key_id, wrapped = secrets.token_hex(8), new_key()
        cursor.execute(
            "INSERT INTO compensation_sealingkey (id, wrapped, made_at) VALUES (%s, %s, now())",
            [key_id, wrapped],
        )
        key = open_key(wrapped)

        def sealed(text: str) -> str:
            return seal(text.encode(), key_id, key) if text else text

        def file_sealed(text: str) -> str:
            return seal(base64.b64decode(text), key_id, key)

        _rewrite(cursor, sealed, file_sealed)


def unseal_all(_apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Write everything as it was."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id, wrapped FROM compensation_sealingkey")
        ring = {key_id: open_key(wrapped) for key_id, wrapped in cursor.fetchall()}

        def opened(kept: str) -> str:
            key_id = key_id_of(kept)
            return unseal(kept, ring[key_id]).decode() if key_id else kept

        def file_opened(kept: str) -> str:
            return base64.b64encode(unseal(kept, ring[key_id_of(kept) or ""])).decode()

        _rewrite(cursor, opened, file_opened)


def _rewrite(cursor: Any, account: Callable[[str], str], file: Callable[[str], str]) -> None:
    for table, trigger in FROZEN.items():
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    for table in ACCOUNTS:
        _rewrite_accounts(cursor, table, account)
    cursor.execute("SELECT id FROM compensation_paymentfile")
    for (key,) in cursor.fetchall():
        cursor.execute("SELECT content FROM compensation_paymentfile WHERE id = %s", [key])
        content = file(cursor.fetchone()[0])
        cursor.execute("UPDATE compensation_paymentfile SET content = %s WHERE id = %s", [content, key])
    # A table with checks still to come can't be altered.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    for table, trigger in FROZEN.items():
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")


def _rewrite_accounts(cursor: Any, table: str, account: Callable[[str], str]) -> None:
    """Write a table's accounts anew, a chunk at a time: however long it is, it fits into memory."""
    update = (
        f"UPDATE {table} kept SET iban = new.iban, account = new.account "  # noqa: S608  # a name of ours
        "FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS new (id, iban, account) WHERE kept.id = new.id"
    )
    select = f"SELECT id, iban, account FROM {table} WHERE id > %s ORDER BY id LIMIT %s"  # noqa: S608  # likewise
    reached = 0
    while True:
        cursor.execute(select, [reached, CHUNK])
        rows = cursor.fetchall()
        if not rows:
            return
        keys, ibans, numbers = zip(*rows, strict=True)
        cursor.execute(
            update, [list(keys), [account(each) for each in ibans], [account(each) for each in numbers]]
        )
        reached = keys[-1]


def _sealed(name: str) -> SealedTextField:
    labels = {"iban": "IBAN", "account": "account number"}
    return SealedTextField(blank=True, default="", verbose_name=labels[name])


class Migration(migrations.Migration):
    dependencies = [
        ("compensation", "0025_reviews"),
    ]

    operations = [
        migrations.CreateModel(
            name="SealingKey",
            fields=[
                (
                    "id",
                    models.CharField(editable=False, max_length=16, primary_key=True, serialize=False),
                ),
                ("wrapped", models.TextField(editable=False)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="made")),
            ],
            options={
                "verbose_name": "key for account numbers",
                "verbose_name_plural": "keys for account numbers",
            },
        ),
        *(
            migrations.AlterField(model_name=model, name=name, field=_sealed(name))
            for model in ("payingaccount", "paymentorder", "paymentline")
            for name in ("iban", "account")
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(FILES_AS_TEXT, FILES_AS_BYTES)],
            state_operations=[
                migrations.AlterField(
                    model_name="paymentfile",
                    name="content",
                    field=SealedBytesField(verbose_name="content"),
                )
            ],
        ),
        migrations.RunPython(seal_all, unseal_all),
    ]
