"""Remake the Chinese font of the figures: a renamed subset of Noto Sans CJK SC.

    python -m course_utils.fonts.make_subset path/to/NotoSansCJK-Regular.ttc

Needs fontTools, which comes with matplotlib. README.md beside this file says where the full
font comes from. The same font file always gives the same bytes.
"""

import argparse
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection

SOURCE_FAMILY = "Noto Sans CJK SC"
FAMILY = "Course Sans SC"
POSTSCRIPT_NAME = "CourseSansSC-Regular"
TARGET = Path(__file__).with_name(f"{POSTSCRIPT_NAME}.otf")

# Unicode blocks of which every character that the font has is kept.
BLOCKS = [
    (0x0020, 0x007E),  # ASCII
    (0x00A0, 0x00FF),  # Latin-1
    (0x0370, 0x03FF),  # Greek
    (0x2000, 0x206F),  # punctuation
    (0x2070, 0x209F),  # superscripts and subscripts
    (0x2100, 0x214F),  # letterlike symbols
    (0x2190, 0x22FF),  # arrows, mathematical operators
    (0x2460, 0x25FF),  # circled numbers, boxes, blocks, geometric shapes
    (0x2600, 0x27BF),  # symbols and dingbats, with the check mark and the cross
    (0x3000, 0x303F),  # CJK punctuation
    (0xFF00, 0xFFEF),  # full-width forms
]
BEYOND_GB2312 = "恺"  # Kaiming He's name; GB 2312 was made before his time


def gb2312():
    """Every character of GB 2312-1980: 6,763 Chinese characters and 682 others."""
    rows, cells = range(0xA1, 0xF8), range(0xA1, 0xFF)
    return {c for r in rows for n in cells for c in bytes([r, n]).decode("gb2312", "ignore")}


def characters():
    """The code points that the subset asks for."""
    wanted = {ord(c) for c in gb2312() | set(BEYOND_GB2312)}
    for first, last in BLOCKS:
        wanted.update(range(first, last + 1))
    return wanted


def find_face(collection):
    """The Simplified Chinese face of a font collection."""
    for font in collection.fonts:
        if font["name"].getDebugName(1) == SOURCE_FAMILY:
            return font
    raise SystemExit(f"this collection has no face named {SOURCE_FAMILY!r}.")


def reduce(font):
    """Keep the wanted characters only; drop hints and everything matplotlib does not read."""
    options = subset.Options()
    options.hinting = False
    options.name_IDs = ["*"]
    options.layout_features = []
    options.notdef_outline = True
    options.drop_tables += ["BASE", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters())
    subsetter.subset(font)


def rename(font):
    """Give the font its own name: the SIL Open Font License reserves the original's."""
    names = font["name"]
    names.names = [record for record in names.names if record.nameID in {0, 5, 13, 14}]
    own = {1: FAMILY, 2: "Regular", 3: POSTSCRIPT_NAME, 4: FAMILY, 6: POSTSCRIPT_NAME}
    for name_id, text in own.items():
        names.setName(text, name_id, platformID=3, platEncID=1, langID=0x409)
    cff = font["CFF "].cff
    cff.fontNames = [POSTSCRIPT_NAME]
    cff[0].rawDict.update(FullName=FAMILY, FamilyName=FAMILY)
    for number, part in enumerate(cff[0].FDArray):
        part.FontName = f"{POSTSCRIPT_NAME}-{number}"


def main():
    parser = argparse.ArgumentParser(description="Remake the Chinese font of the figures.")
    parser.add_argument("collection", help="NotoSansCJK-Regular.ttc")
    font = find_face(TTCollection(parser.parse_args().collection, recalcTimestamp=False))
    reduce(font)
    rename(font)
    font.save(TARGET)
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes, {len(font.getBestCmap()):,} characters")


if __name__ == "__main__":
    main()
