"""What all explorers share: a question, controls, one picture, and a flip-book without them.

An explorer computes numbers (``compute``), draws them as one SVG (``draw``) and shows the
drawing again whenever a control moves. Where no widget can be shown (no kernel, an untrusted
notebook, an exported page) the same two functions have already drawn a few frames.
"""

import re
from hashlib import sha256
from html import escape
from urllib.parse import quote

import ipywidgets as widgets

# Where scripts run, the stack of pictures becomes one picture with a slider. The keys must not
# reach JupyterLab, which would move to the next cell.
_FLIP_SCRIPT = """
for (const book of document.querySelectorAll('#%s:not([data-ready])')) {
  book.dataset.ready = '1';
  const frames = [...book.querySelectorAll('figure')];
  const bar = document.createElement('div');
  bar.innerHTML = '<button type="button">‹ 上一幅</button> '
    + '<input type="range" min="1" value="1" step="1" aria-label="选择画面"> '
    + '<button type="button">下一幅 ›</button> <output></output>';
  const [back, on] = bar.querySelectorAll('button');
  const slider = bar.querySelector('input');
  slider.max = frames.length;
  const show = number => {
    slider.value = Math.min(Math.max(number, 1), frames.length);
    frames.forEach((frame, i) => { frame.hidden = i + 1 != slider.value; });
    bar.querySelector('output').textContent = slider.value + ' / ' + frames.length;
  };
  back.onclick = () => show(+slider.value - 1);
  on.onclick = () => show(+slider.value + 1);
  slider.oninput = () => show(+slider.value);
  bar.addEventListener('keydown', event => event.stopPropagation());
  book.querySelector('details').replaceWith(...frames.slice(1));
  frames[0].before(bar);
  show(1);
}
"""

_URL_ESCAPES = str.maketrans({sign: quote(sign) for sign in '%#<>"'})


class Explorer:
    """Base of the explorers. A subclass has a ``title``, a ``question`` and the four methods.

    ``controls`` maps the names of ``compute``'s arguments to the widgets that set them;
    ``picture`` is the HTML widget with the drawing; ``view`` holds everything.
    """

    title = ""
    question = ""

    def __init__(self):
        self.controls = self.make_controls()
        self.picture = widgets.HTML()
        self.picture.add_class("course-picture")
        for name, control in self.controls.items():
            control.add_class(f"course-{name}")
            control.observe(self.redraw, "value")
        self.view = widgets.VBox([widgets.HTML(self._heading()), *self.layout()])
        self.view.add_class(f"course-{type(self).__name__}")
        self.redraw()

    def make_controls(self):
        """Widgets by the name of the argument of ``compute`` that they set."""
        raise NotImplementedError

    def compute(self, **settings):
        """The numbers behind the picture; no widget, no drawing."""
        raise NotImplementedError

    def draw(self, result):
        """One SVG, the same text for the same result."""
        raise NotImplementedError

    def frames(self):
        """The flip-book: a list of (caption, settings)."""
        raise NotImplementedError

    def layout(self):
        """What stands below the question: the controls, then the picture."""
        return [row(self.controls.values()), self.picture]

    def settings(self):
        """The arguments of ``compute`` as the controls stand now."""
        return {name: control.value for name, control in self.controls.items()}

    def set(self, **settings):
        """Move several controls and redraw once."""
        for name, value in settings.items():
            control = self.controls[name]
            control.unobserve(self.redraw, "value")
            control.value = value
            control.observe(self.redraw, "value")
        self.redraw()

    def redraw(self, change=None):
        """Show the picture of the present settings."""
        self.picture.value = self.draw(self.compute(**self.settings()))

    def flip_book(self):
        """HTML that needs neither kernel nor network; without scripts it is a plain stack."""
        first, *others = (
            _figure(self.draw(self.compute(**settings)), caption)
            for caption, settings in self.frames()
        )
        body = (
            f"{self._heading()}{first}"
            f"<details><summary>再看 {len(others)} 幅</summary>{''.join(others)}</details>"
        )
        name = f"flip-{sha256(body.encode()).hexdigest()[:12]}"
        return f'<div id="{name}">{body}<script>{_FLIP_SCRIPT % name}</script></div>'

    def _heading(self):
        return f"<p><strong>{escape(self.title)}</strong>　先猜再动手：{escape(self.question)}</p>"

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The live view and the flip-book in one: the front end takes what it can show."""
        return {
            **self.view._repr_mimebundle_(),
            "text/html": self.flip_book(),
            "text/plain": f"{self.title}：{self.question}",
        }


class PresetExplorer(Explorer):
    """An explorer with a drop-down list of ready-made settings, and a flip-book of them.

    Args:
        presets: {name: settings}; the names stand in the list under ``preset_label``. The first
            is for ``make_controls`` to begin with.
    """

    preset_label = ""

    def __init__(self, presets):
        self.preset_settings = presets
        names = [("自定义", ""), *((name, name) for name in presets)]
        self.presets = dropdown(self.preset_label, names, "")
        self.presets.add_class("course-presets")
        self.presets.observe(self._take_preset, "value")
        super().__init__()

    def layout(self):
        return [row([self.presets, *self.controls.values()]), self.picture]

    def frames(self):
        return list(self.preset_settings.items())

    def redraw(self, change=None):
        super().redraw()
        now = self.settings()
        self.presets.value = next((n for n, p in self.preset_settings.items() if p == now), "")

    def _take_preset(self, change):
        if change.new:
            self.set(**self.preset_settings[change.new])


def row(parts):
    """Widgets side by side; where the page is narrow they wrap."""
    return widgets.HBox(list(parts), layout=widgets.Layout(flex_flow="row wrap"))


def _figure(svg, caption):
    # An <img>, since JupyterLab strips inline SVG from a notebook it does not trust.
    says = re.search("aria-label='([^']*)'", svg)[1]
    source = escape(svg.translate(_URL_ESCAPES), quote=False)
    return (
        f'<figure style="margin:0"><img alt="{says}" style="max-width:100%" '
        f'src="data:image/svg+xml;charset=utf-8,{source}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def slider(name, low, high, value, step=1):
    """A labelled slider over whole numbers, or over decimals if the step is one."""
    kind = widgets.IntSlider if isinstance(step, int) else widgets.FloatSlider
    return kind(
        value=value,
        min=low,
        max=high,
        step=step,
        description=name,
        style={"description_width": "7em"},
        layout=widgets.Layout(width="285px"),
    )


def choice_slider(name, options, value):
    """A labelled slider over the given values."""
    return widgets.SelectionSlider(
        options=options,
        value=value,
        description=name,
        style={"description_width": "7em"},
        layout=widgets.Layout(width="285px"),
    )


def dropdown(name, options, value):
    """A labelled drop-down list of (label, value) pairs."""
    return widgets.Dropdown(
        options=options,
        value=value,
        description=name,
        style={"description_width": "7em"},
        layout=widgets.Layout(width="285px"),
    )
