"""Let the words of a resolution be taken away, and nothing else: a customer can ask to be forgotten."""

from django.db import migrations

FACTS = "case_id, round, at, outcome, cause_id, by_id, branch_id, channel, failure_type, defect_id"
FORWARD = f"""
DROP TRIGGER cases_resolution_append_only ON cases_resolution;
CREATE TRIGGER cases_resolution_append_only BEFORE DELETE OR UPDATE OF {FACTS} ON cases_resolution
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();
CREATE TRIGGER cases_resolution_words_stay BEFORE UPDATE OF text, reason ON cases_resolution
    FOR EACH ROW WHEN (NEW.text NOT IN (OLD.text, '') OR NEW.reason NOT IN (OLD.reason, ''))
    EXECUTE FUNCTION amends_refuse_change();
"""
BACKWARD = """
DROP TRIGGER cases_resolution_words_stay ON cases_resolution;
DROP TRIGGER cases_resolution_append_only ON cases_resolution;
CREATE TRIGGER cases_resolution_append_only BEFORE UPDATE OR DELETE ON cases_resolution
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = (("cases", "0008_queue_views_by_index"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
