"""Answers kept for requests that are sent again."""

from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = (migrations.swappable_dependency(settings.AUTH_USER_MODEL),)
    operations = (
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=200, verbose_name="key")),
                ("fingerprint", models.CharField(editable=False, max_length=64)),
                ("status", models.PositiveSmallIntegerField(default=0, verbose_name="status")),
                ("body", models.TextField(blank=True, verbose_name="answer")),
                ("location", models.CharField(blank=True, max_length=200, verbose_name="address")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="at")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="member of staff",
                    ),
                ),
            ],
            options={
                "verbose_name": "kept answer",
                "verbose_name_plural": "kept answers",
                "ordering": ("-id",),
                "indexes": [models.Index(fields=["created_at"], name="api_kept_answer_age")],
                "constraints": [models.UniqueConstraint(fields=("user", "key"), name="api_kept_answer_once")],
            },
        ),
    )
