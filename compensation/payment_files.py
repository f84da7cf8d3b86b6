"""The files of a batch for the bank (CSV, ISO 20022 pain.001), and the bank's answer read back."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from xml.etree import ElementTree as ET

PAIN001 = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
MOST_BYTES = 5_000_000
# What a spreadsheet would run as a formula; a quote before it makes it text.
_RISKY = ("=", "+", "-", "@", "\t", "\r")

# ISO 20022 statuses of a payment, and the plain words that a table may hold instead.
_PAID = frozenset({"ACSC", "ACCC", "CONFIRMED", "PAID"})
_NOT_PAID = frozenset({"RJCT", "CANC", "FAILED", "REJECTED", "RETURNED"})
_PENDING = frozenset({"", "PDNG", "ACCP", "ACSP", "ACTC", "ACWC", "ACFC", "ACWP", "RCVD", "PART", "WAITING"})


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment as the bank gets it; amounts in major units with the currency's own decimals."""

    end_to_end_id: str
    amount: Decimal
    payee: str
    iban: str
    account: str
    bank: str
    text: str


@dataclass(frozen=True, slots=True)
class Payer:
    """The account that pays."""

    name: str
    iban: str
    account: str
    bank: str


@dataclass(frozen=True, slots=True)
class Result:
    """What the bank says of one payment: paid, not paid, or None while it is pending."""

    end_to_end_id: str
    paid: bool | None
    reference: str = ""
    reason: str = ""
    amount: Decimal | None = None


class UnreadableError(ValueError):
    """The file is not what it should be: `code` says how, `detail` where."""

    def __init__(self, code: str, detail: object = "") -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, str(detail)[:60]


# --- writing -------------------------------------------------------------------------------


def plain_cell(text: str) -> str:
    """Text that a spreadsheet shows and never runs."""
    return f"'{text}" if text.startswith(_RISKY) else text


def write_csv(payments: Sequence[Payment], currency: str) -> bytes:
    """A table with one payment a row: UTF-8 with a mark that Excel knows it by, lines ended by CRLF."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["end_to_end_id", "amount", "currency", "payee", "iban", "account", "bank", "text"])
    for each in payments:
        texts = (each.payee, each.iban, each.account, each.bank, each.text)
        writer.writerow([each.end_to_end_id, str(each.amount), currency, *map(plain_cell, texts)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def write_pain001(
    payments: Sequence[Payment], *, payer: Payer, reference: str, currency: str, at: dt.datetime, on: dt.date
) -> bytes:
    """Customer credit transfer initiation pain.001.001.09: one group of payments from one account.

    Written from plain values alone, so that the same batch gives the same bytes.
    """
    root = ET.Element("Document", xmlns=PAIN001)
    start = ET.SubElement(root, "CstmrCdtTrfInitn")
    total = str(sum((each.amount for each in payments), Decimal(0)))
    head = ET.SubElement(start, "GrpHdr")
    _texts(head, MsgId=reference, CreDtTm=at.strftime("%Y-%m-%dT%H:%M:%SZ"), NbOfTxs=str(len(payments)))
    _texts(head, CtrlSum=total)
    _texts(ET.SubElement(head, "InitgPty"), Nm=payer.name)
    group = ET.SubElement(start, "PmtInf")
    _texts(group, PmtInfId=reference, PmtMtd="TRF", NbOfTxs=str(len(payments)), CtrlSum=total)
    if currency == "EUR" and payer.iban and all(each.iban for each in payments):
        kind = ET.SubElement(ET.SubElement(group, "PmtTpInf"), "SvcLvl")
        _texts(kind, Cd="SEPA")
    _texts(ET.SubElement(group, "ReqdExctnDt"), Dt=on.isoformat())
    _texts(ET.SubElement(group, "Dbtr"), Nm=payer.name)
    _account(group, "DbtrAcct", payer.iban, payer.account)
    _agent(group, "DbtrAgt", payer.bank, needed=True)
    for each in payments:
        _transfer(group, each, currency)
    ET.indent(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _transfer(group: ET.Element, payment: Payment, currency: str) -> None:
    transfer = ET.SubElement(group, "CdtTrfTxInf")
    _texts(ET.SubElement(transfer, "PmtId"), EndToEndId=payment.end_to_end_id)
    amount = ET.SubElement(ET.SubElement(transfer, "Amt"), "InstdAmt", Ccy=currency)
    amount.text = str(payment.amount)
    _agent(transfer, "CdtrAgt", payment.bank)
    _texts(ET.SubElement(transfer, "Cdtr"), Nm=payment.payee)
    _account(transfer, "CdtrAcct", payment.iban, payment.account)
    _texts(ET.SubElement(transfer, "RmtInf"), Ustrd=payment.text)


def _texts(parent: ET.Element, **texts: str) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, name).text = text


def _account(parent: ET.Element, name: str, iban: str, account: str) -> None:
    identity = ET.SubElement(ET.SubElement(parent, name), "Id")
    if iban:
        _texts(identity, IBAN=iban)
    else:
        _texts(ET.SubElement(identity, "Othr"), Id=account)


def _agent(parent: ET.Element, name: str, bank: str, *, needed: bool = False) -> None:
    if not bank and not needed:
        return
    agent = ET.SubElement(ET.SubElement(parent, name), "FinInstnId")
    if not bank:
        _texts(ET.SubElement(agent, "Othr"), Id="NOTPROVIDED")
    elif bank.isdigit():
        _texts(ET.SubElement(agent, "ClrSysMmbId"), MmbId=bank)
    else:
        _texts(agent, BICFI=bank)


# --- reading -------------------------------------------------------------------------------


def read_results(content: bytes) -> list[Result]:
    """The bank's answer, a CSV table or pain.002. Raises `UnreadableError`."""
    if len(content) > MOST_BYTES:
        raise UnreadableError("large")
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    results = list(_from_pain002(content) if start.startswith(b"<") else _from_csv(content))
    if not results:
        raise UnreadableError("empty")
    return results


def _from_csv(content: bytes) -> Iterator[Result]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError("encoding") from None
    first = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    names = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
    for needed in ("end_to_end_id", "status"):
        if needed not in names:
            raise UnreadableError("column", needed)
    try:
        for row in rows:
            values = {short: (row.get(name) or "").strip() for short, name in names.items()}
            yield _result(
                values["end_to_end_id"],
                values["status"],
                reference=values.get("reference", ""),
                reason=values.get("reason", ""),
                amount=values.get("amount", ""),
                where=rows.line_num,
            )
    except csv.Error:
        raise UnreadableError("line", rows.line_num) from None


def _from_pain002(content: bytes) -> Iterator[Result]:
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise UnreadableError("kind")
    try:
        root = ET.fromstring(content)  # noqa: S314  # without a document type there are no entities
    except ET.ParseError as error:
        raise UnreadableError("line", error.position[0]) from None
    if re.fullmatch(r"\{urn:iso:std:iso:20022:tech:xsd:pain\.002\.[0-9.]+\}Document", root.tag) is None:
        raise UnreadableError("kind")
    for number, each in enumerate(root.findall(".//{*}TxInfAndSts"), start=1):
        reasons = [node.text or "" for node in each.iterfind(".//{*}StsRsnInf//{*}Cd")]
        reasons += [node.text or "" for node in each.iterfind(".//{*}StsRsnInf/{*}AddtlInf")]
        yield _result(
            each.findtext("{*}OrgnlEndToEndId", ""),
            each.findtext("{*}TxSts", ""),
            reference=each.findtext("{*}AcctSvcrRef", ""),
            reason=" ".join(reasons),
            amount=each.findtext(".//{*}OrgnlTxRef/{*}Amt/{*}InstdAmt", ""),
            where=number,
        )


def _result(key: str, status: str, *, reference: str, reason: str, amount: str, where: int) -> Result:
    said = status.strip().upper()
    if said not in _PAID | _NOT_PAID | _PENDING:
        raise UnreadableError("status", f"{where}: {status}")
    try:
        sum_ = Decimal(amount) if amount else None
    except InvalidOperation:
        raise UnreadableError("amount", f"{where}: {amount}") from None
    paid = None if said in _PENDING else said in _PAID
    return Result(key.strip()[:40], paid, reference.strip()[:120], reason.strip()[:300], sum_)
