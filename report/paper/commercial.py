"""The offer on paper: price schedule, delivery, payment, warranty, guarantees, exclusions, terms and signatures.

These stand in a chapter of their own, which cannot be left out: what was agreed never vanishes with another chapter.
"""

from __future__ import annotations

from i18n import numbers
from report.paper.attached import page_pictures, page_words
from report.paper.blocks import Block, Draft, bullets, heading, prose, small, table
from report.paper.front import day_text
from report.paper.offer import Offer, printable
from report.paper.offer_rows import Item

WIDTHS = {
    "items": (1.7, 1.7, 0.7, 0.6, 1.0, 0.7, 1.1, 0.9),
    "steps": (1.6, 0.7, 0.7, 0.7, 2.2),
    "payments": (2.6, 0.8, 1.2),
    "warranties": (1.6, 0.6, 2.4),
    "guarantees": (1.3, 1.3, 2.4),
}


def terms(draft: Draft) -> Block | None:
    """The chapter of terms; none where the author entered nothing that belongs there."""
    offer = draft.offer
    blocks: list[Block | None] = [
        *_items(draft),
        *_steps(draft),
        *_payments(draft),
        *_rows(draft, "warranties", "lrl"),
        *_rows(draft, "guarantees", "lll"),
        *_passage(draft, "exclusions", offer.exclusions),
        *_passage(draft, "size", offer.size_reason),
        heading(draft.t("commercial.terms")) if offer.terms else None,
        prose(printable(offer.terms)) if offer.terms else None,
        *_passage(draft, "changes", offer.changes),
    ]
    kept = [block for block in blocks if block]
    if not kept and not (offer.signatory or offer.client_signatory):
        return None
    kept += signature(draft)
    finding = _finding(draft)
    return {"key": "terms", "title": draft.t("chapter.terms"), "finding": finding, "blocks": kept}


def _finding(draft: Draft) -> str:
    """The price where all of it is quoted, else until when the offer holds."""
    nets = [item.net for item in draft.offer.items if item.status != "excluded"]
    if nets and all(net is not None for net in nets):
        return f"{draft.t('offer.net')}: {draft.money(sum(net or 0.0 for net in nets))}"
    valid = draft.offer.valid_until
    return draft.t("commercial.validity", date=day_text(draft, valid)) if valid else draft.t("commercial.no_validity")


def _head(draft: Draft, name: str, columns: tuple[str, ...]) -> list[str]:
    return [draft.t(f"offer.{name}.{column}") for column in columns]


def _items(draft: Draft) -> list[Block]:
    """The price schedule with its sums; every amount in the site's currency as entered."""
    items, words = draft.offer.items, draft.words
    if not items:
        return []
    rows = [_item_row(draft, item) for item in items]
    quoted = [item for item in items if item.net is not None]
    net = sum(item.net or 0.0 for item in quoted)
    vat = sum((item.net or 0.0) * item.vat for item in quoted)
    sums = (("net", net), ("vat_sum", vat), ("gross", net + vat)) if quoted else ()
    rows += [[draft.t(f"offer.{name}"), "", "", "", "", "", _amount(value), ""] for name, value in sums]
    is_open = any(item.net is None and item.status != "excluded" for item in items)
    return [
        heading(draft.t("offer.items_title", unit=words.currency(draft.currency))),
        table(
            _head(draft, "items", ("name", "spec", "quantity", "unit", "price", "vat", "sum", "status")),
            rows,
            align="llrlrrrl",
            widths=WIDTHS["items"],
            strong=[len(rows) - 1] if quoted else (),
        ),
        *([small(draft.t("offer.open_note"))] if is_open else []),
    ]


def _item_row(draft: Draft, item: Item) -> list[str]:
    is_out = item.status == "excluded"
    price = "" if is_out else draft.t("offer.open") if item.price is None else _amount(item.price, 2)
    return [
        printable(item.name),
        printable(item.spec),
        _count(item.quantity),
        printable(item.unit),
        price,
        "" if item.price is None or is_out else draft.words.percent(item.vat),
        "" if item.net is None else _amount(item.net),
        draft.t(f"offer.status.{item.status}"),
    ]


def _amount(value: float, decimals: int = 0) -> str:
    """An amount as it is signed: every digit, with its cents where it has some."""
    return numbers.plain(value, decimals if abs(value - round(value)) > 5e-3 or decimals == 0 else 0)


def _steps(draft: Draft) -> list[Block]:
    found = draft.offer.steps
    if not found:
        return []
    rows = [
        [
            printable(step.name),
            _count(step.start_week),
            _count(step.weeks),
            _count(step.end_week),
            printable(step.note),
        ]
        for step in found
    ]
    head = _head(draft, "steps", ("name", "start_week", "weeks", "end_week", "note"))
    return [heading(draft.t("offer.steps_title")), table(head, rows, align="lrrrl", widths=WIDTHS["steps"])]


def _payments(draft: Draft) -> list[Block]:
    """Shares, and what they come to where the price is known."""
    found = draft.offer.payments
    if not found:
        return []
    gross = gross_price(draft.offer)
    rows = [
        [
            printable(one.milestone),
            draft.words.percent(one.share),
            _amount(one.share * gross) if gross else "",
        ]
        for one in found
    ]
    head = _head(draft, "payments", ("milestone", "share", "sum"))
    return [heading(draft.t("offer.payments_title")), table(head, rows, align="lrr", widths=WIDTHS["payments"])]


def gross_price(offer: Offer) -> float:
    """With VAT, of all that is quoted."""
    return sum(item.net * (1 + item.vat) for item in offer.items if item.net is not None)


def _rows(draft: Draft, name: str, align: str) -> list[Block]:
    found = getattr(draft.offer, name)
    if not found:
        return []
    columns = tuple(vars(found[0]))
    rows = [[_cell(getattr(row, column)) for column in columns] for row in found]
    head = _head(draft, name, columns)
    return [heading(draft.t(f"offer.{name}_title")), table(head, rows, align=align, widths=WIDTHS[name])]


def _cell(value: str | float) -> str:
    return printable(value) if isinstance(value, str) else _count(value)


def _count(value: float) -> str:
    """A whole number without decimals."""
    return numbers.plain(value, 0 if value == round(value) else None)


def _passage(draft: Draft, name: str, text: str) -> list[Block]:
    """A passage; one of several lines stands as a list."""
    lines = [line.strip() for line in printable(text).splitlines() if line.strip()]
    if not lines:
        return []
    return [heading(draft.t(f"offer.{name}_title")), bullets(lines) if len(lines) > 1 else prose(lines[0])]


def signature(draft: Draft) -> list[Block]:
    """Two parties side by side, with room for signature and chop."""
    offer = draft.offer
    sides = (
        ("for_vendor", offer.vendor, offer.address, offer.signatory),
        ("for_client", offer.client, offer.client_address, offer.client_signatory),
    )
    parties = [
        {
            "title": draft.t(f"offer.{side}"),
            "lines": [printable(line) for line in (name, address) if line],
            "fields": [
                {"label": draft.t("offer.name_line"), "value": printable(signatory)},
                {"label": draft.t("offer.sign_line"), "value": ""},
                {"label": draft.t("offer.date_line"), "value": ""},
            ],
        }
        for side, name, address, signatory in sides
    ]
    return [
        heading(draft.t("offer.signature")),
        small(draft.t("offer.signature_note")),
        {"kind": "signature", "parties": parties},
    ]


def appended(draft: Draft) -> list[Block]:
    """The pages of the attachments as pictures, each with its own words."""
    found = []
    for one in draft.offer.attachments:
        name = printable(one.name)
        pages = zip(page_pictures(one.pdf), page_words(one.pdf), strict=True)
        for number, (picture, text) in enumerate(pages, start=1):
            alt = draft.t("offer.attachment_page", n=number, name=name, text=printable(text))
            title = draft.t("offer.attachment", name=name) if number == 1 else ""
            found.append({"title": title, "png": list(picture), "alt": alt})
    return found


def author_note(draft: Draft, chapter: str) -> list[Block]:
    """The author's own words at the head of a chapter."""
    text = printable(draft.offer.notes.get(chapter, ""))
    return [prose(text)] if text else []
