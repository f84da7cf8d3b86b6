"""Asks a web server whether Amends is ready; `python -m recovery.supervisor.probe URL` is a health check."""

from __future__ import annotations

import http.client
import json
import os
import sys
from urllib.parse import urlsplit


def what_is_missing(address: str, host: str) -> list[str]:
    """Returns what `/readyz` at `address` finds wrong: nothing, if Amends is ready.

    `host` is a name that Amends answers to; the address by which a probe reaches it is none.
    """
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": host.lstrip(".")})
        checks = json.loads(connection.getresponse().read())["checks"]
        return [name for name, is_right in checks.items() if not is_right]
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return ["web server"]
    finally:
        connection.close()


def main(arguments: list[str]) -> int:
    """Succeeds if all is right, or if what is wrong is not among the parts asked about."""
    address, *asked = arguments
    missing = what_is_missing(address, os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip())
    if asked:
        missing = [name for name in missing if name in (*asked, "web server")]
    sys.stdout.write(f"missing: {', '.join(missing)}\n" if missing else "ready\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
