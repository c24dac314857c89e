"""A ready version and its rows cannot change, whoever asks: what was trained on must stay what it was."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION datasets_refuse_version_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'dataset version % is frozen', OLD.id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER dataset_version_is_frozen BEFORE UPDATE OR DELETE ON datasets_datasetversion
    FOR EACH ROW WHEN (OLD.state = 'ready') EXECUTE FUNCTION datasets_refuse_version_change();

CREATE FUNCTION datasets_refuse_row_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed bigint[] := CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.version_id] WHEN 'DELETE' THEN ARRAY[OLD.version_id]
                        ELSE ARRAY[OLD.version_id, NEW.version_id] END;
BEGIN
    IF EXISTS (SELECT FROM datasets_datasetversion version WHERE version.id = ANY(changed) AND version.state = 'ready')
    THEN
        RAISE EXCEPTION 'dataset version % is frozen', changed[1] USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER dataset_row_is_frozen BEFORE INSERT OR UPDATE OR DELETE ON datasets_datasetrow
    FOR EACH ROW EXECUTE FUNCTION datasets_refuse_row_change();
"""
BACKWARD = """
DROP TRIGGER dataset_row_is_frozen ON datasets_datasetrow;
DROP FUNCTION datasets_refuse_row_change();
DROP TRIGGER dataset_version_is_frozen ON datasets_datasetversion;
DROP FUNCTION datasets_refuse_version_change();
"""


class Migration(migrations.Migration):
    dependencies = [("datasets", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
