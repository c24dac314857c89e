"""What is archived is looked up by an index, and no longer in the whole table. Made while others read and write."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("prompts", "0010_import_title")]
    operations = [
        # One that was interrupted leaves an index behind that nothing uses.
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS prompt_archived", migrations.RunSQL.noop),
        AddIndexConcurrently(
            "prompt",
            models.Index(fields=["id"], condition=models.Q(archived_at__isnull=False), name="prompt_archived"),
        ),
    ]
