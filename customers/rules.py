"""How contact details are compared, on plain values."""

from __future__ import annotations

import phonenumbers

from customers.states import ContactKind


def normalise_phone(text: str, *, region: str | None = None) -> str:
    """The number in E.164 where it can be read so, else its digits; `region` reads national numbers."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is not None and phonenumbers.is_possible_number(number):
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return "".join(character for character in text if character.isdigit())


def normalise_contact(kind: str, value: str, *, region: str | None = None) -> str:
    """The form in which two ways of writing the same phone number or address are equal."""
    if kind == ContactKind.EMAIL:
        return value.strip().lower()
    return normalise_phone(value, region=region)
