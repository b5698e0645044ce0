"""The package of a Word file: what it carries, its properties, and the same bytes for the same content."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from typing import Any

from docx.document import Document
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

from report.carry.places import XML_NAMESPACE, xml_part

STORE = "{7D0C5B4E-0D9A-4C7B-9B61-3D1E6F0A2C11}"  # the part's fixed name, which bound controls ask for
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
FIRST_DAY = (1980, 1, 1, 0, 0, 0)
# Word repairs or refuses a file whose properties stand in another order.
ORDER = {
    "w:pPr": "pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers pBdr shd tabs "
    "suppressAutoHyphens kinsoku wordWrap spacing ind contextualSpacing mirrorIndents jc textAlignment outlineLvl rPr "
    "sectPr",
    "w:rPr": "rStyle rFonts b bCs i iCs caps strike color spacing w kern position sz szCs highlight u shd vertAlign "
    "lang",
}


def bound(number: int) -> str:
    """What binds a control to a figure that the file carries: an edited copy goes back to it on opening."""
    names = f"xmlns:p='{XML_NAMESPACE}'"
    path = f"/p:document[1]/p:figures[1]/p:figure[{number}]"
    return f'<w:dataBinding w:prefixMappings="{names}" w:xpath="{path}" w:storeItemID="{STORE}"/>'


def carry(document: Document, texts: dict[str, str], figures: dict[str, str]) -> None:
    """Scenario, offer, figures and engine in a part of their own."""
    package = document.part.package
    item = Part(PackURI("/customXml/item9.xml"), "application/xml", xml_part(texts, figures), package)
    about = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<ds:datastoreItem ds:itemID="{STORE}" '
        f'xmlns:ds="{OFFICE}/customXml"><ds:schemaRefs><ds:schemaRef ds:uri="{XML_NAMESPACE}"/></ds:schemaRefs>'
        "</ds:datastoreItem>"
    )
    kind = "application/vnd.openxmlformats-officedocument.customXmlProperties+xml"
    properties = Part(PackURI("/customXml/itemProps9.xml"), kind, about.encode(), package)
    item.relate_to(properties, f"{OFFICE}/relationships/customXmlProps")
    document.part.relate_to(item, f"{OFFICE}/relationships/customXml")


def describe(document: Document, content: dict[str, Any]) -> None:
    """Title, author and date; and that the file is of today's Word, which opens others in compatibility mode."""
    settings, part = document.settings.element, content["parts"][0]
    for old in settings.findall(qn("w:compat")):
        settings.remove(old)
    uri = "http://schemas.microsoft.com/office/word"
    setting = f'<w:compatSetting w:name="compatibilityMode" w:uri="{uri}" w:val="15"/>'
    compat = parse_xml(f"<w:compat {nsdecls('w')}>{setting}</w:compat>")
    after = settings.find(qn("w:rsids"))
    if after is not None:
        after.addprevious(compat)
    else:
        settings.append(compat)
    core, day = document.core_properties, datetime.fromisoformat(content["date"])
    core.title, core.author, core.last_modified_by = part["document_title"], content["author"], content["author"]
    core.created = core.modified = day
    core.language, core.identifier, core.comments, core.revision = part["lang"], part["header"], "", 1


def packed(document: Document) -> bytes:
    """The file; the same document gives the same bytes."""
    heads = [part._element for section in document.sections for part in (section.header, section.footer)]
    for root in (document.element, document.styles.element, *heads):
        for tag, names in ORDER.items():
            order = {qn(f"w:{name}"): k for k, name in enumerate(names.split())}
            for one in root.iter(qn(tag)):
                placed = {k: order.get(child.tag, len(order)) for k, child in enumerate(one)}
                one[:] = [one[k] for k in sorted(placed, key=placed.__getitem__)]
    stream = io.BytesIO()
    document.save(stream)
    return _repacked(stream.getvalue())


def _repacked(content: bytes) -> bytes:
    """The same parts in a fixed order, with fixed times and rights, without the template's thumbnail."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(out, "w") as made:
        for name in sorted(
            given.namelist(), key=lambda name: (name != "[Content_Types].xml", name != "_rels/.rels", name)
        ):
            if name == "docProps/thumbnail.jpeg":
                continue
            info = zipfile.ZipInfo(name, FIRST_DAY)
            info.external_attr, info.create_system = 0o600 << 16, 0
            info.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            part = given.read(name)
            if name == "_rels/.rels":
                part = re.sub(rb"<Relationship [^>]*thumbnail[^>]*/>", b"", part)
            made.writestr(info, part, compresslevel=6)
    return out.getvalue()
