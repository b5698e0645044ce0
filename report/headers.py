"""The header and the sentences of a CSV file in another language; numbers and keys of rows stay as they are."""

from __future__ import annotations

import csv
import io

from finance.metrics import REASONS
from i18n import Words
from report.files import ENCODING, SHARE_OF_BASELINE


def localised(content: bytes, words: Words, currency: str) -> bytes:
    """The same file with its first line in words, units kept, and the reasons of missing figures in the language. A
    column without a translation keeps its name. English is what the file is in."""
    if words.language == "en":
        return content
    head, _, rest = content.decode(ENCODING).partition("\r\n")
    for sentence in (*REASONS.values(), SHARE_OF_BASELINE):
        rest = rest.replace(sentence, words.problem(sentence))
    names = next(csv.reader([head]))
    stream = io.StringIO(newline="")
    csv.writer(stream).writerow([_column(name, words, currency) for name in names])
    return (stream.getvalue() + rest).encode(ENCODING)


def _column(name: str, words: Words, currency: str) -> str:
    """A column in words: "fuel_cny" is the cost line "fuel" in the site's currency."""
    money = currency.lower()
    generic = name.replace(f"_{money}_per_", "_money_per_").removesuffix(f"_{money}")
    unit = words.money_unit(0.0, currency)
    found = words.lookup(f"proposal.csv.{generic}")
    if found:
        return found.format(currency=unit)
    line = words.lookup(f"answers.line.{generic}") if name.endswith(f"_{money}") else None
    line = line or words.lookup(f"financing.row.{generic}")
    if line:
        return f"{line} ({unit})" if name.endswith(f"_{money}") else line
    for kind in ("demand", "billed"):
        if generic.startswith(f"{kind}_"):
            charge = generic.removeprefix(f"{kind}_").removesuffix("_kw")
            shown = words.lookup(f"proposal.charge.{charge}") or charge.replace("_", " ")
            return words.t(f"proposal.csv.{kind}", name=shown, currency=unit)
    return name
