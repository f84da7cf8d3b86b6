"""The project: settings, addresses, the Celery app, embedded services and the supervisor."""
