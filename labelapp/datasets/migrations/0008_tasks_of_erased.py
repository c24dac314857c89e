"""The tasks on prompts of those who asked for deletion before that withdrew them."""

from django.db import migrations

WITHDRAW = """
WITH gone AS (
    UPDATE labeling_task task SET withdrawn_at = now()
    FROM prompts_prompt prompt JOIN prompts_submitter submitter ON submitter.id = prompt.submitter_id
    WHERE prompt.id = task.prompt_id AND submitter.erased_at IS NOT NULL AND task.withdrawn_at IS NULL
    RETURNING task.id
)
UPDATE labeling_assignment slot SET state = 'withdrawn' FROM gone
WHERE slot.task_id = gone.id AND slot.state IN ('open', 'leased')
"""


class Migration(migrations.Migration):
    dependencies = [("datasets", "0007_untidy"), ("labeling", "0008_done_at")]
    operations = [migrations.RunSQL(WITHDRAW, migrations.RunSQL.noop)]
