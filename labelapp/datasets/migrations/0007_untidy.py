"""Where something may lie that no version names: all datasets are looked through once, and then after each attempt."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("datasets", "0006_erased_submitters")]
    operations = [
        migrations.AddField(
            model_name="dataset",
            name="untidy_at",
            field=models.DateTimeField(
                blank=True, help_text="Since then something may lie there that no version names.", null=True
            ),
        ),
        migrations.RunSQL("UPDATE datasets_dataset SET untidy_at = now()", migrations.RunSQL.noop),
    ]
