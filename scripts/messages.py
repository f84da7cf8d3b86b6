"""Finds every translatable text and brings the catalogues up to date, without gettext installed.

`python scripts/messages.py` updates locale/*/LC_MESSAGES/django.po; `--check` only says what is missing.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from babel.messages.catalog import Catalog, Message  # noqa: E402
from babel.messages.extract import extract  # noqa: E402
from babel.messages.pofile import read_po, write_po  # noqa: E402
from django.utils.translation.template import templatize  # noqa: E402

APPS = (
    "accounts", "api", "audit", "cases", "common", "compensation", "customers", "desk", "feedback",
    "insights", "messaging", "portal", "recovery", "sla",
)  # fmt: skip
KEYWORDS: dict[str, tuple[object, ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd]")

SINCE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
HEADER = "# Amends in another language; `make messages` brings this file up to date."

Key = tuple[str | None, str]


def sources() -> Iterator[tuple[str, bytes]]:
    """Every file that may hold texts: its path, and Python code (templates are rewritten into it)."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), path.read_bytes()
    for folder in (ROOT / "templates", *(ROOT / app / "templates" for app in APPS)):
        for path in sorted([*folder.rglob("*.html"), *folder.rglob("*.txt")]):
            name = str(path.relative_to(ROOT))
            code = templatize(path.read_text(encoding="utf-8"), origin=name)
            # What is left of the template's indentation means nothing, and Python's tokenizer minds it.
            yield name, "\n".join(line.strip() for line in code.splitlines()).encode()


def collect() -> Catalog:
    """The template catalogue of the product as its files stand now."""
    catalog = Catalog(project="Amends", charset="utf-8", fuzzy=False)
    for name, code in sources():
        options = {"encoding": "utf-8"}
        found = extract("python", io.BytesIO(code), KEYWORDS, options=options)  # type: ignore[arg-type]
        for _line, text, _comments, context in found:
            if text and (text if isinstance(text, str) else text[0]):
                catalog.add(text, locations=[(name, 0)], context=context)
    return catalog


def catalogues() -> list[Path]:
    """The catalogue of each language."""
    return sorted((ROOT / "locale").glob("*/LC_MESSAGES/django.po"))


def read(path: Path) -> Catalog:
    """A catalogue; an empty one where there is no file yet."""
    if not path.exists():
        return Catalog(locale=path.parent.parent.name, charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name)


def key(message: Message) -> Key:
    """What tells two messages apart."""
    return (message.context, message.id if isinstance(message.id, str) else message.id[0])


def forms(value: object) -> list[str]:
    """A message's text, or its singular and plural."""
    return [value] if isinstance(value, str) else [str(each) for each in value]  # type: ignore[attr-defined]


def problems(path: Path, wanted: Catalog) -> list[str]:
    """What is untranslated, marked as doubtful, no longer used, or loses a placeholder in one language."""
    have = {key(message): message for message in read(path) if message.id}
    needed = {key(message): message for message in wanted if message.id}
    found = [f"not in the catalogue: {text!r}" for context, text in needed.keys() - have.keys()]
    found += [f"no longer used: {text!r}" for context, text in have.keys() - needed.keys()]
    for each in needed.keys() & have.keys():
        message = have[each]
        if message.fuzzy or not message.string or not all(forms(message.string)):
            found.append(f"not translated: {each[1]!r}")
            continue
        asked = {name for text in forms(message.id) for name in PLACEHOLDER.findall(text)}
        for text in forms(message.string):
            given = set(PLACEHOLDER.findall(text))
            if not given <= asked or (len(forms(message.id)) == 1 and given != asked):
                found.append(f"placeholders differ: {each[1]!r}")
    return sorted(found)


def update(path: Path, wanted: Catalog) -> None:
    """Add what is new, drop what is gone, and keep every translation."""
    catalog = read(path)
    catalog.update(wanted, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    # Dates that change with every run would hide what really changed.
    catalog.creation_date = catalog.revision_date = SINCE
    catalog.project, catalog.version, catalog.header_comment = "Amends", "1", HEADER
    catalog.last_translator = catalog.language_team = catalog.msgid_bugs_address = "Amends"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=110, sort_output=True, omit_header=False, include_lineno=False)


def main(arguments: list[str]) -> int:
    wanted = collect()
    paths = catalogues() or [ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"]
    left = 0
    for path in paths:
        if "--check" not in arguments:
            update(path, wanted)
        found = problems(path, wanted)
        left += len(found)
        print(*found, sep="\n")
        print(f"{path.relative_to(ROOT)}: {len(list(wanted)) - 1} texts, {len(found)} to mend")
    return 1 if left and "--check" in arguments else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
