"""Fields whose values are sealed on their way into the database, and the keys that seal them."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Any

from cryptography.fernet import Fernet
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compensation.sealing import CannotUnsealError, key_id_of, new_key, open_key, seal, unseal


class SealingKey(models.Model):
    """A key for values, itself sealed with the key of the environment. Rows are never deleted."""

    id = models.CharField(max_length=16, primary_key=True, editable=False)
    wrapped = models.TextField(editable=False)
    made_at = models.DateTimeField(_("made"), default=timezone.now)

    class Meta:
        verbose_name = _("key for account numbers")
        verbose_name_plural = _("keys for account numbers")

    def __str__(self) -> str:
        return self.pk


class _Ring:
    """The keys that this process has opened: what a key's row opens never changes."""

    def __init__(self) -> None:
        self._opened: dict[str, Fernet] = {}
        self._newest = ""
        self._uncommitted: set[str] = set()

    def newest(self) -> tuple[str, Fernet]:
        """The key that new values are sealed with; where there is none, one is made.

        One that a transaction has made is kept in mind only once it is committed: else the next transaction
        would seal with a key that nobody has.
        """
        if self._newest:
            return self._newest, self.key(self._newest)
        row = SealingKey.objects.order_by("-made_at").first()
        if row is None:
            row = SealingKey.objects.create(pk=secrets.token_hex(8), wrapped=new_key())
            self._uncommitted.add(row.pk)
            transaction.on_commit(partial(self._uncommitted.discard, row.pk))
        if row.pk not in self._uncommitted:
            self._newest = row.pk
        return row.pk, self.key(row.pk)

    def key(self, key_id: str) -> Fernet:
        if key_id not in self._opened:
            row = SealingKey.objects.filter(pk=key_id).first()
            if row is None:
                raise CannotUnsealError(f"The key {key_id} for account numbers is not there.")
            self._opened[key_id] = open_key(row.wrapped)
        return self._opened[key_id]

    def forget(self) -> None:
        self._opened.clear()
        self._newest = ""


_ring = _Ring()


def forget_keys() -> None:
    """Read the keys anew: the database is another one, or the keys of the environment are."""
    _ring.forget()


def sealed(content: bytes) -> str:
    """A value as the database keeps it."""
    return seal(content, *_ring.newest())


def unsealed(kept: str) -> bytes:
    """A kept value; what is not sealed is given back as it is. Raises `CannotUnsealError`."""
    key_id = key_id_of(kept)
    return kept.encode() if key_id is None else unseal(kept, _ring.key(key_id))


class SealedTextField(models.TextField):  # type: ignore[type-arg]  # not subscriptable at run time
    """A short text that the database keeps sealed; nothing can be looked up by it. An empty one stays so.

    The same text is sealed to something else each time: where a trigger compares, save with `update_fields`.
    """

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return sealed(text.encode()) if text else text

    def from_db_value(self, value: str | None, *_args: object) -> str | None:
        return unsealed(value).decode() if value else value

    def value_to_string(self, obj: models.Model) -> str:
        """As kept, so that an export of rows tells nothing either."""
        return str(self.get_prep_value(self.value_from_object(obj)))

    def to_python(self, value: Any) -> Any:
        return unsealed(value).decode() if isinstance(value, str) and key_id_of(value) else value


class SealedBytesField(models.BinaryField):  # type: ignore[type-arg]  # likewise
    """Content that the database keeps sealed, as text: such as a file that names accounts."""

    def get_internal_type(self) -> str:
        return "TextField"

    def get_placeholder(self, *_args: object) -> str:
        return "%s"

    def get_prep_value(self, value: Any) -> Any:
        return value if value is None else sealed(bytes(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return value if prepared else self.get_prep_value(value)

    def from_db_value(self, value: str | None, *_args: object) -> bytes | None:
        return None if value is None else unsealed(value)

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.get_prep_value(self.value_from_object(obj)))

    def to_python(self, value: Any) -> Any:
        return unsealed(value) if isinstance(value, str) else value
