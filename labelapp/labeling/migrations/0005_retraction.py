"""What labelers undo: a row beside the submission, which stays; only ever added to, like the rest of the record."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

KEEP = """
CREATE TRIGGER labeling_retraction_append_only BEFORE UPDATE OR DELETE ON labeling_retraction
    FOR EACH ROW EXECUTE FUNCTION labeling_refuse_change();
"""
LET_GO = "DROP TRIGGER labeling_retraction_append_only ON labeling_retraction;"


class Migration(migrations.Migration):
    dependencies = [("labeling", "0004_review")]
    operations = [
        migrations.CreateModel(
            name="Retraction",
            fields=[
                (
                    "submission",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="retraction",
                        serialize=False,
                        to="labeling.submission",
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={"ordering": ("submission_id",)},
        ),
        migrations.RunSQL(KEEP, LET_GO),
    ]
