"""An answer that is in a dataset version cannot be undone, whoever asks: the version would keep what nobody said."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION datasets_refuse_retraction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Waits for a version that is being registered with it, and makes one that comes later wait (and then see this).
    PERFORM 1 FROM labeling_submission WHERE id = NEW.submission_id FOR UPDATE;
    IF EXISTS (SELECT FROM datasets_datasetrow row WHERE row.submission_id = NEW.submission_id) THEN
        RAISE EXCEPTION 'submission % is in a dataset version', NEW.submission_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retraction_of_frozen BEFORE INSERT ON labeling_retraction
    FOR EACH ROW EXECUTE FUNCTION datasets_refuse_retraction();
"""
BACKWARD = """
DROP TRIGGER retraction_of_frozen ON labeling_retraction;
DROP FUNCTION datasets_refuse_retraction();
"""


class Migration(migrations.Migration):
    dependencies = [("datasets", "0002_immutable"), ("labeling", "0005_retraction")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
