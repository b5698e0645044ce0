"""Styles of a Word file: Word's own, re-dressed, and few others, so that an author changes the look in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

LATIN, ASIAN = "Arial", "Microsoft YaHei"
TAGS = {"en": "en-GB", "zh": "zh-CN"}
KEPT = {"Normal", "Title", "Subtitle", "heading 1", "heading 2", "caption", "List Bullet", "header", "footer", "toc 1"}
KEPT |= {"Default Paragraph Font", "Normal Table", "No List"}
TEXT_COLOUR = "101820"
CHAPTER_NUMBERS = 90


@dataclass(frozen=True)
class Look:
    """Colours as six hex digits, and the language."""

    accent: str
    muted: str
    border: str
    fill: str
    language: str


@dataclass(frozen=True)
class Dress:
    """A paragraph style: sizes in points."""

    name: str
    size: float
    bold: bool = False
    colour: str = ""
    before: float = 0
    after: float = 0
    keep: bool = False
    line: float = 1.15
    side: str = ""
    base: str = "Normal"


def dresses(look: Look) -> tuple[Dress, ...]:
    muted, accent = look.muted, look.accent
    return (
        Dress("Normal", 9.5, after=5),
        Dress("Title", 24, True, accent, 12, 4, line=1.0),
        Dress("Subtitle", 12, False, muted, after=8),
        Dress("Heading 1", 18, True, accent, 24, 6, keep=True),
        Dress("Heading 2", 10.5, True, TEXT_COLOUR, 10, 4, keep=True),
        Dress("Finding", 11, True, after=6, keep=True),
        Dress("Answer", 15, True, after=6),
        Dress("Kicker", 10.5, False, muted),
        Dress("Note", 8, False, muted, 2, 6),
        Dress("Caption", 8, False, muted, 6, 2, keep=True),
        Dress("Legend", 7.5, False, muted, after=2, keep=True),
        Dress("Table Text", 8, line=1.0),
        Dress("Table Number", 8, line=1.0, side="right", base="Table Text"),
        Dress("Picture", 9.5, after=4, line=1.0),
        Dress("Card Label", 8, False, muted, line=1.0),
        Dress("Card Value", 15, True, before=3, after=3, line=1.0),
        Dress("Card Note", 7.5, False, muted, line=1.0),
        Dress("Header", 8, False, muted),
        Dress("Footer", 7.5, False, muted),
        Dress("List Bullet", 9.5, after=3),
        Dress("TOC 1", 9.5, after=4),
    )


def dress(document: Document, look: Look, width_mm: float) -> None:
    """The styles in use and no others: the library looks a style up through all there are."""
    _strip(document)
    _defaults(document, look)
    for one in dresses(look):
        _put(document, one, look)
    contents = document.styles["TOC 1"].paragraph_format
    contents.tab_stops.add_tab_stop(Mm(width_mm), alignment=2, leader=1)
    document.styles.element.append(_table_style(look))
    _numbered_chapters(document)


def _strip(document: Document) -> None:
    styles = document.styles.element
    for style in list(styles.findall(qn("w:style"))):
        if style.find(qn("w:name")).get(qn("w:val")) not in KEPT:
            styles.remove(style)
    for tag in ("w:link", "w:next"):
        for link in list(styles.iter(qn(tag))):
            link.getparent().remove(link)
    for name, relation in list(document.part.rels.items()):
        if relation.reltype.endswith("stylesWithEffects"):
            del document.part.rels[name]


def _defaults(document: Document, look: Look) -> None:
    styles = document.styles.element
    properties = styles.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    for child in list(properties):
        properties.remove(child)
    properties.append(_fonts())
    properties.append(parse_xml(f'<w:sz {nsdecls("w")} w:val="19"/>'))
    tag = TAGS[look.language]
    properties.append(parse_xml(f'<w:lang {nsdecls("w")} w:val="{tag}" w:eastAsia="zh-CN" w:bidi="ar-SA"/>'))


def _fonts() -> Any:
    names = f'w:ascii="{LATIN}" w:hAnsi="{LATIN}" w:cs="{LATIN}" w:eastAsia="{ASIAN}"'
    return parse_xml(f"<w:rFonts {nsdecls('w')} {names}/>")


def _put(document: Document, one: Dress, look: Look) -> None:
    styles = document.styles
    known = {style.name for style in styles}
    name = one.name if one.name in known or one.name != "TOC 1" else "toc 1"
    style = styles[name] if name in known else styles.add_style(one.name, WD_STYLE_TYPE.PARAGRAPH)
    if one.name != "Normal":
        style.base_style = styles[one.base]
    properties = style.element.get_or_add_rPr()
    for tag in ("w:rFonts", "w:color", "w:sz", "w:i", "w:b"):  # the template's theme fonts win over names
        for old in properties.findall(qn(tag)):
            properties.remove(old)
    properties.insert(0, _fonts())
    style.font.size, style.font.bold, style.font.italic = Pt(one.size), one.bold, False
    if one.colour:
        style.font.color.rgb = RGBColor.from_string(one.colour)
    frame = style.paragraph_format
    frame.space_before, frame.space_after, frame.keep_with_next = Pt(one.before), Pt(one.after), one.keep
    frame.line_spacing = one.line if look.language == "en" else 1.0  # Chinese fonts bring their own air
    frame.alignment = 2 if one.side == "right" else None
    style.quick_style, style.hidden = True, False
    for tag in ("w:pBdr", "w:tabs"):  # the title's rule, and the centre tab of head and foot
        for old in style.element.findall(f".//{qn(tag)}"):
            old.getparent().remove(old)


def _table_style(look: Look) -> Any:
    lines = "".join(
        f'<w:{side} w:val="single" w:sz="2" w:space="0" w:color="{look.border}"/>' for side in ("bottom", "insideH")
    )
    sides = (("top", 40), ("left", 60), ("bottom", 40), ("right", 60))
    margins = "".join(f'<w:{side} w:w="{width}" w:type="dxa"/>' for side, width in sides)
    rule = f'<w:bottom w:val="single" w:sz="8" w:space="0" w:color="{look.accent}"/>'
    return parse_xml(
        f'<w:style {nsdecls("w")} w:type="table" w:customStyle="1" w:styleId="PowerLadderTable">'
        '<w:name w:val="PowerLadder Table"/><w:basedOn w:val="TableNormal"/><w:uiPriority w:val="99"/><w:qFormat/>'
        f"<w:tblPr><w:tblBorders>{lines}</w:tblBorders><w:tblCellMar>{margins}</w:tblCellMar></w:tblPr>"
        f'<w:tblStylePr w:type="firstRow"><w:tcPr><w:tcBorders>{rule}</w:tcBorders></w:tcPr>'
        "</w:tblStylePr></w:style>"
    )


def _numbered_chapters(document: Document) -> None:
    """Chapter numbers are a list tied to the heading, so that an added chapter renumbers the rest."""
    numbering = document.part.numbering_part.element
    numbering.insert(
        0,
        parse_xml(
            f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{CHAPTER_NUMBERS}"><w:multiLevelType w:val="multilevel"/>'
            '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:pStyle w:val="Heading1"/>'
            '<w:suff w:val="space"/><w:lvlText w:val="%1 "/><w:lvlJc w:val="left"/>'
            '<w:pPr><w:ind w:left="0" w:firstLine="0"/></w:pPr></w:lvl></w:abstractNum>'
        ),
    )
    numbering.append(
        parse_xml(
            f'<w:num {nsdecls("w")} w:numId="{CHAPTER_NUMBERS}"><w:abstractNumId w:val="{CHAPTER_NUMBERS}"/></w:num>'
        )
    )
    heading = document.styles["Heading 1"].element.get_or_add_pPr()
    heading.append(parse_xml(f'<w:numPr {nsdecls("w")}><w:numId w:val="{CHAPTER_NUMBERS}"/></w:numPr>'))
