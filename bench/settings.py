"""The product's own settings, and beside them the floor and the counting of queries; for measuring only."""

from recovery.settings import *  # noqa: F403  # the bench measures the product as it is configured
from recovery.settings import BASE_DIR, MIDDLEWARE, TEMPLATES

ROOT_URLCONF = "bench.urls"
MIDDLEWARE = ["bench.counting.CountQueries", *MIDDLEWARE]
TEMPLATES[0]["DIRS"] = [*TEMPLATES[0]["DIRS"], BASE_DIR / "bench" / "templates"]
