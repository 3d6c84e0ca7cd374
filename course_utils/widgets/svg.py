"""Small helpers to write SVG by hand: the explorers' pictures are plain strings."""

import struct
import zlib
from base64 import b64encode
from html import escape
from io import BytesIO

import numpy as np
from PIL import Image

FONT = "Course Sans SC,Noto Sans CJK SC,Noto Sans SC,Microsoft YaHei,PingFang SC,sans-serif"
# Okabe-Ito: told apart by colour-blind readers and on a projector.
BLUE, ORANGE, GREEN, RED, PURPLE = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7"
INK, GREY, PALE = "#222222", "#767676", "#D9D9D9"


def element(tag, content="", **attributes):
    """An SVG element; ``stroke_width=2`` becomes ``stroke-width='2'``, content is markup."""
    written = "".join(
        f" {name.replace('_', '-')}='{_written(value)}'" for name, value in attributes.items()
    )
    return f"<{tag}{written}>{content}</{tag}>" if content else f"<{tag}{written}/>"


def _written(value):
    return f"{round(value, 2):g}" if isinstance(value, float) else escape(str(value))


def text(x, y, words, **attributes):
    """One line of text with its baseline at (x, y), in pixels."""
    return element("text", escape(str(words), quote=False), x=x, y=y, **attributes)


def group(content, **attributes):
    """Elements that share attributes."""
    return element("g", content, **attributes)


def rect(x, y, width, height, **attributes):
    """A rectangle; all measures in pixels."""
    return element("rect", x=x, y=y, width=width, height=height, **attributes)


def path(commands, **attributes):
    """A path from its drawing commands."""
    return element("path", d=commands, **attributes)


def cells(positions, x, y, side, inset=0.0):
    """Path commands for square cells at (row, column) positions of a grid with corner (x, y)."""
    size = f"{side - 2 * inset:.4g}"
    return "".join(
        f"M{x + column * side + inset:.5g} {y + row * side + inset:.5g}h{size}v{size}h-{size}z"
        for row, column in positions
    )


def grid(x, y, rows, columns, side):
    """Path commands for the lines of a grid of square cells."""
    width, height = f"{columns * side:.5g}", f"{rows * side:.5g}"
    return "".join(f"M{x} {y + i * side:.5g}h{width}" for i in range(rows + 1)) + "".join(
        f"M{x + i * side:.5g} {y}v{height}" for i in range(columns + 1)
    )


def image(x, y, width, height, levels):
    """A small grey picture: array (rows, columns) of floats, 0 is black and 1 is white."""
    return _image(
        x, y, width, height, f"png;base64,{_png(levels)}", style="image-rendering:pixelated"
    )


def photo(x, y, width, height, pixels, quality=60):
    """A colour picture: uint8 array (rows, columns, 3), RGB; stored as a JPEG."""
    jpeg = BytesIO()
    Image.fromarray(pixels).save(jpeg, "JPEG", quality=quality)
    return _image(x, y, width, height, f"jpeg;base64,{b64encode(jpeg.getvalue()).decode()}")


def _image(x, y, width, height, data, **attributes):
    return element(
        "image",
        x=x,
        y=y,
        width=width,
        height=height,
        preserveAspectRatio="none",
        **attributes,
        href=f"data:image/{data}",
    )


def _png(levels):
    """Base64 of a PNG with 16 grey levels: small, and stored without compression, since a
    compressed one differs in its bytes from one zlib to the next."""
    grey = np.rint(np.clip(levels, 0, 1) * 15).astype(np.uint8)
    rows, columns = grey.shape
    grey = np.pad(grey, ((0, 0), (0, columns % 2)))
    packed = np.pad(grey[:, ::2] << 4 | grey[:, 1::2], ((0, 0), (1, 0)))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", columns, rows, 4, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(packed.tobytes(), 0)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).decode()


def picture(width, height, body, says):
    """A whole SVG on its own white ground; ``says`` tells a screen reader what it shows."""
    return element(
        "svg",
        body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        aria_label=says,
        font_family=FONT,
        font_size=15,
        fill=INK,
        style="max-width:100%;height:auto;background:#fff;border-radius:8px",
    )
