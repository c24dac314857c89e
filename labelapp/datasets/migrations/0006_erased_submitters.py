"""The submitters of those who asked for deletion before it was marked on them."""

from django.db import migrations

MARK = """
UPDATE prompts_submitter submitter SET erased_at = erasure.created_at FROM datasets_erasure erasure
WHERE erasure.withdrawn_at IS NULL AND submitter.erased_at IS NULL
  AND (erasure.submitter_id = submitter.id OR erasure.user_id = submitter.user_id)
"""


class Migration(migrations.Migration):
    dependencies = [("datasets", "0005_frozen_by_statement"), ("prompts", "0012_submitter_erased")]
    operations = [migrations.RunSQL(MARK, migrations.RunSQL.noop)]
