"""The calibration pool is marked. So far it was what a researcher had ranked too, where labelers see their agreement."""

from django.db import migrations, models

MARK_WHAT_COUNTED = """
UPDATE labeling_task SET is_calibration = true
WHERE project_id IN (SELECT id FROM labeling_project WHERE show_agreement)
  AND id IN (SELECT said.task_id FROM labeling_submission said JOIN accounts_user person ON person.id = said.labeler_id
             WHERE person.role IN ('researcher', 'admin'))
"""


class Migration(migrations.Migration):
    dependencies = [("labeling", "0006_show_agreement"), ("accounts", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="task",
            name="is_calibration",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Of the calibration pool: a labeler's own agreement with the researchers is over such tasks.",
            ),
        ),
        migrations.RunSQL(MARK_WHAT_COUNTED, migrations.RunSQL.noop),
    ]
