"""What holds for every explorer: controls, flip-book, memory; without a browser."""

import gc
import re
from html.parser import HTMLParser
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from browser.samples import FACTORIES, neighbour

from course_utils import widgets


@pytest.fixture
def explorer(name):
    return FACTORIES[name]()


def test_no_explorer_is_forgotten():
    assert set(FACTORIES) == set(widgets.__all__)


@pytest.mark.parametrize("name", FACTORIES)
class TestExplorer:
    def test_every_control_changes_the_picture_and_brings_it_back(self, explorer):
        for control in explorer.controls.values():
            before, settings = explorer.picture.value, explorer.settings()
            control.value = neighbour(control)
            assert explorer.picture.value != before, control.description
            assert explorer.picture.value == explorer.draw(explorer.compute(**explorer.settings()))
            explorer.set(**settings)
            assert explorer.picture.value == before

    def test_many_moves_leave_nothing_behind(self, explorer):
        def move():
            for control in explorer.controls.values():
                control.value = neighbour(control)
            explorer.redraw()

        for _ in range(4):  # what is remembered on purpose, and the caches of others
            move()
        gc.collect()
        alive = len(gc.get_objects())
        for _ in range(20):
            move()
        gc.collect()
        # Paddle itself keeps one small list for each tensor that is made of an array.
        assert len(gc.get_objects()) - alive < 2 * 20

    def test_flip_book_shows_what_compute_says(self, explorer):
        book = _Pictures()
        book.feed(explorer.flip_book())
        assert book.open == []
        assert len(book.pictures) == len(explorer.frames()) >= 3
        for (source, says), (_, settings) in zip(book.pictures, explorer.frames(), strict=True):
            kind, svg = source.split(",", 1)
            assert kind == "data:image/svg+xml;charset=utf-8"
            assert unquote(svg) == explorer.draw(explorer.compute(**settings))
            assert ElementTree.fromstring(unquote(svg)).get("aria-label") == says

    def test_flip_book_is_the_same_text_every_time_and_small(self, name, explorer):
        book = explorer.flip_book()
        assert book == FACTORIES[name]().flip_book()
        assert len(book.encode()) < 150_000

    def test_flip_book_asks_nothing_of_the_network(self, explorer):
        addresses = re.findall(r"""https?://[^\s"'<%]+""", unquote(explorer.flip_book()))
        assert set(addresses) <= {"http://www.w3.org/2000/svg"}

    def test_bundle_holds_the_view_and_the_flip_book(self, explorer):
        bundle = explorer._repr_mimebundle_()
        view = bundle["application/vnd.jupyter.widget-view+json"]
        assert view["model_id"] == explorer.view.model_id
        assert bundle["text/html"] == explorer.flip_book()
        assert explorer.question in bundle["text/plain"] and "\n" not in bundle["text/plain"]


class _Pictures(HTMLParser):
    def __init__(self):
        super().__init__()
        self.pictures, self.open = [], []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "img":
            self.pictures.append((attributes["src"], attributes["alt"]))
        else:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
