"""Django's PostgreSQL backend, on the embedded server: starts it with the first connection."""
