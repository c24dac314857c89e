"""Flags, the review queue's decisions, question-and-answer threads, and who has read which instructions."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


# A decision is part of the record, as a submission is.
KEEP = """
CREATE TRIGGER labeling_decision_append_only BEFORE UPDATE OR DELETE ON labeling_decision
    FOR EACH ROW EXECUTE FUNCTION labeling_refuse_change();
"""
LET_GO = "DROP TRIGGER labeling_decision_append_only ON labeling_decision;"


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0003_evaluations"),
        ("prompts", "0002_written_prompts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("answer", "Answered"),
                            ("correct", "What is known of the prompt was corrected"),
                            ("replace", "Replaced by a corrected prompt"),
                            ("withdraw", "Withdrawn"),
                            ("dismiss", "Nothing to change"),
                        ],
                        max_length=10,
                    ),
                ),
                ("note", models.TextField(blank=True, help_text="Told to the labelers who skipped, flagged or asked.")),
                (
                    "changes",
                    models.JSONField(
                        blank=True, default=dict, help_text="Field → [before, after], of what was corrected."
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="Flag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("unclear", "The prompt is wrong or unclear"),
                            ("broken", "An output is broken"),
                            ("personal_data", "Personal data"),
                            ("unsafe", "Illegal or very upsetting content"),
                            ("other", "Something else"),
                        ],
                        max_length=16,
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("idempotency_key", models.UUIDField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="InstructionRead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("read_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="ThreadMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("body", models.TextField(help_text="Markdown.")),
                (
                    "is_open",
                    models.BooleanField(default=False, help_text="A question that no researcher has answered yet."),
                ),
                ("idempotency_key", models.UUIDField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="ThreadRead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("last_read_id", models.BigIntegerField(help_text="Of the newest message read.")),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="skip",
            name="skip_once",
        ),
        migrations.AddField(
            model_name="skip",
            name="returned_at",
            field=models.DateTimeField(blank=True, help_text="When a researcher offered it to them again.", null=True),
        ),
        migrations.AddField(
            model_name="decision",
            name="decided_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="replacement_prompt",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replaces",
                to="prompts.prompt",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="replacement_task",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replaces",
                to="labeling.task",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="task",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="decisions",
                to="labeling.task",
            ),
        ),
        migrations.AddField(
            model_name="skip",
            name="decision",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="skips",
                to="labeling.decision",
            ),
        ),
        migrations.AddIndex(
            model_name="skip",
            index=models.Index(condition=models.Q(("decision", None)), fields=["task"], name="skip_open"),
        ),
        migrations.AddIndex(
            model_name="skip",
            index=models.Index(
                condition=models.Q(("returned_at__isnull", False)), fields=["labeler", "task"], name="skip_returned"
            ),
        ),
        migrations.AddConstraint(
            model_name="skip",
            constraint=models.UniqueConstraint(
                condition=models.Q(("returned_at", None)), fields=("task", "labeler"), name="skip_once"
            ),
        ),
        migrations.AddField(
            model_name="flag",
            name="decision",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="flags",
                to="labeling.decision",
            ),
        ),
        migrations.AddField(
            model_name="flag",
            name="labeler",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="flags",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="flag",
            name="response",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="flags",
                to="prompts.response",
            ),
        ),
        migrations.AddField(
            model_name="flag",
            name="task",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="flags", to="labeling.task"
            ),
        ),
        migrations.AddField(
            model_name="instructionread",
            name="project",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="labeling.project"
            ),
        ),
        migrations.AddField(
            model_name="instructionread",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="instruction_reads",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="instructionread",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="reads", to="labeling.instructionversion"
            ),
        ),
        migrations.AddField(
            model_name="threadmessage",
            name="author",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="messages",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="threadmessage",
            name="labeler",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="threads",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="threadmessage",
            name="project",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="messages",
                to="labeling.project",
            ),
        ),
        migrations.AddField(
            model_name="threadmessage",
            name="published_from",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="published_as",
                to="labeling.threadmessage",
            ),
        ),
        migrations.AddField(
            model_name="threadmessage",
            name="task",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="messages",
                to="labeling.task",
            ),
        ),
        migrations.AddField(
            model_name="threadread",
            name="labeler",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="threadread",
            name="project",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="labeling.project"
            ),
        ),
        migrations.AddField(
            model_name="threadread",
            name="task",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="labeling.task",
            ),
        ),
        migrations.AddField(
            model_name="threadread",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="thread_reads",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(fields=["task", "id"], name="decision_of_task"),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("action", "replace"), ("replacement_prompt__isnull", False)),
                    models.Q(
                        models.Q(("action", "replace"), _negated=True),
                        ("replacement_prompt", None),
                        ("replacement_task", None),
                    ),
                    _connector="OR",
                ),
                name="decision_replacement_holds",
            ),
        ),
        migrations.AddIndex(
            model_name="flag",
            index=models.Index(condition=models.Q(("decision", None)), fields=["task"], name="flag_open"),
        ),
        migrations.AddConstraint(
            model_name="flag",
            constraint=models.UniqueConstraint(fields=("labeler", "idempotency_key"), name="flag_idempotent"),
        ),
        migrations.AddConstraint(
            model_name="instructionread",
            constraint=models.UniqueConstraint(fields=("user", "project"), name="instruction_read_once"),
        ),
        migrations.AddIndex(
            model_name="threadmessage",
            index=models.Index(condition=models.Q(("task", None)), fields=["project", "id"], name="message_of_project"),
        ),
        migrations.AddIndex(
            model_name="threadmessage",
            index=models.Index(
                condition=models.Q(("task__isnull", False)), fields=["task", "labeler", "id"], name="message_of_task"
            ),
        ),
        migrations.AddIndex(
            model_name="threadmessage",
            index=models.Index(
                condition=models.Q(("task__isnull", False)), fields=["labeler", "id"], name="message_of_labeler"
            ),
        ),
        migrations.AddIndex(
            model_name="threadmessage",
            index=models.Index(condition=models.Q(("is_open", True)), fields=["task"], name="message_open"),
        ),
        migrations.AddConstraint(
            model_name="threadmessage",
            constraint=models.UniqueConstraint(fields=("author", "idempotency_key"), name="message_idempotent"),
        ),
        migrations.AddConstraint(
            model_name="threadmessage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("labeler", None), ("task", None)),
                    models.Q(("labeler__isnull", False), ("task__isnull", False)),
                    _connector="OR",
                ),
                name="message_thread_holds",
            ),
        ),
        migrations.AddConstraint(
            model_name="threadread",
            constraint=models.UniqueConstraint(
                fields=("user", "project", "task", "labeler"), name="thread_read_once", nulls_distinct=False
            ),
        ),
        migrations.RunSQL(KEEP, LET_GO),
    ]
