"""Judging a network by what its ``forward`` really returns.

It is run on two images, in evaluation and in training mode; what comes out is judged by its
shape, its numbers and the gradient graph that leads to it, never by the names of the classes.
Every complaint is one Chinese sentence, with the learner's own line where there is one.
"""

import copy
import inspect
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import paddle
from paddle import nn

from ..counting import graph
from ..counting.analysis import AnalysisError, analyze
from .answers import shown
from .failures import ending, explained, no_super
from .kinds import OWN_FORMULA, Exercise, Verdict
from .traced import Trace

IMAGES = 2  # one is not enough to see a batch that is written into the network
AT_THE_END = {
    "Softmax": "最后的 Softmax 请去掉：forward 应返回 logits，Softmax 属于损失函数。",
    "LogSoftmax": "最后的 log_softmax 请去掉：forward 应返回 logits，Softmax 属于损失函数。",
    "Sigmoid": "最后的 sigmoid 请去掉：forward 应返回 logits，它们可正可负，没有界限。",
    "Relu": "最后的 ReLU 请去掉：logits 应当可正可负，ReLU 会把负的都变成 0。",
    "Tanh": "最后的 tanh 请去掉：logits 没有界限，tanh 会把它们压到 −1 与 1 之间。",
}


class Complaint(Exception):
    """What is wrong with a network; the message is one sentence for people."""


@dataclass
class Examined:
    """A network that ran, and what was found.

    Attributes:
        net: a copy of the network, in evaluation mode.
        output: what came out for two images.
        trace: how it came about.
        table: its ``NetworkTable``.
    """

    net: nn.Layer
    output: paddle.Tensor
    trace: Trace
    table: object

    @property
    def params(self):
        """Weights, biases, gamma and beta."""
        return self.table.totals["params"]

    def kernels(self, side=None):
        """The weights of the convolutions (of that kernel's side), as many as are used."""
        weights = [w for w in self.net.parameters() if w.ndim == 4 and self.trace.uses(w)]
        return [w for w in weights if side in (None, w.shape[-1])]


@dataclass(frozen=True)
class NetworkExercise(Exercise):
    """A network to write.

    Attributes:
        image: shape of one image, (channels, height, width).
        outputs: shape of what must come out for one image.
        demands: functions that take what was ``Examined`` and return a complaint or None.
        logits: whether the output goes into the softmax of a loss.
        sketch: the third hint: how such a network is laid out.
        statement, kind: as of every exercise.
    """

    image: tuple
    outputs: tuple
    demands: tuple[Callable, ...]
    logits: bool = True
    statement: str = ""
    kind: str = "code"
    positive: bool = False
    sketch: str = f"骨架：先写出每一层的输出形状和参数量，再写代码。{OWN_FORMULA}"

    def judge(self, answer, variant=None):
        """The verdict on a layer, a class or a function that builds one."""
        with _random_numbers_kept():
            try:
                examined = self.examine(answer)
                for demand in (*self.demands, *self.last_demands()):
                    if complaint := demand(examined):
                        raise Complaint(complaint)
            except Complaint as complaint:
                return Verdict(False, (str(complaint), self._look(), self.sketch), self.kind)
        return Verdict(True, (f"正确：{examined.table!r}",), self.kind)

    def _look(self):
        shape = (IMAGES, *self.image)
        return (
            f"自己看：运行 `analyze(你的网络, {shape})`，从上往下找第一行与你想的不一样的；"
            f"运行不了就把 forward 逐行试：`x = paddle.randn({list(shape)})`，每一步打印 x.shape。"
        )

    def last_demands(self):
        """What is asked of every network of this kind, once the exercise's own demands are met."""
        return ()

    def examine(self, answer):
        """Run a network on two images and look at what comes out.

        Raises:
            Complaint: it cannot be built or run, or returns what nothing can be learned from.
        """
        net = build(answer)
        _refuse_unregistered(net)
        if not net.parameters():
            raise Complaint("里面还没有任何一层：把你的层写进去，并在 forward 里用到它们。")
        images = self.images()
        net.eval()
        images.stop_gradient = False
        output = _run(net, images)
        trace = Trace(output, images) if isinstance(output, paddle.Tensor) else None
        if trace is not None:
            _refuse_unused(net, trace)
        self._verify_shape(net, output)
        self._verify_values(net, output, trace, images)
        try:
            table = analyze(net, tuple(images.shape))
            self._verify_training(net, images)
        except (AnalysisError, graph.TraceError) as error:
            raise Complaint(f"网络能运行，却画不出它的计算图：{error}") from None
        return Examined(net, output, trace, table)

    def images(self):
        """Two images of noise, always the same."""
        noise = np.random.default_rng(6).normal(size=(IMAGES, *self.image)).astype("float32")
        return paddle.to_tensor(np.abs(noise) if self.positive else noise)

    def _verify_shape(self, net, output):
        _refuse_no_tensor(net, output)
        wanted, found = [IMAGES, *self.outputs], list(output.shape)
        if found == wanted:
            return
        name = " 的 logits" if self.logits else ""
        say = f"输出应为 {['n', *self.outputs]}{name}（n 是图像的个数）".replace("'", "")
        if found[1:] == wanted[1:]:
            raise Complaint(
                f"送入 {IMAGES} 张图像，输出却是 {found}：forward 把批量大小写死了，"
                f"或者丢掉了一部分图像；请用 x.shape[0] 或 −1 代替写死的数，"
                f"不要在批量这一维取下标。"
            )
        if np.prod(found) == np.prod(wanted):
            raise Complaint(f"{say}，送入 {IMAGES} 张时现在是 {found}：还差一步展平（flatten）。")
        if found == wanted[1:]:
            raise Complaint(f"{say}，送入 {IMAGES} 张时现在是 {found}：批量那一维不见了。")
        if found[2:] and len(found) == len(wanted) + 2:
            raise Complaint(
                f"{say}，送入 {IMAGES} 张时现在是 {found}：还有高和宽两维，"
                f"先池化（或取平均）再展平。"
            )
        raise Complaint(f"{say}，送入 {IMAGES} 张时现在是 {found}{ending(net)}")

    def _verify_training(self, net, images):
        """The same shape in training mode; nothing is computed, so no statistics change."""
        net.train()
        found = graph.trace(net, tuple(images.shape)).calls[0].output_shape
        net.eval()
        if found != [IMAGES, *self.outputs]:
            raise Complaint(
                f"训练时（train）forward 返回的与测试时不同，形状是 {found}："
                f"看看 if self.training 的那一支。"
            )

    def _verify_values(self, net, output, trace, images):
        if not trace.reaches_input:
            raise Complaint(
                "输出与输入的图像无关，或者梯度传不回去：看看最后用到的是不是前面算出的 x"
                f"{ending(net)}"
            )
        values = output.numpy()
        if not np.isfinite(values).all():
            raise Complaint("输出里有 nan 或 inf：检查除以 0、取对数和没有上限的指数。")
        if self.logits and trace.last in AT_THE_END:
            raise Complaint(AT_THE_END[trace.last])
        if self.logits and (values >= 0).all() and np.allclose(values.sum(axis=-1), 1, atol=1e-4):
            raise Complaint(f"每一行都不为负、加起来是 1，这是概率。{AT_THE_END['Softmax']}")
        with paddle.no_grad():
            alone = _run(net, images[:1]).numpy()[0]
            if _near(alone, values[0]):
                return
            if not _near(_run(net, images).numpy(), values):
                raise Complaint(
                    "测试时（eval）同样的图像两次得到不同的输出：F.dropout 不会自己关掉，"
                    "请写 training=self.training，或者用 nn.Dropout。"
                )
        raise Complaint(
            "一张图像的输出随同一批里别的图像而变：检查平均、归一化和 softmax 的 axis，"
            "批量那一维（第 0 维）不能动。"
        )


@dataclass(frozen=True)
class BlockExercise(NetworkExercise):
    """A block that passes its input on as it is once all its kernels are zero.

    ``positive``: only inputs without negative values, as they come out of a ReLU.
    """

    logits: bool = False

    def last_demands(self):
        """The block is the identity once its kernels are zero."""
        return (self._passes_on,)

    def _passes_on(self, examined):
        block = copy.deepcopy(examined.net)
        for weight in block.parameters():
            if weight.ndim == 4:
                weight.set_value(paddle.zeros_like(weight))
        images = self.images()
        if _near(block(images).numpy(), images.numpy()):
            return None
        return (
            "把卷积核全设为 0，输出应当就是输入 x；检查捷径（x 要原样加到最后），"
            "以及相加之后有没有多余的运算。"
        )


def build(answer):
    """The network that was answered, a copy if it is a layer already.

    Raises:
        Complaint: it is no network, or cannot be built.
    """
    if isinstance(answer, nn.Layer):
        _verify_base(answer)
        try:
            return copy.deepcopy(answer)
        except Exception:  # what a learner keeps in a layer may not be copied
            return answer
    if not callable(answer):
        raise Complaint(_no_network(answer))
    _verify_arguments(answer)
    try:
        net = answer()
    except Exception as error:
        if isinstance(answer, type) and "super().__init__() should be called" in str(error):
            raise Complaint(no_super(answer)) from None
        raise Complaint(f"网络还建不起来：{explained(error)}") from None
    if not isinstance(net, nn.Layer):
        made = "None：函数里没有 return" if net is None else shown(net)
        raise Complaint(f"调用你的答案应当得到一个网络（nn.Layer），现在得到 {made}。")
    _verify_base(net)
    return net


def _verify_base(net):
    if "_sub_layers" not in vars(net):
        raise Complaint(no_super(type(net)))


def _no_network(answer):
    if isinstance(answer, paddle.Tensor):
        return "这是张量，是网络的输出；请把网络本身（类或实例）交给 answer。"
    if isinstance(answer, (list, tuple)) and any(isinstance(a, nn.Layer) for a in answer):
        return "这是一个列表，不是网络：用 nn.Sequential(*列表) 把这些层串起来。"
    if isinstance(answer, str):
        return f"{shown(answer)} 是字符串，不是网络：去掉引号，写类的名字。"
    return f"答案应当是一个网络（类、实例或不要参数的函数），现在是 {shown(answer)}。"


def _verify_arguments(answer):
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):  # built-in
        return
    try:
        signature.bind()
    except TypeError:
        needed = [
            name
            for name, parameter in signature.parameters.items()
            if parameter.default is parameter.empty
            and parameter.kind
            in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        ]
        name = getattr(answer, "__name__", "它")
        raise Complaint(
            f"{name} 还要参数 {'、'.join(needed)}，判题时不会给：给它们默认值，"
            f"或者交一个实例，例如 answer = {name}(…)。"
        ) from None


def _refuse_unregistered(net):
    """Layers in a plain list or dict have no parameters for the optimiser."""
    known = {id(layer) for layer in net.sublayers(include_self=True)}
    for layer in net.sublayers(include_self=True):
        for name, value in vars(layer).items():
            if name.startswith("_") or not isinstance(value, (list, tuple, dict, set)):
                continue
            items = list(value.values()) if isinstance(value, dict) else list(value)
            items += [part for item in items if isinstance(item, tuple) for part in item]
            if any(isinstance(item, nn.Layer) and id(item) not in known for item in items):
                cure, plain = (
                    ("LayerDict", "字典") if isinstance(value, dict) else ("LayerList", "列表")
                )
                raise Complaint(
                    f"self.{name} 是普通的{plain}，里面的层没有登记，参数不会被训练："
                    f"换成 nn.{cure}(…)；要依次运行就用 nn.Sequential(*…)。"
                )


def _refuse_unused(net, trace):
    """Layers that were built and have no part in the output."""
    unused = {}
    for name, parameter in net.named_parameters():
        if not parameter.stop_gradient and not trace.uses(parameter):
            layer = name.rpartition(".")[0]
            unused[layer] = unused.get(layer, 0) + int(parameter.size)
    if not unused:
        return
    if len(unused) == len({name.rpartition(".")[0] for name, _ in net.named_parameters()}):
        raise Complaint(f"建了 {'、'.join(unused)}，输出却没有用到其中任何一层{ending(net)}")
    names = "、".join(f"{name or 'self'}（{size:,} 个参数）" for name, size in unused.items())
    raise Complaint(
        f"{names}建好了，输出却没有用到：在 forward 里把它用上（结果要接着传下去），或者删掉它。"
    )


def _run(net, images):
    try:
        return net(images)
    except Exception as error:
        raise Complaint(f"网络还不能运行：{explained(error)}") from None


def _refuse_no_tensor(net, output):
    if isinstance(output, paddle.Tensor):
        if output.dtype not in (paddle.float32, paddle.float64, paddle.float16, paddle.bfloat16):
            raise Complaint(
                "forward 返回的是整数（类别？）：应返回每一类的 logits，argmax 留到读结果时再取。"
            )
        return
    if output is None:
        raise Complaint(f"forward 没有 return，返回的是 None{ending(net)}")
    if isinstance(output, (list, tuple)):
        kind = "列表" if isinstance(output, list) else "元组"
        raise Complaint(
            f"forward 应返回一个张量，现在是有 {len(output)} 个成员的{kind}（{len(output)} 个）："
            f"要拼接就用 paddle.concat(…, axis=1){ending(net)}"
        )
    if isinstance(output, nn.Layer):
        raise Complaint(f"forward 返回的是一个层，没有调用它：给它括号和 x{ending(net)}")
    if isinstance(output, np.ndarray):
        raise Complaint(f"forward 返回的是 numpy 数组，梯度传不回去：去掉 numpy(){ending(net)}")
    raise Complaint(f"forward 应返回一个张量，现在是 {shown(output)}{ending(net)}")


def _near(values, others):
    """Equal but for float32's rounding."""
    size = max(np.abs(values).max(), np.abs(others).max())
    return values.shape == others.shape and np.abs(values - others).max() <= 1e-4 * size


@contextmanager
def _random_numbers_kept():
    """The learner's next random numbers are what they would have been."""
    state = paddle.get_rng_state()
    try:
        yield
    finally:
        paddle.set_rng_state(state)
