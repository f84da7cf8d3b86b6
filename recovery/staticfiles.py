"""Finds the few files of npm packages that pages use, and gives every static file a hashed name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import AppDirectoriesFinder, BaseFinder
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

from recovery.environment import BASE_DIR

NODE_MODULES = BASE_DIR / "node_modules"

# The name in templates, and the file in its package. Packages hold hundreds of megabytes of
# variants; what is not listed here is not served.
PACKAGE_FILES = {
    "vendor/tabler/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "vendor/echarts/echarts.min.js": "echarts/dist/echarts.common.min.js",
}


# Static files of installed apps that no page asks for.
UNUSED_APP_FILES = ("rest_framework/", "django_htmx/ext/", "django_htmx/htmx-2.js", "django_htmx/htmx.js")


class UsedAppFilesFinder(AppDirectoriesFinder):
    """A staticfiles finder for what installed apps bring, without `UNUSED_APP_FILES`."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        for name, storage in super().list(ignore_patterns):
            if not name.startswith(UNUSED_APP_FILES):
                yield name, storage


class PackageFinder(BaseFinder):
    """A staticfiles finder for `PACKAGE_FILES`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.storage = _PackageStorage(location=NODE_MODULES)

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        source = PACKAGE_FILES.get(path)
        found = [str(NODE_MODULES / source)] if source and (NODE_MODULES / source).exists() else []
        return found if find_all else (found[0] if found else [])

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        for name in PACKAGE_FILES:
            yield name, self.storage


class _PackageStorage(FileSystemStorage):
    """Reads a package's file by the name it has in templates."""

    prefix = None

    def path(self, name: str) -> str:
        return str(Path(self.location) / PACKAGE_FILES[name])


class HashedStorage(CompressedManifestStaticFilesStorage):
    """Names that change with the content, so that browsers keep files for a year.

    Import statements of ES modules get hashed names too. What a file of ours mentions must exist;
    what a package's file mentions and nobody serves (source maps, fonts for old browsers) stays.
    """

    support_js_module_import_aggregation = True

    def url_converter(self, name: str, *args: Any, **kwargs: Any) -> Callable[[re.Match[str]], str]:
        convert = super().url_converter(name, *args, **kwargs)

        def convert_or_keep(match: re.Match[str]) -> str:
            try:
                return convert(match)
            except ValueError:
                if (BASE_DIR / "static" / name).exists():
                    raise
                return match.group(0)

        return convert_or_keep
