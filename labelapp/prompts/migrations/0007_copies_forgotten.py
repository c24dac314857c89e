"""What imports of before kept of people's texts goes, as newer ones forget it."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import migrations, models

FORGET_LEFT_OUT = """
UPDATE prompts_importline line SET messages = '[]', responses = NULL, annotations = '{}', deployment_context = '',
    text = CASE WHEN verdict IN ('duplicate', 'no_consent') OR EXISTS (
        SELECT FROM prompts_piireview review
        WHERE review.prompt_id = line.duplicate_of_id AND review.original_messages IS NOT NULL
    ) THEN '' ELSE left(text, 300) END
FROM prompts_promptimport written
WHERE written.id = line.prompt_import_id AND line.line <= (written.position ->> 'written')::bigint AND verdict <> 'new'
"""
FORGET_GOOD = "UPDATE prompts_promptimport SET report = report - 'good'"
FORGET_KEPT = """
UPDATE prompts_promptimport SET report = jsonb_set(report, '{kept}',
    (SELECT coalesce(jsonb_agg(kept -> 'id'), '[]') FROM jsonb_array_elements(report -> 'kept') kept))
WHERE report ? 'kept'
"""
FORGET_BAD = """
UPDATE prompts_promptimport SET report = jsonb_set(report, '{bad}',
    (SELECT coalesce(jsonb_agg(bad || '{"text": ""}'), '[]') FROM jsonb_array_elements(report -> 'bad') bad))
WHERE report ? 'bad' AND state IN ('imported', 'undone')
"""


def rename_bad_lines(apps: Any, schema_editor: Any) -> None:
    """Before 0003 the bad lines' CSV bore the upload's name; it bears the import's number since."""
    from labelapp.prompts.importing.bad_lines import bad_lines_path, forget_texts

    for found in apps.get_model("prompts", "PromptImport").objects.order_by("pk"):
        before, path = Path(settings.DATA_DIR / found.file_path).with_suffix(".bad.csv"), bad_lines_path(found)
        if before.is_file() and not path.exists():
            before.rename(path)
        if found.state in ("imported", "undone"):
            size = forget_texts(path)
            found.position = {**found.position, "bad_bytes": size} if found.position else {}
            found.save(update_fields=["position"])


class Migration(migrations.Migration):
    dependencies = [("prompts", "0006_changes_and_ways")]
    operations = [
        migrations.AlterField(
            model_name="promptimport",
            name="file_path",
            field=models.CharField(
                help_text="Relative to DATA_DIR; empty: an upload that was read.", max_length=500
            ),
        ),
        migrations.AlterField(
            model_name="promptimport",
            name="report",
            field=models.JSONField(
                default=dict, help_text="The first bad lines; undone: the ids of what is kept."
            ),
        ),
        *(
            migrations.RunSQL(statement, migrations.RunSQL.noop)
            for statement in (FORGET_LEFT_OUT, FORGET_GOOD, FORGET_KEPT, FORGET_BAD)
        ),
        migrations.RunPython(rename_bad_lines, migrations.RunPython.noop),
    ]
