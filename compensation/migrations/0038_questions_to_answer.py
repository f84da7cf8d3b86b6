"""Questions that want an answer are found by an index, for they stand on the first page of who has to answer."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The index is built while the desk goes on working.
    atomic = False

    dependencies = (("compensation", "0037_routes_of_branches"),)

    operations = (
        AddIndexConcurrently(
            model_name="question",
            index=models.Index(
                condition=models.Q(("answer", "")), fields=["id"], name="compensation_question_open"
            ),
        ),
    )
