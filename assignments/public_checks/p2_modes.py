"""Problem 2, the public checks, and the chains and graphs that they and the hidden ones use.

The layers of a chain are functions of the check, which note how they are called. A graph is described by
steps, each a name, a kind and what that takes: ("x", "leaf", 0.5), ("s", "sin", "x").
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from checking import CheckFailure, Incorrect, NotAttempted
from checking.expectations import Answer, expect, expect_derivative
from checking.limits import NO_LIMITS, most_lines
from checking.outcomes import OutOfTime, Raised, TooSlow
from checking.traces import expect_no_change
from gradcheck import numerical_jacobian
from public_checks import check, uses

uses("q2c", "q2a")
uses("q2d", "q2b")
uses("q2g", "q2f")

# Chains


ORIGINS = {
    "x": "A layer takes what the layer before it gives.",
    "v": "The jvp of a layer takes the tangent of the layer's input.",
    "u": "The vjp of a layer takes what comes back from the layer after it.",
}


class Noted:
    """One of the three functions of a layer, which tells its chain how it is called."""

    def __init__(self, chain, number, kind):
        self.chain, self.number, self.kind = chain, number, kind

    def __call__(self, *arguments):
        return self.chain.call(self.number, self.kind, arguments)

    def __repr__(self):
        inputs, outputs = self.chain.sizes[self.number : self.number + 2]
        return f"f from {inputs} to {outputs} numbers" if self.kind == "f" else self.kind


class Chain:
    """A chain of layers sin(W x + b), which notes how it is called.

    weights : pairs of an (outputs, inputs) array W and an (outputs,) array b.
    layers : the list of tuples that students' functions get.
    calls : how often each function was called since `begin`, by kind and number of its layer.
    complaint : what is wrong with the first call that makes no sense, or None.
    starts : the vectors that the jvp of the first layer and the vjp of the last one were called with.
    """

    def __init__(self, weights):
        self.weights = list(weights)
        self.sizes = [W.shape[1] for W, _ in self.weights[:1]] + [len(b) for _, b in self.weights]
        self.layers = [
            tuple(Noted(self, number, kind) for kind in ("f", "jvp", "vjp")) for number in range(len(weights))
        ]
        self.begin()

    @classmethod
    def random(cls, rng, sizes, dtype=np.float64):
        """A chain of random layers whose values have these sizes."""
        shapes = [(outputs, inputs) for inputs, outputs in pairwise(sizes)]
        return cls([(_normal(rng, shape, dtype), _normal(rng, shape[:1], dtype)) for shape in shapes])

    def begin(self, x=None, kinds=("f", "jvp", "vjp")):
        """Forget the calls so far. With x, calls at other points than those that x leads to are wrong.

        kinds : which functions of the layers may be called.
        """
        self.calls: Counter[tuple[str, int]] = Counter()
        self.complaint, self.kinds, self.starts = None, kinds, []
        self.points = [] if x is None else self.values(x)

    def values(self, x):
        """The input of each layer, and the output."""
        values = [x]
        for W, b in self.weights:
            values.append(np.sin(W @ values[-1] + b))
        return values

    def value(self, _, x):
        """What the chain computes; the first argument is where students' functions have the layers."""
        return self.values(x)[-1]

    def call(self, number, kind, arguments):
        """What a function of a layer does. A call that makes no sense gets zeros, and a complaint."""
        self.calls[kind, number] += 1
        who = f"the {kind} of layer {number + 1}"
        if kind not in self.kinds:
            self._complain(f"{who} is called; this mode needs the {self.kinds[1]} of a layer only.")
        wrong = self._wrong_arguments(number, kind, arguments)
        if wrong is not None:
            self._complain(f"{who} {wrong}")
            return np.zeros(self.sizes[number + (kind != "vjp")], self.weights[number][1].dtype)
        x, *vector = arguments
        if vector and number == (0 if kind == "jvp" else len(self.layers) - 1):
            self.starts.append(vector[0])
        if self.points and not _near(x, self.points[number]):
            where = self._where(x, number)
            self._complain(f"{who} is called at {where}. Its x has to be the input of that layer.")
        W, b = self.weights[number]
        z = W @ x + b
        if kind == "f":
            return np.sin(z)
        return np.cos(z) * (W @ vector[0]) if kind == "jvp" else W.T @ (np.cos(z) * vector[0])

    def _complain(self, what):
        self.complaint = self.complaint or what

    def _wrong_arguments(self, number, kind, arguments):
        """What is wrong with the number, the type or the shape of the arguments, or None."""
        names = {"f": ("x",), "jvp": ("x", "v"), "vjp": ("x", "u")}[kind]
        if len(arguments) != len(names):
            return f"is called with {len(arguments)} arguments; it takes {' and '.join(names)}."
        for name, argument in zip(names, arguments, strict=True):
            size = self.sizes[number + (name == "u")]
            if not isinstance(argument, np.ndarray) or argument.dtype.kind not in "fiu":
                return f"is called with {_kind(argument)} as {name}; it takes one-dimensional arrays."
            if argument.shape != (size,):
                return f"is called with {name} of shape {argument.shape}, not {(size,)}. {ORIGINS[name]}"
        return None

    def _where(self, x, number):
        """Which point of the chain this is, if it is one."""
        if _near(x, self.points[number + 1]):
            return "the layer's output"
        if _near(x, self.points[0]):
            return "the input of the whole chain"
        for other, point in enumerate(self.points[:-1]):
            if _near(x, point):
                return f"the input of layer {other + 1}"
        if _near(x, self.points[-1]):
            return "the output of the whole chain"
        if x.shape == self.points[number].shape and np.abs(x - self.points[number]).max() < 0.01:
            return "a point near by, as for differences"
        return "a point that is no value of this chain, perhaps left over from an earlier call"


def _normal(rng, shape, dtype):
    return (rng.normal(size=shape) / np.sqrt(shape[-1])).astype(dtype)


def _near(x, point):
    return x.shape == point.shape and np.allclose(x, point, rtol=1e-6, atol=1e-9)


def _kind(value):
    return f"an array of {value.dtype}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"


def expect_on(function, chain, kinds, **arguments):
    """Call a student's function on a chain. Errors: Incorrect where it calls the layers in a wrong way.

    kinds : which functions of the layers it may call, f and one more.
    arguments : x, and the vector if there is one.
    """
    chain.begin(arguments["x"], kinds)
    arguments = {"layers": chain.layers, **arguments}
    try:
        answer = expect(function, **arguments)
    except (NotAttempted, OutOfTime):
        raise
    except CheckFailure:
        if chain.complaint is None:
            raise
        raise Answer(function.name, arguments, None).wrong(chain.complaint) from None
    if chain.complaint is not None:
        raise answer.wrong(chain.complaint)
    return answer


def expect_calls(answer, chain, kind, count):
    """Expect that a function of every layer was called so often."""
    for number in range(len(chain.layers)):
        seen = chain.calls[kind, number]
        if seen == 0 < count:
            raise answer.wrong(f"the {kind} of layer {number + 1} is never called. Is the layer left out?")
        if seen != count:
            right = "one sweep is enough" if count == 1 else f"it takes {count} sweeps, and one call for each"
            raise answer.wrong(f"the {kind} of layer {number + 1} is called {_times(seen)}; {right}.")


def expect_passes(answer, chain, most, last=0):
    """Expect that the f of every layer was called at least once and at most so often.

    last : how often that of the last layer has to be called.
    """
    for number in range(len(chain.layers)):
        seen, least = chain.calls["f", number], last if number == len(chain.layers) - 1 else 1
        if seen > most:
            raise answer.wrong(
                f"the f of layer {number + 1} is called {_times(seen)}; {_times(most)} is enough. Keep the "
                "values that are needed again."
            )
        if seen < least:
            raise answer.wrong(f"the f of layer {number + 1} is never called.")


def _times(count):
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


SIZES = ((3, 3, 3, 3), (3, 4), (4, 3, 2), (2, 3, 5, 4))


def public_chains(rng, reverse=False):
    """Two chains of each of the SIZES, each with an x, and a v or, in reverse, a u."""
    for sizes in SIZES:
        for _ in range(2):
            chain = Chain.random(rng, sizes)
            yield chain, rng.normal(size=sizes[0]), rng.uniform(1, 2, size=sizes[-1 if reverse else 0])


def instead(chain):
    """What a mistaken answer may be the derivative of, for chains whose layers can change places."""
    turned = Chain(chain.weights[::-1])
    first, last = Chain(chain.weights[:-1]), Chain(chain.weights[1:])
    return {
        "the layers are in the opposite order": turned.value,
        "the last layer is left out": first.value,
        "the first layer is left out": last.value,
    }


def jacobian(chain, x):
    """The numerical Jacobian of a chain."""
    return numerical_jacobian(lambda v: chain.value(None, v), x).value


def expect_chain_derivative(kind, chain, function, x, **vector):
    """`expect_derivative` for a function of a chain."""
    chain.begin()
    mistaken = instead(chain) if len(set(chain.sizes)) == 1 else {}
    given = {"layers": chain.layers, "x": x, **vector}
    expect_derivative(kind, chain.value, function, wrt=1, reveal=True, instead=mistaken, **given)


def expect_no_traces_on(function, source, chain, rng, expected, **arguments):
    """Expect that a call on a chain changes neither an argument nor an earlier result nor a later one.

    expected : what the function should give. Calls with other vectors come between.
    """
    chain.begin()
    first = {"layers": chain.layers, **arguments}
    answer = expect_no_change(function, **first)
    answer.close(expected, within=1e-6 * (1 + np.abs(expected)))
    other = {"layers": chain.layers, **{name: rng.normal(size=v.shape) for name, v in arguments.items()}}
    name = function.name
    calls = tuple(first.values()), tuple(other.values())
    try:
        kept = source(f"lambda a, b: ({name}(*a), {name}(*b))[0]")(*calls)
        again = source(f"lambda a, b: ({name}(*a), {name}(*b), {name}(*a))[2]")(*calls)
        same = all(np.array_equal(replace(answer, value=v)._numbers(), answer.value) for v in (kept, again))
    except (NotAttempted, OutOfTime):
        raise
    except CheckFailure:
        same = False
    if not same or chain.complaint is not None:
        raise answer.wrong(
            "another call changes this result, or a second call with the same arguments does something else. "
            "Does a call change the list of layers, or an array that was returned?"
        )


# 2(a)


@check("q2a", "the layers are called in one sweep, each at its own input", points=0.75)
def one_sweep_forward(jvp, rng):
    for chain, x, v in public_chains(rng):
        answer = expect_on(jvp, chain, ("f", "jvp"), x=x, v=v)
        expect_calls(answer, chain, "jvp", 1)
        expect_passes(answer, chain, 1)
        answer.array(chain.sizes[-1])


@check("q2a", "the product is the derivative of the chain in the direction v", points=0.75)
def jvp_is_the_derivative(jvp, rng):
    for chain, x, v in public_chains(rng):
        expect_chain_derivative("jvp", chain, jvp, x, v=v)


@check(
    "q2a", "jvp changes neither an argument nor an earlier result, nor what a second call does", points=0.25
)
def jvp_no_traces(jvp, source, rng):
    for chain, x, v in public_chains(rng):
        expect_no_traces_on(jvp, source, chain, rng, jacobian(chain, x) @ v, x=x, v=v)


# 2(b)


@check("q2b", "one forward pass, then every layer once at its own input, last to first", points=1)
def one_sweep_backward(vjp, rng):
    for chain, x, u in public_chains(rng, reverse=True):
        answer = expect_on(vjp, chain, ("f", "vjp"), x=x, u=u)
        expect_calls(answer, chain, "vjp", 1)
        expect_passes(answer, chain, 1)
        answer.array(chain.sizes[0])


@check("q2b", "the product is u^T times the derivative of the chain, for no layers too", points=0.75)
def vjp_is_the_derivative(vjp, rng):
    for chain, x, u in public_chains(rng, reverse=True):
        expect_chain_derivative("vjp", chain, vjp, x, u=u)
    expect_identity(vjp, "u")


@check(
    "q2b", "vjp changes neither an argument nor an earlier result, nor what a second call does", points=0.25
)
def vjp_no_traces(vjp, source, rng):
    for chain, x, u in public_chains(rng, reverse=True):
        expect_no_traces_on(vjp, source, chain, rng, u @ jacobian(chain, x), x=x, u=u)


def expect_identity(function, name):
    """Expect that the product with the Jacobian of a chain without layers is the vector."""
    for vector in (np.array([2.0, -1.0, 0.5]), np.array([3.0])):
        arguments = {"layers": [], "x": np.cos(vector), name: vector}
        try:
            answer = expect(function, **arguments)
        except Raised as failure:
            said = str(failure).partition("\n")[0]
            raise Answer(function.name, arguments, None).wrong(
                f"it fails for a chain without layers, which is the identity: {said}"
            ) from None
        answer.close(vector, reveal=True)


# 2(c) and 2(d)


def expect_shape(answer, chain):
    """Expect an array of the Jacobian's shape."""
    m, n = chain.sizes[-1], chain.sizes[0]
    if n != m and isinstance(answer.value, np.ndarray) and answer.value.shape == (n, m):
        raise answer.wrong(
            f"the result has the shape {(n, m)}; it has to be {(m, n)}, with a row for each output and a "
            "column for each input. Yours looks transposed."
        )
    answer.array(m, n)


@check("q2c", "n sweeps of forward mode, each layer at its own input", points=0.5)
def n_sweeps(jacobian_forward, rng):
    for chain, x, _ in public_chains(rng):
        answer = expect_on(jacobian_forward, chain, ("f", "jvp"), x=x)
        expect_shape(answer, chain)
        expect_calls(answer, chain, "jvp", chain.sizes[0])
        expect_passes(answer, chain, chain.sizes[0] + 1)


@check("q2c", "the Jacobian is the numerical one of the chain", points=0.5)
def forward_jacobian_is_the_derivative(jacobian_forward, rng):
    for chain, x, _ in public_chains(rng):
        expect_chain_jacobian(jacobian_forward, chain, x)


@check("q2c", "the Jacobian is right where x holds whole numbers", points=0.25)
def forward_jacobian_of_whole_numbers(jacobian_forward, rng):
    for chain, _, _ in public_chains(rng):
        expect_whole_numbers(jacobian_forward, chain)


@check("q2c", "jacobian_forward changes nothing that a second call needs, and no earlier result", points=0.5)
def forward_jacobian_no_traces(jacobian_forward, source, rng):
    for chain, x, _ in public_chains(rng):
        expect_no_traces_on(jacobian_forward, source, chain, rng, jacobian(chain, x), x=x)


@check("q2d", "one forward pass and m sweeps of backward mode, each layer at its own input", points=1)
def m_sweeps(jacobian_backward, rng):
    for chain, x, _ in public_chains(rng):
        answer = expect_on(jacobian_backward, chain, ("f", "vjp"), x=x)
        expect_shape(answer, chain)
        expect_calls(answer, chain, "vjp", chain.sizes[-1])
        expect_passes(answer, chain, 1, last=1)


@check("q2d", "the Jacobian is the numerical one of the chain", points=0.5)
def backward_jacobian_is_the_derivative(jacobian_backward, rng):
    for chain, x, _ in public_chains(rng):
        expect_chain_jacobian(jacobian_backward, chain, x)


@check("q2d", "the Jacobian is right where x holds whole numbers", points=0.25)
def backward_jacobian_of_whole_numbers(jacobian_backward, rng):
    for chain, _, _ in public_chains(rng):
        expect_whole_numbers(jacobian_backward, chain)


@check(
    "q2d", "jacobian_backward changes nothing that a second call needs, and no earlier result", points=0.25
)
def backward_jacobian_no_traces(jacobian_backward, source, rng):
    for chain, x, _ in public_chains(rng):
        expect_no_traces_on(jacobian_backward, source, chain, rng, jacobian(chain, x), x=x)


def expect_chain_jacobian(function, chain, x):
    """Expect the numerical Jacobian; where it is another, look whether sweeps begin with unit vectors."""
    try:
        expect_chain_derivative("jacobian", chain, function, x)
    except Incorrect as failure:
        odd = [v for v in chain.starts if np.count_nonzero(v) != 1 or v.sum() != 1]
        if not odd:
            raise
        begins = (
            f"A sweep begins with [{', '.join(f'{entry:g}' for entry in odd[0])}], which is no unit vector."
        )
        raise Incorrect(f"{failure}\n{begins}") from None


def expect_whole_numbers(function, chain):
    """Expect the numerical Jacobian at an x of ints."""
    x = np.arange(1, chain.sizes[0] + 1)
    chain.begin()
    answer = expect(function, layers=chain.layers, x=x)
    J = answer.array(chain.sizes[-1], chain.sizes[0])
    if not np.allclose(J, jacobian(chain, x.astype(float)), rtol=1e-6, atol=1e-6):
        cut = " Are derivatives put into an array of ints?" if np.array_equal(J, np.trunc(J)) else ""
        raise answer.wrong(f"for an x of dtype int64 the result is not the Jacobian.{cut}")


# 2(e)


def count_in(answer):
    """The whole number that came back. Errors: Incorrect where it is anything else."""
    value = answer.value
    if value is None:
        raise answer.wrong("the result is None. Did you forget a return?")
    if isinstance(value, (float, np.floating)):
        raise answer.wrong(
            f"the result is a float, {value:.6g}. A count is an int, and floats have 16 digits only."
        )
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise answer.wrong(f"the result has to be an int; yours is {_kind(value)}.")
    return int(value)


def expect_count(function, sizes, expected, mistakes=(), otherwise="", reveal=False):
    """Expect a whole number, exactly.

    mistakes : pairs of a wrong number and a sentence that says where it may come from.
    otherwise : the sentence for any other wrong number.
    """
    answer = expect(function, sizes=sizes)
    value = count_in(answer)
    if value != expected:
        said = next((sentence for wrong, sentence in mistakes if value == wrong), otherwise)
        right = f"; it has to be {expected}" if reveal else ", which is wrong"
        shown = value if abs(value) < 10**60 else "a number of more than 60 digits"
        raise answer.wrong(f"the result is {shown}{right}. {said}".rstrip())


def expect_mode(function, sizes, expected, hint=""):
    """Expect the name of a mode."""
    answer = expect(function, sizes=sizes)
    value = answer.value
    if not isinstance(value, str):
        raise answer.wrong(f"the result has to be 'forward' or 'backward'; yours is {_kind(value)}.")
    if value != expected:
        raise answer.wrong(f"the result is {value[:20]!r}, which is wrong. {hint}".rstrip())


ONE_SWEEP = "This is a single sweep; how many does the Jacobian take?"
OTHER_MODE = "This is the number of the other mode."
PRODUCT = "What one layer takes is added to what the next one takes, not multiplied by it."
NOT_ALL = "A layer is left out: there is one fewer than there are sizes."
TWICE = "It is twice the right one; only multiplications count."


@check("q2e", "the costs of small chains, of turned ones and of huge ones", points=1)
def costs_of_some_chains(forward_cost, backward_cost):
    sizes = (2, 3, 5, 7)
    others = [(56, ONE_SWEEP), (210, PRODUCT), (420, PRODUCT), (1470, PRODUCT)]
    others += [(wrong, NOT_ALL) for wrong in (42, 100, 147, 350)]
    expect_count(forward_cost, sizes, 112, [*others, (392, OTHER_MODE), (224, TWICE)], reveal=True)
    expect_count(backward_cost, sizes, 392, [*others, (112, OTHER_MODE), (784, TWICE)], reveal=True)
    for chain in ((4, 6), (3, 5, 1), (2, 9, 4, 8, 3)):
        one = expect(forward_cost, sizes=chain)
        turned = count_in(expect(backward_cost, sizes=chain[::-1]))
        if count_in(one) != turned:
            raise one.wrong(
                f"the result is {one.value}, and backward_cost of the chain turned round is {turned}. "
                "The two have to be equal."
            )
    rounded = "Do the counts go through NumPy's 64-bit ints, or through floats?"
    for cost in (forward_cost, backward_cost):
        expect_count(cost, (10**7,) * 4, 3 * 10**21, otherwise=rounded, reveal=True)


@check("q2e", "the cheaper mode, and the memory of small chains", points=1)
def mode_and_memory_of_some_chains(cheaper_mode, forward_storage, backward_storage):
    for sizes, expected in (((5, 9, 2), "backward"), ((2, 9, 5), "forward"), ((4, 9, 4), "backward")):
        n, m = sizes[0], sizes[-1]
        hint = "Both modes take the same number here." if n == m else "Which mode finds a column a sweep?"
        expect_mode(cheaper_mode, sizes, expected, f"The Jacobian has {m} rows and {n} columns. {hint}")
    tangents = "Each value has a tangent beside it."
    let_go = "Forward mode lets go of a value as soon as the next layer is through."
    peak = "Is it the layer at which the most is held?"
    vectors = "The vector that a layer's vjp is given and the one that comes out count too, both of them."
    ends = "Backward mode holds the input and the output of the chain, too."
    one_layer = "The vectors of one layer only are held at a time."
    chain = (5, 9, 6, 3, 3)
    forward = [(15, tangents), (28, peak), (12, peak), (18, peak)]
    forward += [(wrong, let_go) for wrong in (26, 36, 42, 46, 52)]
    backward = [(wrong, vectors) for wrong in (26, 29, 31, 35)] + [(40, peak), (32, peak), (52, one_layer)]
    backward += [(wrong, ends) for wrong in (18, 21, 23, 33, 36, 38)]
    expect_count(forward_storage, chain, 30, forward, reveal=True)
    expect_count(backward_storage, chain, 41, backward, reveal=True)
    expect_count(forward_storage, (8,) * 101, 32, [(2 * 808, let_go)], reveal=True)
    expect_count(backward_storage, (8,) * 101, 824, reveal=True)


# Graphs

# Programs that run among the student's names, where a name such as `list` may be anything: hence `b`.

# Builds a graph, and gives a dict from the names of the steps to nodes.
GRAPH = """(lambda nodes, steps: [nodes.setdefault(name, {
    "leaf": Node,
    "add": lambda x, y: x + y,
    "multiply": lambda x, y: x * y,
    "sin": lambda x: x.sin(),
    "linear": lambda W, x: Node(W @ x.value, (x,), (lambda u: W.T @ u,)),
    "node": lambda value, vjps, *parents: Node(value, parents, vjps),
}[kind](*[nodes[a] if b.isinstance(a, b.str) else a for a in rest])) for name, kind, *rest in steps]
and nodes)({}, steps)"""

# Calls topological_order for some of the nodes; gives lists of names, or the name of another type.
ORDER = f"""lambda steps, *results: [
    (lambda names, order:
        [names.get(b.id(o)) for o in order] if b.isinstance(order, b.list) else b.type(order).__name__
    )({{b.id(n): name for name, n in nodes.items()}}, topological_order(nodes[result]))
    for b in [__import__("builtins")] for nodes in [{GRAPH}] for result in results]"""

# Calls backward for pairs of a node and an upstream; gives the gradients of all steps, and whether there are
# other keys.
GRADIENTS = f"""lambda steps, *calls: [
    (lambda g:
        ([g.get(n) for n in nodes.values()], b.len(g) > b.sum(n in g for n in nodes.values()))
        if b.isinstance(g, b.dict) else b.type(g).__name__
    )(backward(nodes[result], upstream))
    for b in [__import__("builtins")] for nodes in [{GRAPH}] for result, upstream in calls]"""

DEPTH = 10_000
Step = tuple[Any, ...]


SHOWN = {"add": "{} + {}", "multiply": "{} * {}", "sin": "sin({})", "linear": "W @ {}"}


def described(steps, result):
    """A node and its graph, as students would write them down."""
    if len(steps) > 9:
        return f"{result} in a graph of {len(steps)} nodes"
    shown = []
    for name, kind, *rest in steps:
        value = rest[0]
        if kind == "leaf":
            size = f"array {value.shape}" if isinstance(value, np.ndarray) else f"{value:.6g}"
            shown.append(f"{name} = Node({size})")
        else:
            shown.append(f"{name} = " + SHOWN[kind].format(*parents((name, kind, *rest))))
    return f"{result} of {'; '.join(shown)}"


def parents(step):
    """The names of the parents of a step, in their order."""
    return [a for a in step[2:] if isinstance(a, str)]


def ancestors(steps, result):
    """The names of all steps that the result is computed from, itself included."""
    by_name = {step[0]: step for step in steps}
    found, waiting = {result}, [result]
    while waiting:
        for parent in parents(by_name[waiting.pop()]):
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


RULES: dict[str, Callable[..., Any]] = {
    "leaf": lambda a: a,
    "add": lambda a, b: a + b,
    "multiply": lambda a, b: a * b,
    "sin": np.sin,
    "linear": lambda W, a: W @ a,
}


def value_of(steps, result, changes=()):
    """The value of a result.

    changes : pairs of (name of a node, which use of it counted from 0, or None for all) and what is added
        to the node's value there.
    """
    values: dict[str, Any] = {}
    used: Counter[str] = Counter()
    added = dict(changes)

    def value(name):
        use = used[name]
        used[name] += 1
        return values[name] + added.get((name, use), 0)

    for name, kind, *rest in steps:
        inputs = [value(a) if isinstance(a, str) else a for a in rest]
        values[name] = RULES[kind](*inputs) + added.get((name, None), 0)
    return values[result]


def derivative(steps, result, upstream, name, use=None):
    """The derivative of upstream times the result by a node; through one of its uses only, or all."""
    shape = np.shape(value_of(steps, name))
    gradient = np.empty(shape)
    for index in np.ndindex(*shape):
        step = np.zeros(shape, dtype=complex)
        step[index] = 1e-30j
        changed = value_of(steps, result, [((name, use), step)])
        gradient[index] = np.sum(upstream * np.imag(changed)) / 1e-30
    return gradient


def expect_program(program, function, what, *arguments, limits=NO_LIMITS):
    """Call a program on a graph; where it fails, say so in the name of the student's function.

    what : the arguments of that function by name, for messages.

    Returns the answer, and the arguments as they were left.
    """
    answer = Answer(function, what, None)
    try:
        reply = program.call(*arguments, limits=limits)
    except NotAttempted as failure:
        raise NotAttempted(str(failure).replace(f"the program calls {function}, which", function)) from None
    except Raised as failure:
        if "RecursionError" in str(failure):
            raise answer.wrong(
                "Python's recursion is not deep enough for this graph. Keep a list of the nodes to visit in "
                "place of recursion."
            ) from None
        raise Raised(str(failure).replace("the program", function, 1)) from None
    except (TooSlow, OutOfTime) as failure:
        said = str(failure).replace("the program", function, 1).rstrip(".")
        raise type(failure)(
            f"{said}, on a graph of {len(arguments[0])} nodes. Does it follow every path, in place of "
            "visiting every node once?"
        ) from None
    return replace(answer, value=reply.value), reply.arguments


def a_walk(steps):
    """The limits of a call that walks through a graph. It takes up to 70 lines for each node."""
    return most_lines(1000 * len(steps))


# Graphs of numbers, each with its result.
SMALL = (
    ([("x", "leaf", 0.7), ("s", "sin", "x"), ("z", "sin", "s")], "z"),
    ([("x", "leaf", 0.7), ("y", "leaf", -1.2), ("p", "multiply", "x", "y"), ("z", "add", "p", "x")], "z"),
    ([("x", "leaf", 1.3), ("z", "multiply", "x", "x")], "z"),
    # ways of different lengths
    (
        [
            ("x", "leaf", 0.4),
            ("a", "sin", "x"),
            ("b", "multiply", "a", "x"),
            ("c", "sin", "b"),
            ("z", "multiply", "a", "c"),
        ],
        "z",
    ),
    (
        [
            ("x", "leaf", 0.4),
            ("a", "sin", "x"),
            ("b", "sin", "a"),
            ("c", "add", "b", "a"),
            ("d", "multiply", "x", "c"),
            ("z", "add", "d", "x"),
        ],
        "z",
    ),
    # two inputs of one value, and one that z does not depend on
    (
        [
            ("x", "leaf", 0.5),
            ("y", "leaf", 0.5),
            ("unused", "leaf", 2.0),
            ("other", "multiply", "unused", "x"),
            ("p", "multiply", "x", "y"),
            ("z", "add", "p", "y"),
        ],
        "z",
    ),
)


def deep_graph(depth: int = DEPTH) -> tuple[list[Step], str]:
    """So many times y = y + x, where y is x at first."""
    steps = [(f"n{i + 1}", "add", f"n{i}", "n0") for i in range(depth)]
    return [("n0", "leaf", 0.5), *steps], f"n{depth}"


def diamonds(count: int) -> tuple[list[Step], str]:
    """So many times x = x + x."""
    steps = [(f"n{i + 1}", "add", f"n{i}", f"n{i}") for i in range(count)]
    return [("n0", "leaf", 0.5), *steps], f"n{count}"


def expect_order(program, steps, result, calls=1, limits=NO_LIMITS):
    """Expect a topological order from each of some calls."""
    what = {"node": described(steps, result)}
    answer, _ = expect_program(program, "topological_order", what, steps, *[result] * calls, limits=limits)
    for number, order in enumerate(answer.value):
        if not isinstance(order, list):
            forgotten = " Did you forget a return?" if order == "NoneType" else ""
            raise answer.wrong(f"the result has to be a list of nodes; yours is a {order}.{forgotten}")
        wrong = _wrong_order(order, steps, result)
        if wrong is not None and number:
            raise answer.wrong(f"in a second call, {wrong}. Is something kept from the first one?")
        if wrong is not None:
            raise answer.wrong(f"{wrong}.")


def _wrong_order(order, steps, result):
    """What is wrong with an order of names, without the full stop, or None."""
    if None in order:
        return "the result holds something that is no node of the graph; return the nodes themselves"
    needed, place = ancestors(steps, result), {name: i for i, name in enumerate(order)}
    twice = [name for name, count in Counter(order).items() if count > 1]
    if twice:
        return f"node {twice[0]} is in the result {_times(Counter(order)[twice[0]])}, once for each way to it"
    by_name = {step[0]: step for step in steps}
    if set(order) - needed:
        return f"node {min(set(order) - needed)} is in the result, which {result} does not depend on"
    for name in order:
        for parent in parents(by_name[name]):
            if parent in place and place[parent] > place[name]:
                if order[0] == result:
                    return f"{result} comes first and its parents follow; it has to be the other way round"
                return f"node {name} comes before its parent {parent}; it has to wait for all of its parents"
    missing = needed - set(order)
    if result in missing:
        return f"the node {result} itself is missing"
    if missing:
        value = value_of(steps, min(missing)) if len(steps) < 20 else None
        equal = [n for n in order if value is not None and np.array_equal(value_of(steps, n), value)]
        same = f"; it has the value of {equal[0]}, and is another node" if equal else ""
        return f"node {min(missing)} is missing, which {result} was computed from{same}"
    return None


# 2(f)


@check("q2f", "every node that the result depends on, after all of its parents", points=1)
def order_of_small_graphs(topological_order, source):
    for steps, result in SMALL:
        expect_order(source(ORDER), steps, result)


@check("q2f", "each node once: in a second call, on a deep graph, on one of many paths", points=0.75)
def order_of_deep_graphs(topological_order, source):
    for steps, result in SMALL:
        expect_order(source(ORDER), steps, result, calls=2)
    for steps, result in (diamonds(10), diamonds(40)):
        expect_order(source(ORDER), steps, result, limits=a_walk(steps))
    expect_order(source(ORDER), *deep_graph())


# 2(g)


def expect_gradients(program, steps, calls, limits=NO_LIMITS):
    """Expect dicts from nodes to gradients, and give them as answers by the names of the nodes.

    calls : for each call of backward on the same graph, the name of the result and the upstream.
    """
    asked = [{"node": described(steps, result), "upstream": u} for result, u in calls]
    answer, _ = expect_program(program, "backward", asked[0], steps, *calls, limits=limits)
    return [
        _gradients(Answer("backward", what, value), steps, result)
        for what, (result, _), value in zip(asked, calls, answer.value, strict=True)
    ]


def _gradients(answer, steps, result):
    """The gradients in what one call gave, by name."""
    if not isinstance(answer.value, tuple):
        forgotten = " Did you forget a return?" if answer.value == "NoneType" else ""
        raise answer.wrong(
            f"the result has to be a dict from nodes to gradients; yours is a {answer.value}.{forgotten}"
        )
    gradients, others = answer.value
    if others and all(gradient is None for gradient in gradients):
        raise answer.wrong("no node is a key of the dict; the keys have to be the nodes themselves.")
    needed, parts = ancestors(steps, result), {}
    for (name, *_), gradient in zip(steps, gradients, strict=True):
        if gradient is None and name in needed:
            role = "the node itself" if name == result else f"which {result} was computed from"
            raise answer.wrong(f"the dict has no gradient for {name}, {role}.")
        if gradient is not None and name not in needed:
            raise answer.wrong(f"the dict has a gradient for {name}, which {result} does not depend on.")
        if gradient is not None:
            parts[name] = replace(answer, value=gradient, name=f"the gradient of {name}")
    if others:
        raise answer.wrong("the dict has keys that are no nodes of the graph.")
    return parts


def _expect_derivatives(parts, steps, result, upstream):
    """Expect derivatives by every node, and name what else an answer may be."""
    by_name = {step[0]: step for step in steps}
    uses_of = Counter(parent for name in parts for parent in parents(by_name[name]))
    for name, part in parts.items():
        expected = derivative(steps, result, upstream, name)
        actual = part.array(*expected.shape)

        def is_close(other, actual=actual):
            return np.allclose(actual, other, rtol=1e-9, atol=1e-12)

        if is_close(expected):
            continue
        words = ""
        if np.all(actual == 0):
            words = " It is zero: does the gradient of a later node get there?"
        elif is_close(derivative(steps, result, np.ones_like(upstream), name)):
            words = " It is the one for an upstream of ones: is upstream ignored?"
        elif is_close(-expected):
            words = " It has the wrong sign."
        elif uses_of[name] > 1:
            every = [derivative(steps, result, upstream, name, use) for use in range(uses_of[name])]
            if any(is_close(one) for one in every):
                words = f" {name} is used {_times(uses_of[name])}, and this is what one use contributes."
            elif is_close(sum(every) / uses_of[name]):
                words = f" It is 1/{uses_of[name]} of the right one: contributions add up, without a mean."
        if not words and expected.shape:
            words = " For numbers it is right: does an array change that is in use elsewhere?"
        told = "" if expected.size > 1 else f": {float(actual):.6g} in place of {float(expected):.6g}"
        raise part.wrong(f"{part.name} is wrong{told}.{words}")


@check("q2g", "the gradients of all nodes are the derivatives by them, numbers and arrays", points=1.5)
def gradients_of_small_graphs(backward, source, rng):
    for steps, result in SMALL:
        for upstream in (1.0, -0.6):
            (parts,) = expect_gradients(source(GRADIENTS), steps, [(result, upstream)])
            _expect_derivatives(parts, steps, result, upstream)
    for steps, result in SMALL:
        shaped = [(n, k, *([rng.normal(size=3)] if k == "leaf" else rest)) for n, k, *rest in steps]
        upstream = rng.uniform(0.5, 2, size=3)
        (parts,) = expect_gradients(source(GRADIENTS), shaped, [(result, upstream)])
        _expect_derivatives(parts, shaped, result, upstream)


class Uses:
    """A graph whose local vjps are functions of the check, which note what they are called with.

    steps : the graph.
    seen : what each local vjp was called with, by the name of its node and its place.
    """

    def __init__(self, steps):
        self.seen, self.steps = {}, []
        for name, kind, *rest in steps:
            if kind == "leaf":
                self.steps.append((name, kind, *rest))
                continue
            vjps = tuple(
                self._local_vjp(name, place, s) for place, s in enumerate(_slopes(steps, kind, rest))
            )
            self.steps.append((name, "node", float(value_of(steps, name)), vjps, *rest))

    def _local_vjp(self, name, place, slope):
        def local_vjp(u):
            self.seen.setdefault((name, place), []).append(u)
            return slope * u if _is_number(u) else 0.0

        return local_vjp


def _is_number(value):
    return np.ndim(value) == 0 and np.asarray(value).dtype.kind in "fiu"


def _slopes(steps, kind, operands):
    """The derivatives of a step by each of its operands, which are numbers."""
    values = [float(value_of(steps, name)) for name in operands]
    if kind == "add":
        return (1.0, 1.0)
    return tuple(values[::-1]) if kind == "multiply" else (float(np.cos(values[0])),)


def expect_each_use_once(program, steps, result, upstream):
    """Expect that each local vjp is called once, with the whole gradient of its node."""
    noted = Uses(steps)
    what = {"node": described(steps, result), "upstream": upstream}
    answer, _ = expect_program(program, "backward", what, noted.steps, (result, upstream))
    needed = ancestors(steps, result)
    uses = [(step, place) for step in steps if step[0] in needed for place in range(len(parents(step)))]
    # One that is never called comes first: it tells more than another that is called in its place.
    for step, place in sorted(uses, key=lambda use: (use[0][0], use[1]) in noted.seen):
        name, parent = step[0], parents(step)[place]
        who = f"the local vjp of {name} for its parent {parent}"
        if parents(step).count(parent) > 1:
            who += f", of use {place + 1},"
        seen = noted.seen.get((name, place), [])
        if not seen:
            raise answer.wrong(f"{who} is never called.")
        if len(seen) > 1:
            raise answer.wrong(
                f"{who} is called {_times(len(seen))}. Call it once, when the gradient of {name} is complete."
            )
        if not _is_number(seen[0]):
            raise answer.wrong(f"{who} is called with {_kind(seen[0])}; the gradient of {name} is a float.")
        if not np.isclose(seen[0], derivative(steps, result, upstream, name), rtol=1e-9, atol=1e-12):
            cause = f"Have all contributions to {name} come in by then?"
            if name != result and np.isclose(seen[0], upstream):
                cause = "It is upstream."
            raise answer.wrong(
                f"{who} is called with {float(seen[0]):.6g}, which is not the gradient of {name}. {cause}"
            )


@check("q2g", "each local vjp is called once, with the whole gradient of its node", points=1)
def each_use_once(backward, source):
    for steps, result in SMALL:
        expect_each_use_once(source(GRADIENTS), steps, result, 0.8)


@check("q2g", "calls do not disturb each other, leave upstream as it is, and go deep", points=1.25)
def calls_by_themselves(backward, source, rng):
    program = source(GRADIENTS)
    for steps, result in SMALL:
        calls = [(result, 0.8), (result, -1.5), (result, 0.8)]
        first, other, last = expect_gradients(program, steps, calls)
        for name, part in first.items():
            one, two, three = (float(parts[name].array()) for parts in (first, other, last))
            if one == two:
                raise other[name].wrong(
                    f"in a second call, with another upstream, {part.name} is the same as before. Is the "
                    "first result kept?"
                )
            if not np.isclose(one, three, rtol=1e-9, atol=0):
                raise last[name].wrong(
                    f"a later call with the same arguments finds another gradient of {name}. Is something "
                    "kept in the nodes, or elsewhere?"
                )
    steps, result = deep_graph()
    expect_gradients(program, steps, [(result, 0.8)])
    expect_upstream_unchanged(program, rng)


def expect_upstream_unchanged(program, rng):
    """Expect that calls on arrays leave upstream as it is."""
    for steps, result in SMALL:
        shaped = [(n, k, *([rng.normal(size=3)] if k == "leaf" else rest)) for n, k, *rest in steps]
        call = (result, rng.uniform(0.5, 2, size=3))
        what = {"node": described(shaped, result), "upstream": call[1]}
        answer, (_, left) = expect_program(program, "backward", what, shaped, call)
        if not np.array_equal(call[1], left[1]):
            raise answer.wrong("the call changes upstream. Add to a new array, without +=.")


@check("q2g", "the gradients are right where values are whole numbers", points=0.25)
def gradients_of_whole_numbers(backward, source):
    for x, y, upstream in ((2, 3, 0.25), (np.array([2, -1]), np.array([3, 4]), np.array([0.25, 1.5]))):
        steps = [("x", "leaf", x), ("y", "leaf", y), ("p", "multiply", "x", "y"), ("z", "add", "p", "x")]
        (parts,) = expect_gradients(source(GRADIENTS), steps, [("z", upstream)])
        _expect_derivatives(parts, steps, "z", np.asarray(upstream))
