"""The product's own settings, and beside them the floor and the counting of queries; for measuring only."""

import os

from recovery.settings import *  # noqa: F403  # the bench measures the product as it is configured
from recovery.settings import BASE_DIR, DATABASES, MIDDLEWARE, TEMPLATES

ROOT_URLCONF = "bench.urls"
MIDDLEWARE = ["bench.counting.CountQueries", *MIDDLEWARE]
TEMPLATES[0]["DIRS"] = [*TEMPLATES[0]["DIRS"], BASE_DIR / "bench" / "templates"]

# What is measured is a copy of what was loaded (`bench.preparing.copied`), in every process of the product.
if _copy := os.environ.get("BENCH_DATABASE"):
    DATABASES["default"]["NAME"] = _copy
