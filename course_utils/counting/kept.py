"""A network, and all that its code can reach from it, left as it was."""

import contextlib
from collections import OrderedDict, deque
from functools import partial
from operator import is_

import numpy as np
from paddle import nn

_PLAIN = {bool, int, float, complex, str, bytes, type(None), type, slice, range}
_CONTAINERS = {dict, list, set, OrderedDict}
# What a trace replaces by stand-ins as long as it runs.
_REGISTERS = ("_parameters", "_buffers")


class Snapshot:
    """What stands in the attributes of layers, and in the containers and objects within.

    Attributes:
        slots: (container, key, value, path) of everything but plain values that was found.
        strays: {path: layer} of layers that no layer has among its sublayers.
    """

    def __init__(self, layers):
        self.slots = []
        self.strays = {}
        self._known = {id(layer) for layer in layers}
        self._seen = set()
        self._restores = []
        self._empty = []
        for layer in layers:
            self._layer(layer, ())
        for cls in {base for layer in layers for base in type(layer).__mro__}:
            if not _is_library(cls):
                self._class(cls)

    def restore(self):
        """Put back what has changed; an error in one place leaves the others alone."""
        for container in self._empty:
            if container:
                type(container).clear(container)
        for restore in self._restores:
            with contextlib.suppress(Exception):
                restore()

    def _layer(self, layer, path):
        attributes = vars(layer)
        before = attributes.copy()
        self._restores.append(lambda: _refill_attributes(attributes, before))
        for key, value in [item for item in before.items() if type(item[1]) not in _PLAIN]:
            if type(value) in _CONTAINERS and not value:
                self._empty.append(value)
            elif key in _REGISTERS:
                continue
            elif key == "_sub_layers":
                content = list(value.items())
                self._restores.append(partial(_refill, value, OrderedDict, content))
            else:
                self._found(attributes, key, value, (*path, f".{key}"))

    def _visit(self, value, path):
        kind = type(value)
        if id(value) in self._seen:
            return
        self._seen.add(id(value))
        if isinstance(value, nn.Layer):
            self._stray(value, path)
        elif isinstance(value, (dict, list, set, deque)):
            if not value and kind in _CONTAINERS:
                self._empty.append(value)
            else:
                self._container(value, path)
        elif isinstance(value, tuple):
            for key, each in enumerate(tuple.__iter__(value)):
                if type(each) not in _PLAIN:
                    self._visit(each, (*path, f"[{key}]"))
        elif kind is np.ndarray:
            before = value.copy()
            self._restores.append(lambda: _refill_array(value, before))
        elif not _is_library(kind) and not isinstance(value, type) and hasattr(value, "__dict__"):
            self._object(value, path)

    def _stray(self, layer, path):
        if id(layer) in self._known or "_sub_layers" not in vars(layer):
            return
        name = "".join(path).removeprefix(".")
        for inner, each in layer.named_sublayers(include_self=True):
            if id(each) not in self._known:
                self._known.add(id(each))
                self.strays[f"{name}.{inner}" if inner else name] = each
                self._layer(each, path)

    def _container(self, container, path):
        base = next(b for b in (OrderedDict, dict, list, set, deque) if isinstance(container, b))
        if issubclass(base, dict):
            content = list(base.items(container))
            for key, value in content:
                self._found(container, key, value, (*path, f"[{key!r}]"))
        else:
            content = list(base.__iter__(container))
            for key, value in enumerate(content):
                self._found(container, key, value, (*path, f"[{key}]"))
        self._restores.append(lambda: _refill(container, base, content))

    def _found(self, container, key, value, path):
        if type(value) not in _PLAIN:
            self.slots.append((container, key, value, "".join(path).removeprefix(".")))
            self._visit(value, path)

    def _object(self, owner, path):
        attributes = vars(owner)
        before = attributes.copy()
        self._restores.append(lambda: _refill_attributes(attributes, before))
        for key, value in before.items():
            self._found(attributes, key, value, (*path, f".{key}"))

    def _class(self, cls):
        before = dict(vars(cls))
        for value in before.values():
            if isinstance(value, (dict, list, set, deque)):
                self._visit(value, (cls.__name__,))
        self._restores.append(lambda: _refill_class(cls, before))


def _is_library(cls):
    return cls.__module__.split(".")[0] in ("paddle", "numpy", "builtins", "collections")


def _same(one, other):
    return len(one) == len(other) and all(map(_same_item, one, other))


def _same_item(one, other):
    if type(one) is tuple and type(other) is tuple:
        return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
    return one is other


def _refill(container, base, content):
    """Put back what stood in a container, with the methods of its base class alone."""
    now = list(base.items(container) if issubclass(base, dict) else base.__iter__(container))
    if _same(now, content):
        return
    base.clear(container)
    if issubclass(base, dict):
        for key, value in content:
            base.__setitem__(container, key, value)
    elif base is set:
        base.update(container, content)
    else:
        base.extend(container, content)


def _refill_attributes(attributes, before):
    # What a trace itself has replaced comes first; then most are as they were.
    if "forward" not in before:
        attributes.pop("forward", None)
    attributes.update({key: before[key] for key in _REGISTERS if key in before})
    if len(attributes) == len(before) and all(map(is_, attributes.values(), before.values())):
        return
    for key in [key for key in attributes if key not in before]:
        del attributes[key]
    for key, value in before.items():
        if attributes.get(key, attributes) is not value:
            attributes[key] = value


def _refill_class(cls, before):
    now = vars(cls)
    for key in [key for key in now if key not in before]:
        delattr(cls, key)
    for key, value in before.items():
        if now.get(key, now) is not value:
            setattr(cls, key, value)


def _refill_array(array, before):
    if array.shape == before.shape and array.tobytes() != before.tobytes():
        array[...] = before
