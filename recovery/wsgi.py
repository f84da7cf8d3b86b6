"""What a web server loads."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recovery.settings")

application = get_wsgi_application()

# Django would load all pages with the first request, in each worker that is forked from here anew; and a
# worker that takes the place of one that died would let its first visitors wait for that.
get_resolver().url_patterns  # noqa: B018  # reading it is what loads them
