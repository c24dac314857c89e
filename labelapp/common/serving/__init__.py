"""`manage.py serve`: everything that one machine needs, as one supervised foreground process."""
