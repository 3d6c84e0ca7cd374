"""Draws the house from the imports: which room of `course_utils` uses which, as a Mermaid diagram.

`python tests/house.py` prints the diagram of CONTRIBUTING.md. An arrow that a longer way says
already (commands → counting, by way of the book) is left out.
"""

import grimp
import networkx as nx

from course_utils.runtime import REPO

PACKAGE = "course_utils"
PAGES = [REPO / "CONTRIBUTING.md", REPO / "CONTRIBUTING.zh-CN.md"]


def rooms():
    """A directed graph of the rooms: an edge from each to those that it imports from."""
    imports = grimp.build_graph(PACKAGE, cache_dir=None)
    house = nx.DiGraph()
    for room in imports.find_children(PACKAGE):
        imports.squash_module(room)
        house.add_node(room.removeprefix(f"{PACKAGE}."))
    for room in imports.find_children(PACKAGE):
        used = imports.find_modules_directly_imported_by(room) - {PACKAGE, room}
        house.add_edges_from((room.split(".")[1], other.split(".")[1]) for other in used)
    return house


def diagram():
    """The house as the text of a Mermaid flowchart."""
    house = nx.transitive_reduction(rooms())
    lines = [f"    {room} --> {other}" for room, other in sorted(house.edges)]
    return "\n".join(["flowchart TD", *lines])


if __name__ == "__main__":
    print(diagram())
