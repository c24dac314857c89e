"""Submissions and judgments are only ever added to: the database itself refuses to change or delete one."""

from django.db import migrations

CREATE = """
CREATE FUNCTION labeling_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused; an edit is a new revision', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER labeling_submission_append_only BEFORE UPDATE OR DELETE ON labeling_submission
    FOR EACH ROW EXECUTE FUNCTION labeling_refuse_change();
CREATE TRIGGER labeling_judgment_append_only BEFORE UPDATE OR DELETE ON labeling_judgment
    FOR EACH ROW EXECUTE FUNCTION labeling_refuse_change();
"""
DROP = """
DROP TRIGGER labeling_judgment_append_only ON labeling_judgment;
DROP TRIGGER labeling_submission_append_only ON labeling_submission;
DROP FUNCTION labeling_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("labeling", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
