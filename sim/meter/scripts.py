"""The bytes of a text file -> text: its encoding is told by marks, by what decodes, and by the words that come out."""

import re

from sim.meter.words import FOREIGN

# Encodings that take nearly any bytes are told apart by how many known words they give; ties go to the first.
_CANDIDATES = ("gb18030", "cp932", "big5", "euc-kr", "cp1251", "cp1250", "cp1252")
_HEAD = 20_000
_FRAGMENTS = (*(word for word in FOREIGN if len(word) > 1), "価", "约", "量", "万kW", "万千瓦", "円", "元/")


def decode(data: bytes) -> str:
    """Text of a file in UTF-8, UTF-16 (with or without mark), or a code page of East Asia, Russia or the West."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    head = data[:2000]
    if head.count(0) > len(head) // 4:
        return data.decode("utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode(_encoding(data), errors="replace")


def _encoding(data: bytes) -> str:
    """The code page whose reading of the file's beginning has most known words; without any, by the bytes' shape."""
    head = data[:_HEAD]
    words = {encoding: _known_words(head, encoding) for encoding in _CANDIDATES}
    best = max(words, key=lambda encoding: words[encoding])
    if words[best] > 0:
        return best
    return "gb18030" if words["gb18030"] == 0 and _looks_chinese(data) else "cp1252"


def _known_words(head: bytes, encoding: str) -> int:
    """How many known words this code page gives; -1 where it cannot read the bytes."""
    try:
        text = head.decode(encoding)
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return -1
        text = head[: error.start].decode(encoding)
    plain = text.lower()
    return sum(len(word) for word in _FRAGMENTS if word in plain)


def _looks_chinese(data: bytes) -> bool:
    """GB18030 writes common characters as two high bytes; accents of Western files stand alone between letters."""
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", data[:200_000])]
    return sum(length % 2 for length in runs) <= len(runs) / 2
