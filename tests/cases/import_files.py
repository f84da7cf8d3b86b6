"""Files of made-up complaints in the forms that profiles read, and the command that imports them."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

BANK = ("Complaint ID", "Product", "Issue", "narrative", "Company response to consumer", "Timely response?")
POST = ("tweet_id", "airline", "text", "negativereason", "tweet_created")
TELECOM = ("Ticket", "Customer_Complaint", "Date", "Time", "Received_Via", "Status")
LETTER = ("留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "答复意见", "答复时间")
Write = Callable[..., Path]


def run(path: Path, profile: str, **options: Any) -> str:
    output = StringIO()
    call_command("import_cases", path, profile=profile, stdout=output, **options)
    return output.getvalue()


def bank_row(number: int, **fields: str) -> tuple[str, ...]:
    values = {
        "id": str(number),
        "product": "Savings account",
        "issue": "Fees",
        "text": f"The branch charged me a fee of 25 twice, number {number}, and nobody answers the phone.",
        "response": "Closed with explanation",
        "timely": "Yes",
    } | fields
    return tuple(values.values())


def letter_row(number: int, **fields: str) -> tuple[str, ...]:
    values = {
        "id": str(number),
        "who": f"U{number}",
        "title": "路灯不亮",
        "at": "2019/4/25 9:32:09",
        "text": "小区门口的路灯坏了一个月，打了三次电话没人处理。",
        "reply": "您好，路灯已修复。",
        "replied": "2019/4/26 10:02:08",
    } | fields
    return tuple(values.values())
