"""The rows of a ready version are frozen as before, asked once a statement: a million rows come in by one COPY."""

from django.db import migrations

FORWARD = """
DROP TRIGGER dataset_row_is_frozen ON datasets_datasetrow;
DROP FUNCTION datasets_refuse_row_change();
CREATE FUNCTION datasets_refuse_row_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    frozen bigint;
BEGIN
    SELECT version.id INTO frozen FROM datasets_datasetversion version
    WHERE version.state = 'ready' AND version.id IN (SELECT version_id FROM changed) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'dataset version % is frozen', frozen USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER dataset_row_is_frozen_insert AFTER INSERT ON datasets_datasetrow
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION datasets_refuse_row_change();
CREATE TRIGGER dataset_row_is_frozen_delete AFTER DELETE ON datasets_datasetrow
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION datasets_refuse_row_change();
CREATE TRIGGER dataset_row_is_frozen_old AFTER UPDATE ON datasets_datasetrow
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION datasets_refuse_row_change();
CREATE TRIGGER dataset_row_is_frozen_new AFTER UPDATE ON datasets_datasetrow
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION datasets_refuse_row_change();
"""
BACKWARD = """
DROP TRIGGER dataset_row_is_frozen_insert ON datasets_datasetrow;
DROP TRIGGER dataset_row_is_frozen_delete ON datasets_datasetrow;
DROP TRIGGER dataset_row_is_frozen_old ON datasets_datasetrow;
DROP TRIGGER dataset_row_is_frozen_new ON datasets_datasetrow;
DROP FUNCTION datasets_refuse_row_change();
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


class Migration(migrations.Migration):
    dependencies = [("datasets", "0004_builder")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
