"""Who asked for deletion is marked on the submitter. datasets.0006 marks those who had asked before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("prompts", "0011_archived")]
    operations = [
        migrations.AddField(
            "submitter",
            "erased_at",
            models.DateTimeField(
                blank=True,
                help_text="Since when what they sent is not shown: they asked for its deletion.",
                null=True,
            ),
        ),
        migrations.AddIndex(
            "submitter",
            models.Index(condition=models.Q(erased_at__isnull=False), fields=["id"], name="submitter_erased"),
        ),
    ]
