"""A proposal as a Word file, from the blocks that the PDF is set from: the same figures, in words an author may change.

Figures stand in locked controls. That is a courtesy of Word, not a proof: `report.verify` is the proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import docx
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.shared import Mm

from i18n import words
from report.word.marks import Marks, elements, field, para, run
from report.word.package import bound, carry, describe, packed
from report.word.pictures import drawn, picture, vector_charts
from report.word.styles import Look, dress
from report.word.tables import data_table, framed, row, twips

PAGE_MM, MARGIN_MM, MARGIN_ACROSS_MM = (210.0, 297.0), 18.0, 14.0
WIDTH_MM = PAGE_MM[0] - 2 * MARGIN_MM
GUTTER_MM, LOGO_MM, DIAGRAM_MM = 6.0, 7.0, 160.0
CARDS_A_ROW, FACTS_A_ROW = 3, 3
FLIPS_WIDTHS = (2, 1.2, 1.2, 1)
BEFORE_A_BLOCK = ("table", "chart", "pair", "heading")


def proposal_docx(content: dict[str, Any]) -> bytes:
    """The Word file of what `report.paper.pdf.data` gives. The same content gives the same bytes."""
    return _Writer(content).file()


class _Writer:
    def __init__(self, content: dict[str, Any]) -> None:
        self.content, self.marks = content, Marks()
        self.document = docx.Document()
        colours = {name: content["colours"][name].lstrip("#") for name in ("muted", "border", "fill")}
        self.look = Look(content["accent"].lstrip("#"), **colours, language=content["parts"][0]["lang"])
        dress(self.document, self.look, WIDTH_MM)
        logo = bytes(content["logo"]["bytes"])
        self.logo_svg = logo.decode() if content["logo"]["format"] == "svg" else ""
        charts = [svg for part in content["parts"] for svg in vector_charts(part)]
        self.pngs = drawn([*charts, self.logo_svg] if self.logo_svg else charts)
        self.logo = self.pngs[self.logo_svg] if self.logo_svg else logo
        self.figures: dict[str, str] = {}
        self.chapters, self.captions = 0, {"table": 0, "figure": 0}

    def file(self) -> bytes:
        for number, part in enumerate(self.content["parts"]):
            self._part(part, is_first=number == 0)
        carry(self.document, {one["name"]: one["text"] for one in self.content["files"]}, self.figures)
        describe(self.document, self.content)
        return packed(self.document)

    def _part(self, part: dict[str, Any], is_first: bool) -> None:
        self.words = words(part["lang"])
        section = self.document.sections[0] if is_first else self.document.add_section(WD_SECTION.NEW_PAGE)
        self._page(section, part, is_across=False)
        wide = [block for chapter in part["chapters"] for block in chapter["blocks"] if block.get("wide")]
        self._add(self._cover(part["cover"]) + self._decision(part["decision"]))
        self._add(self._contents(part, has_wide=bool(wide)))
        for chapter in part["chapters"]:
            self._add(self._chapter(chapter))
        self._add("".join(self._attachment(sheet) for sheet in part["attachments"]))
        if wide:
            width = self._page(self.document.add_section(WD_SECTION.NEW_PAGE), part, is_across=True)
            self._add(self._heading(part["tables_title"]) + "".join(self._block(block, width) for block in wide))

    def _add(self, xml: str) -> None:
        end = self.document.element.body[-1]  # the section's properties stand last
        for element in elements(xml):
            end.addprevious(element)

    # --- pages ----------------------------------------------------------------------------------------------------

    def _page(self, section: Any, part: dict[str, Any], is_across: bool) -> float:
        """Size, margins, head and foot of a section; the width of its text, mm."""
        width, height = PAGE_MM[::-1] if is_across else PAGE_MM
        margin = MARGIN_ACROSS_MM if is_across else MARGIN_MM
        section.orientation = WD_ORIENT.LANDSCAPE if is_across else WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = Mm(width), Mm(height)
        section.left_margin = section.right_margin = Mm(margin)
        section.top_margin, section.bottom_margin = Mm(26), Mm(18)
        section.header_distance, section.footer_distance = Mm(10), Mm(8)
        section.header.is_linked_to_previous = section.footer.is_linked_to_previous = False
        text_mm = width - 2 * margin
        head, foot = section.header.paragraphs[0], section.footer.paragraphs[0]
        for line in (head, foot):
            line.paragraph_format.tab_stops.add_tab_stop(Mm(text_mm), alignment=2)
        head.add_run().add_picture(BytesIO(self.logo), height=Mm(LOGO_MM))
        head.add_run("\t")
        for element in elements(self.marks.control(run(part["header"]), "fingerprint", is_text=True)):
            head._p.append(element)
        foot.add_run(part["footer"] + "\t")
        for element in elements(field("PAGE", "1") + run(" / ") + field("NUMPAGES", "1")):
            foot._p.append(element)
        return text_mm

    def _cover(self, cover: dict[str, Any]) -> str:
        facts = [
            para(run(fact["label"]), "CardLabel") + para(run(fact["value"], bold=True), "TableText")
            for fact in cover["facts"]
        ]
        client = ""
        if cover["client_logo"]:
            client = para(
                picture(
                    self.document,
                    bytes(cover["client_logo"]),
                    cover["client"] or cover["title"],
                    12,
                    self.marks.number(),
                ),
                align="right",
            )
        grade = run(f"{cover['grade_label']} {cover['grade']}  ", bold=True) + run(cover["grade_note"], half_points=17)
        return "".join(
            (
                client,
                para(run(cover["kicker"]), "Kicker"),
                para(run(cover["title"]), "Title"),
                para(run(cover["subtitle"]), "Subtitle"),
                self._picture(cover["diagram"], cover["diagram_alt"], DIAGRAM_MM),
                para(run(cover["diagram_note"]), "Note"),
                para(run(cover["question"]), "Kicker"),
                para(self.marks.figures(cover["answer"]), "Answer"),
                self._grid(facts, FACTS_A_ROW),
                para("", "Note"),
                para(grade, fill=self.look.fill),
            )
        )

    def _decision(self, page: dict[str, Any]) -> str:
        lead = "".join(para(self.marks.figures(line)) for line in page["lead"] if line)
        flips = {"head": page["flips_head"], "rows": page["flips"], "widths": FLIPS_WIDTHS, "align": list("lrrr")}
        table = data_table(flips | {"strong": []}, WIDTH_MM) if page["flips"] else para(run(page["flips_none"]))
        return "".join(
            (
                para(run(page["question"]), "Kicker", on_new_page=True),
                para(self.marks.figures(page["answer"]), "Answer"),
                lead,
                self._grid([self._card(card) for card in page["cards"]], CARDS_A_ROW, self.look.border),
                para(run(page["stack_title"]), "Heading2"),
                para(self.marks.figures(page["stack_note"]), "Note", keep=True),
                self._legend(page["legend"]),
                self._picture(page["stack"], page["stack_alt"], WIDTH_MM),
                para(run(page["flips_title"]), "Heading2"),
                self.marks.control(table, "table", alias=page["flips_title"]) if page["flips"] else table,
                para(run(page["asks_title"]), "Heading2"),
                *(self.marks.tick(ask) for ask in page["asks"]),
                para(run(page["weak_title"] + "\n", bold=True) + run(page["weak"]), fill=self.look.fill),
            )
        )

    def _card(self, card: dict[str, str]) -> str:
        """A figure that is bound to what the file carries."""
        number = len(self.figures) + 1
        self.figures[f"card.{number}"] = card["value"]
        value = self.marks.control(run(card["value"]), f"card.{number}", bound=bound(number), is_text=True)
        return (
            para(run(card["label"]), "CardLabel")
            + para(value, "CardValue")
            + para(self.marks.figures(card["note"]), "CardNote")
        )

    def _grid(self, cells: Sequence[str], a_row: int, border: str = "") -> str:
        widths = twips([1.0] * a_row, WIDTH_MM)
        filled = [*cells, *([para("", "TableText")] * (-len(cells) % a_row))]
        rows = "".join(row(filled[at : at + a_row], widths) for at in range(0, len(filled), a_row))
        return framed(rows, widths, border=border) + para("", "Note")

    # --- chapters -------------------------------------------------------------------------------------------------

    def _contents(self, part: dict[str, Any], has_wide: bool) -> str:
        """The contents as a field, filled with links; Word writes the page numbers when it is brought up to date."""
        titles = [chapter["title"] for chapter in part["chapters"]] + ([part["tables_title"]] if has_wide else [])
        lines = []
        for k, title in enumerate(titles, start=1):
            mark = self._mark(self.chapters + k)
            inside = run(f"{k}  {title}") + "<w:r><w:tab/></w:r>" + field(f"PAGEREF {mark} \\h", " ")
            lines.append(f"<w:hyperlink w:anchor='{mark}' w:history='1'>{inside}</w:hyperlink>")
        if lines:
            code = '<w:r><w:instrText xml:space="preserve"> TOC \\o "1-1" \\h \\z \\u </w:instrText></w:r>'
            begin = "<w:r><w:fldChar w:fldCharType='begin' w:dirty='true'/></w:r>"
            lines[0] = begin + code + "<w:r><w:fldChar w:fldCharType='separate'/></w:r>" + lines[0]
            lines[-1] += "<w:r><w:fldChar w:fldCharType='end'/></w:r>"
        return para(run(part["contents"]), "Answer", on_new_page=True) + "".join(para(line, "TOC1") for line in lines)

    def _chapter(self, chapter: dict[str, Any]) -> str:
        found = self._heading(chapter["title"]) + para(self.marks.figures(chapter["finding"]), "Finding")
        blocks = [block for block in chapter["blocks"] if not block.get("wide")]
        for block, after in zip(blocks, [*blocks[1:], {"kind": ""}], strict=True):
            # No introduction is left alone at the foot of a page.
            found += self._block(block, WIDTH_MM, keep=block["kind"] == "text" and after["kind"] in BEFORE_A_BLOCK)
        return found

    def _heading(self, title: str) -> str:
        self.chapters += 1
        name, number = self._mark(self.chapters), 1000 + self.chapters
        inside = f"<w:bookmarkStart w:id='{number}' w:name='{name}'/>{run(title)}<w:bookmarkEnd w:id='{number}'/>"
        return para(inside, "Heading1")

    def _mark(self, number: int) -> str:
        return f"_TocPL{number:03d}"

    def _block(self, block: dict[str, Any], width_mm: float, keep: bool = False) -> str:
        kind = block["kind"]
        if kind == "heading":
            return para(run(block["text"]), "Heading2")
        if kind == "text":
            return "".join(para(self.marks.figures(line), keep=keep) for line in block["text"].split("\n"))
        if kind == "small":
            return para(self.marks.figures(block["text"]), "Note")
        if kind == "legend":
            return self._legend(block["items"])
        if kind == "bullets":
            return "".join(para(self.marks.figures(item), "ListBullet") for item in block["items"])
        if kind == "ticks":
            return "".join(self.marks.tick(item["text"], item["done"]) for item in block["items"])
        if kind == "chart":
            legend = self._legend(block["legend"]) if block["legend"] else ""
            return self._caption(block, "figure") + legend + self._picture(block["svg"], block["alt"], width_mm)
        if kind == "pair":
            return self._pair(block, width_mm)
        if kind == "signature":
            return self._signature(block, width_mm)
        table = self.marks.control(data_table(block, width_mm), "table", alias=block["caption"] or block["head"][0])
        return self._caption(block, "table") + table + para("", "Note")

    def _pair(self, block: dict[str, Any], width_mm: float) -> str:
        side_mm = width_mm / 2 - GUTTER_MM
        cells = ["".join(self._block(one, side_mm) for one in block[side]) for side in ("left", "right")]
        widths = twips((1.0, 1.0), width_mm)
        return framed(row(cells, widths), widths) + para("", "Note")

    def _signature(self, block: dict[str, Any], width_mm: float) -> str:
        cells = []
        for party in block["parties"]:
            inside = para(run(party["title"], bold=True))
            inside += "".join(para(run(line)) for line in party["lines"])
            for one in party["fields"]:
                inside += para(run("\n\n" if not one["value"] else "") + run(one["value"]))
                inside += para(run(one["label"]), "CardLabel")
            cells.append(inside)
        widths = twips((1.0, 1.0), width_mm)
        return framed(row(cells, widths), widths, border=self.look.border) + para("", "Note")

    def _attachment(self, sheet: dict[str, Any]) -> str:
        head = self._heading(sheet["title"]) if sheet["title"] else ""
        drawing = picture(self.document, bytes(sheet["png"]), sheet["alt"], WIDTH_MM - 10, self.marks.number())
        return head + para(drawing, "Picture", on_new_page=not head)

    def _picture(self, svg: str, alt: str, width_mm: float) -> str:
        drawing = picture(self.document, self.pngs[svg], alt, width_mm, self.marks.number(), svg)
        return self.marks.control(para(drawing, "Picture"), "chart", alias=alt)

    def _caption(self, block: dict[str, Any], kind: str) -> str:
        """A caption with a number that Word counts."""
        if not block["caption"]:
            return ""
        self.captions[kind] += 1
        label = self.words.t(f"proposal.word.{kind}")
        number = field(f"SEQ {label} \\* ARABIC", str(self.captions[kind]))
        return para(run(f"{label} ") + number + run(f"  {block['caption']}"), "Caption")

    def _legend(self, items: Sequence[dict[str, str]]) -> str:
        inside = "".join(
            run("■ ", colour=item["colour"].lstrip("#")) + run(item["label"].replace(" ", "\u00a0") + "    ")
            for item in items
        )
        return para(inside, "Legend")
