"""Documents carry their scenario and offer: they come back equal, are worked out anew, and a changed one is found."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import pypdf
import pytest
import typst

import cli
from i18n import words
from report.book.workbook import workbook
from report.carry.reading import MOST_UNPACKED, read
from report.carry.texts import NAMES, SCENARIO, SUMMARY, texts_of, with_offer
from report.paper import pdf
from report.paper.offer import Offer
from report.paper.offer_rows import Attachment, Item, OfferGuarantee, OfferStep, OfferVariant, OfferWarranty, Payment
from report.paper.saved import offer_from, offer_from_json, offer_text, offer_tree, opened, with_profile
from report.verify import told, verify
from sim.inputs.base import InputError
from sim.problem import Refusal
from tests.report.documents import book_of, paper, pdf_of, squeezed, text_of
from tests.shared import made_once
from tests.studies import study_of

SHEET = typst.compile(b"Data sheet", format="pdf")
FULL = Offer(
    client="柔佛算力",
    vendor="Acme Storage",
    number="AC-117",
    revision="V1.2",
    issued="2026-11-30",
    signatory="Wang",
    items=(
        Item("Battery", "LFP, 5 MWh", 6, "set", 2_900_000.0, 0.13),
        Item("Spare parts", "two years", 1, "lot"),
        Item("Foundations", status="excluded"),
    ),
    steps=(OfferStep("Manufacture", 4, 20),),
    payments=(Payment("on order", 0.3), Payment("on handover", 0.7)),
    warranties=(OfferWarranty("Battery", 10, "70 % of nameplate"),),
    guarantees=(OfferGuarantee("Efficiency", "85 %", "1 % of price a point"),),
    exclusions="Land\nFire water",
    terms="Retention 5 %",
    notes={"money": "We recommend leasing."},
    attachments=(Attachment("Sheet", SHEET),),
    variants=(OfferVariant("B", {"storage.energy_kwh": 4_800.0}),),
    chapters=("money", "variants"),
)


def offered() -> bytes:
    return made_once("pdf case_a en, with an offer", lambda: pdf.proposal_pdf(study_of("case_a"), "en", FULL))


def bookkept() -> bytes:
    make = lambda: workbook(study_of("case_a"), words("zh"), hourly=False, offer=offer_text(FULL))  # noqa: E731
    return made_once("book case_a zh, with an offer", make)


@pytest.mark.parametrize("made", (offered, bookkept))
def test_scenario_and_offer_come_back_and_the_figures_come_out(made) -> None:
    found = verify(made())
    assert opened(found.carried) == (study_of("case_a").scenario, FULL)
    assert found.holds, told(found, words("en"))
    assert found.compared > 150 and found.shown > 30
    assert told(found, words("zh"))[0].startswith("一致")


def test_a_pdf_is_pdf_a_3a_and_pdf_ua_1_with_its_files_related() -> None:
    reader = pypdf.PdfReader(io.BytesIO(pdf_of("case_a", "en")))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and len(root["/OutputIntents"]) == 1
    about = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>3<" in about and "<pdfaid:conformance>A<" in about and "<pdfuaid:part>1<" in about
    related = [one.get_object() for one in root["/AF"]]
    assert {one["/F"] for one in related} == set(NAMES)
    assert all(one["/Desc"] and one["/AFRelationship"] in ("/Source", "/Data", "/Supplement") for one in related)
    texts = texts_of(study_of("case_a"), "en")
    assert all(reader.attachments[name][0].decode() == text for name, text in texts.items())


def test_a_changed_figure_is_named() -> None:
    """In the attachments, in the inputs, and on the pages alone."""
    study, content = study_of("case_a"), paper("case_a", "en")
    texts = texts_of(study, "en")
    npv = json.loads(texts[SUMMARY])["alternatives"]["hybrid"]["npv"]
    dearer = texts[SUMMARY].replace(json.dumps(npv), json.dumps(npv * 1.1))
    inputs = study.scenario.with_({"finance.diesel_per_l": 9.0}).to_json()
    for name, text, why in ((SUMMARY, dearer, "figures"), (SCENARIO, inputs, "inputs")):
        files = [one | {"text": text} if one["name"] == name else one for one in content["files"]]
        found = verify(pdf.pdf(content | {"files": files}))
        assert found.why == why
        assert "alternatives.hybrid.npv" in {one.name for one in found.moved}
    part = json.loads(json.dumps(content["parts"][0]))
    part["decision"]["cards"][0]["value"] = "1.00 M CNY"
    found = verify(pdf.pdf(content | {"parts": [part]}))
    assert found.why == "pages" and len(found.differing) == 1


def test_an_older_engine_is_told_apart_from_a_changed_file() -> None:
    content = paper("case_a", "en")
    older = [one | {"text": one["text"].replace('"engine": "', '"engine": "0.0.')} for one in content["files"]]
    assert verify(pdf.pdf(content | {"files": older})).holds
    moved = [one | {"text": one["text"].replace('"term_months": 4,', '"term_months": 5,', 1)} for one in older[2:3]]
    assert moved != older[2:3]
    found = verify(pdf.pdf(content | {"files": [*older[:2], *moved, older[3]]}))
    assert found.why == "engine" and "0.0." in "".join(told(found, words("en")))


def test_a_file_that_is_not_ours_or_a_bomb_is_refused() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", b"0" * (MOST_UNPACKED + 1))
    for content, says in (
        (SHEET, "carries no scenario"),
        (b"%PDF-1.7 nothing", "cannot be opened"),
        (b"PK\x03\x04 nothing", "cannot be opened"),
        (bomb.getvalue(), "unpacks to more"),
        (b"{}x", "not a scenario file"),
    ):
        with pytest.raises(Refusal, match=says):
            read(content)


def test_an_offer_is_saved_beside_the_scenario_and_outside_its_fingerprint() -> None:
    scenario = study_of("case_b").scenario
    found = read(with_offer(scenario.to_json(), offer_tree(FULL)).encode())
    assert opened(found) == (scenario, FULL)
    assert found.scenario.fingerprint == scenario.fingerprint
    assert opened(read(scenario.to_json().encode())) == (scenario, Offer())
    company = offer_from_json(json.dumps(offer_tree(replace(FULL, chapters=Offer().chapters), ("vendor", "terms"))))
    assert with_profile(Offer(client="x"), company) == Offer(client="x", vendor="Acme Storage", terms="Retention 5 %")


@pytest.mark.parametrize(
    ("tree", "says"),
    (
        ({"items": [{"name": "a", "price": -3}]}, "items.0: price: give a number of 0 or more"),
        ({"items": [{"nam": "a"}]}, "there is no such input"),
        ({"payments": [{"milestone": "a", "share": 0.4}]}, "the shares add up to 40%"),
        ({"attachments": [{"name": "a", "pdf": "AAAA"}]}, "not a PDF that can be read"),
        ({"clients": "a"}, "did you mean 'client'"),
    ),
)
def test_an_offer_that_cannot_be_used_names_the_row(tree: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        offer_from(tree)


def test_the_offer_is_on_the_pages_whatever_chapters_are_left_out() -> None:
    text = squeezed(text_of(offered()))
    for said in ("17,400,000", "Retention 5 %", "Fire water", "We recommend leasing.", "AC-117, revision V1.2", "Acme"):
        assert squeezed(said) in text
    assert squeezed(words("en").t("proposal.offer.sign_line")) in text
    net, gross = 6 * 2_900_000, 6 * 2_900_000 * 1.13
    assert f"{net:,.0f}" in text and f"{gross:,.0f}" in text and f"{0.3 * gross:,.0f}" in text


def test_the_command_line_says_yes_or_what_moved(tmp_path, capsys) -> None:
    path = tmp_path / "offer.pdf"
    path.write_bytes(offered())
    assert cli.main(["verify", str(path)]) == 0
    assert capsys.readouterr().out.startswith("yes: ")
    book = tmp_path / "book.xlsx"
    book.write_bytes(book_of("case_a"))
    assert cli.main(["verify", str(book), "--lang", "zh"]) == 0
    assert capsys.readouterr().out.startswith("一致")
