"""Account numbers at rest: sealed wherever they are kept, readable by us, and through changes of keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from audit.models import Event
from compensation.actions.payment_results import confirm_payment
from compensation.actions.payments import freeze_batch, set_paying_account
from compensation.actions.sealing import rewrap_keys
from compensation.models import PayingAccount, PaymentBatch, PaymentLine, PaymentOrder, SealingKey
from compensation.models.sealed import forget_keys, sealed, unsealed
from compensation.sealing import CannotUnsealError
from tests.compensation.paying import IBAN, payable, payer_of
from tests.compensation.world import World, make_world

NUMBER = IBAN.replace(" ", "")
BEFORE = ("compensation", "0025_reviews")


@pytest.fixture(autouse=True)
def _keys() -> Iterator[None]:
    forget_keys()
    yield
    forget_keys()


def paid(world: World) -> PaymentBatch:
    """A batch with its files, of which one payment went out."""
    account = {"name": "Harbour", "account": "GB82 WEST 1234 5698 7654 32", "bank": ""}
    set_paying_account(actor=world.admin, branch_id=world.branch.pk, currency="CNY", **account)
    orders = [payable(world).pk for _ in range(2)]
    payer = payer_of(world)
    batch = freeze_batch(actor=payer, order_ids=orders, channel="file")
    confirm_payment(actor=payer, line_id=batch.lines.earliest("pk").pk, reference="B-1")
    return batch


def rows_of_all_tables() -> Iterator[tuple[str, str]]:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # a table's own name
            yield from ((table, row[0]) for row in cursor.fetchall())


def test_no_table_holds_an_account_in_plain_and_the_files_are_those_for_the_bank(world: World) -> None:
    batch = paid(world)
    plain = [NUMBER, "GB82WEST12345698765432"]
    hidden = [*plain, *(number.encode().hex() for number in plain)]
    assert [table for table, row in rows_of_all_tables() if any(number in row for number in hidden)] == []

    order = PaymentOrder.objects.earliest("pk")
    assert (order.iban, order.account, order.masked_account) == (NUMBER, "", "•••• 3000")
    assert {line.iban for line in PaymentLine.objects.all()} == {NUMBER}
    files = {file.kind: bytes(file.content) for file in batch.files.all()}
    assert NUMBER.encode() in files["csv"]
    assert b"GB82WEST12345698765432" in files["pain001"]


def test_an_export_of_rows_tells_no_account_and_can_be_loaded_again(world: World) -> None:
    order = payable(world)
    text = serializers.serialize("json", [order])
    assert NUMBER not in text
    (loaded,) = serializers.deserialize("json", text)
    assert isinstance(loaded.object, PaymentOrder)
    assert loaded.object.iban == NUMBER


def test_the_same_account_is_sealed_to_something_else_each_time(db: None) -> None:
    assert sealed(b"one") != sealed(b"one")
    assert unsealed(sealed(b"one")) == b"one"


def test_what_was_tampered_with_is_not_taken_for_an_account(db: None) -> None:
    kept = sealed(NUMBER.encode())
    with pytest.raises(CannotUnsealError):
        unsealed(kept[:-6] + "AAAAA=")


def test_a_new_secret_key_opens_what_the_one_before_has_sealed(world: World, settings: Any) -> None:
    before = settings.SECRET_KEY
    order = payable(world)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the next one", [before]
    forget_keys()
    assert PaymentOrder.objects.get(pk=order.pk).iban == NUMBER
    assert rewrap_keys() == 1
    assert rewrap_keys() == 0
    assert Event.objects.filter(verb="sealing_key.rewrapped").count() == 1

    settings.SECRET_KEY_FALLBACKS = []
    forget_keys()
    assert PaymentOrder.objects.get(pk=order.pk).iban == NUMBER
    settings.SECRET_KEY = before
    forget_keys()
    with pytest.raises(CannotUnsealError, match="SECRET_KEY_FALLBACKS"):
        PaymentOrder.objects.get(pk=order.pk)


def test_keys_of_the_environment_take_over_and_follow_each_other(world: World, settings: Any) -> None:
    batch = paid(world)
    first, second = (Fernet.generate_key().decode() for _ in range(2))
    for keys in ([first], [second, first], [second]):
        settings.SEALING_KEYS = keys
        forget_keys()
        assert {line.iban for line in batch.lines.all()} == {NUMBER}
        rewrap_keys()
    # What SECRET_KEY becomes has nothing to do with it any more.
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another one", []
    forget_keys()
    assert {line.iban for line in batch.lines.all()} == {NUMBER}


def test_a_key_that_nothing_opens_is_left_as_it_is(world: World, settings: Any) -> None:
    payable(world)
    kept = SealingKey.objects.get().wrapped
    settings.SECRET_KEY = "another one"
    with pytest.raises(CannotUnsealError):
        rewrap_keys()
    assert SealingKey.objects.get().wrapped == kept


@pytest.mark.django_db(transaction=True)
def test_what_was_kept_in_plain_is_sealed_by_the_upgrade_and_opened_by_going_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("compensation.migrations.0026_accounts_are_sealed.CHUNK", 1)
    world = make_world()
    batch = paid(world)
    files = {file.kind: bytes(file.content) for file in batch.files.all()}
    # Each line must get its own back.
    lines = set(batch.lines.values_list("pk", "iban", "account", "name"))
    MigrationExecutor(connection).migrate([BEFORE])
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT iban FROM compensation_paymentline")
        assert cursor.fetchall() == [(NUMBER,)]
        cursor.execute("SELECT content FROM compensation_paymentfile WHERE kind = 'csv'")
        assert bytes(cursor.fetchone()[0]) == files["csv"]

    call_command("migrate", verbosity=0)
    forget_keys()

    assert [table for table, row in rows_of_all_tables() if NUMBER in row] == []
    assert {file.kind: bytes(file.content) for file in batch.files.all()} == files
    assert set(batch.lines.values_list("pk", "iban", "account", "name")) == lines
    assert PayingAccount.objects.get().iban == "GB82WEST12345698765432"
