#!/usr/bin/env python
"""The command line of Amends: Django's commands and the product's own."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recovery.settings")
    if sys.argv[1:2] != ["run_product"]:
        # Operators wait for their commands and can stop them; only pages and tasks are limited.
        os.environ.setdefault("DATABASE_STATEMENT_TIMEOUT", "0")
    from django.core.management import execute_from_command_line

    from recovery.environment import EnvironmentProblem
    from recovery.services.client import ServicesProblem

    try:
        execute_from_command_line(sys.argv)
    except (EnvironmentProblem, ServicesProblem) as problem:
        sys.stderr.write(f"Amends can't start: {problem}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
