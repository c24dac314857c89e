"""What 0003 left of older imports: previews without their lines, and prompts and responses that no undo would find."""

from django.db import migrations

# A worker reads the file once more; every import since then that has a preview has a position, too.
READ_AGAIN = """
UPDATE prompts_promptimport
SET state = 'checking', on_error = '', report = '{"bad": [], "good": []}', line_count = 0, good_count = 0,
    duplicate_count = 0, over_cap_count = 0, bad_count = 0, response_count = 0
WHERE state IN ('previewed', 'refused') AND position = '{}'
"""
# In the order of the file; which lines were left out is not known any more.
NUMBER_LINES = """
UPDATE prompts_prompt prompt SET import_line = numbered.line
FROM (SELECT id, row_number() OVER (PARTITION BY prompt_import_id ORDER BY id) AS line FROM prompts_prompt
      WHERE prompt_import_id IN (SELECT prompt_import_id FROM prompts_prompt
                                 WHERE prompt_import_id IS NOT NULL AND import_line IS NULL)) numbered
WHERE prompt.id = numbered.id AND prompt.import_line IS NULL
"""
# An import made its batch while it was written, and gave it its file's name.
NAME_BATCHES = """
UPDATE prompts_samplebatch batch SET prompt_import_id = found.import_id
FROM (SELECT DISTINCT ON (old.id) old.id AS import_id, batch.id AS batch_id
      FROM prompts_promptimport old JOIN prompts_samplebatch batch
        ON batch.name = left(old.file_name, 160) AND batch.created_at BETWEEN old.created_at AND old.imported_at
      WHERE old.state = 'imported' AND old.position = '{}' AND batch.prompt_import_id IS NULL
        AND batch.checkpoint_id IS NULL AND batch.endpoint_id IS NULL AND batch.parameters = '{}'
      ORDER BY old.id, batch.created_at DESC) found
WHERE batch.id = found.batch_id
"""


class Migration(migrations.Migration):
    dependencies = [("prompts", "0004_held_by_the_database")]
    operations = [
        migrations.RunSQL(statement, migrations.RunSQL.noop) for statement in (READ_AGAIN, NUMBER_LINES, NAME_BATCHES)
    ]
