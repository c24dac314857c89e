"""What no program may do: move a submitter to another split, and change a record that is only ever added to."""

from django.db import migrations

HOLD = """
CREATE FUNCTION prompts_hold_split() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a submitter keeps its key and its split for ever' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER prompts_submitter_kept BEFORE DELETE ON prompts_submitter
    FOR EACH ROW EXECUTE FUNCTION prompts_hold_split();
CREATE TRIGGER prompts_submitter_same_split BEFORE UPDATE OF key, split ON prompts_submitter
    FOR EACH ROW WHEN (OLD.key IS DISTINCT FROM NEW.key OR OLD.split IS DISTINCT FROM NEW.split)
    EXECUTE FUNCTION prompts_hold_split();

CREATE FUNCTION prompts_hold_submitter() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a prompt stays its submitter''s: in another split it would leak' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER prompts_prompt_same_submitter BEFORE UPDATE OF submitter_id ON prompts_prompt
    FOR EACH ROW WHEN (OLD.submitter_id IS DISTINCT FROM NEW.submitter_id)
    EXECUTE FUNCTION prompts_hold_submitter();

CREATE FUNCTION prompts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER prompts_consent_append_only BEFORE UPDATE OR DELETE ON prompts_consent
    FOR EACH ROW EXECUTE FUNCTION prompts_refuse_change();
CREATE TRIGGER prompts_piireview_append_only BEFORE UPDATE OR DELETE ON prompts_piireview
    FOR EACH ROW EXECUTE FUNCTION prompts_refuse_change();
CREATE TRIGGER prompts_originalaccess_append_only BEFORE UPDATE OR DELETE ON prompts_originalaccess
    FOR EACH ROW EXECUTE FUNCTION prompts_refuse_change();
"""
LET_GO = """
DROP TRIGGER prompts_submitter_kept ON prompts_submitter;
DROP TRIGGER prompts_submitter_same_split ON prompts_submitter;
DROP TRIGGER prompts_prompt_same_submitter ON prompts_prompt;
DROP TRIGGER prompts_consent_append_only ON prompts_consent;
DROP TRIGGER prompts_piireview_append_only ON prompts_piireview;
DROP TRIGGER prompts_originalaccess_append_only ON prompts_originalaccess;
DROP FUNCTION prompts_hold_split;
DROP FUNCTION prompts_hold_submitter;
DROP FUNCTION prompts_refuse_change;
"""


class Migration(migrations.Migration):
    dependencies = [("prompts", "0003_sources_and_records")]
    operations = [migrations.RunSQL(HOLD, LET_GO)]
