import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelapp.settings")

application = get_wsgi_application()
# Django would import every view at the first request. Several first requests at once, one a thread, then meet modules
# that are half imported, and some of them end as a 500.
_ = get_resolver().url_patterns
