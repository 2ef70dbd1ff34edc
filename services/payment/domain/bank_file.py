"""The file that a bank gets: made from stored orders and accounts, so that it can be made again, byte for byte."""

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class BankRow:
    """One row of a bank file; payee, bank and account stand in clear only here."""

    order_id: str
    attempt: int
    payee: str = field(repr=False)
    account_number: str = field(repr=False)
    bank_name: str
    amount_fen: int
    remark: str


_HEADER = ("拨付单号", "次数", "收款人户名", "收款账号", "开户银行", "金额（元）", "附言")


def bank_file(rows: Sequence[BankRow]) -> bytes:
    """Give the bank's file: CSV, every field quoted, CRLF, UTF-8 with a byte order mark, rows by order id.

    The mark is there because banks open such files in spreadsheets that otherwise take them for another encoding. The
    same rows give the same bytes.
    """
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_HEADER)
    for row in sorted(rows, key=lambda row: row.order_id):
        yuan, fen = divmod(row.amount_fen, 100)
        amount = f"{yuan}.{fen:02}"
        writer.writerow((row.order_id, row.attempt, row.payee, row.account_number, row.bank_name, amount, row.remark))
    return text.getvalue().encode("utf-8-sig")


def digest(content: bytes) -> str:
    """Give the SHA-256 of a bank file."""
    return hashlib.sha256(content).hexdigest()
