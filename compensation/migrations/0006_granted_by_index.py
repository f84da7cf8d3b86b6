"""Let the indexes of what was granted hold the new states too, without keeping anyone from writing."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = (("compensation", "0005_offer_states"),)
    operations = (
        AddIndexConcurrently(
            model_name="offer",
            index=models.Index(
                condition=models.Q(("state__in", ("approved", "offered", "accepted", "failed", "fulfilled"))),
                fields=["decided_at"],
                include=("case", "branch", "granted_amount", "currency", "within_authority"),
                name="compensation_offer_grants",
            ),
        ),
        AddIndexConcurrently(
            model_name="offer",
            index=models.Index(
                condition=models.Q(("state__in", ("approved", "offered", "accepted", "failed", "fulfilled"))),
                fields=["like_key", "-decided_at"],
                include=("granted_amount", "case"),
                name="compensation_offer_likes",
            ),
        ),
        RemoveIndexConcurrently(model_name="offer", name="compensation_offer_granted"),
        RemoveIndexConcurrently(model_name="offer", name="compensation_offer_like"),
    )
