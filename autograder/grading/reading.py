"""Reading the text of a cell: what its statements bind and look up, and which of them are plain definitions.

Nothing is run. A cell at which Python, IPython and this module might not agree is not read at all.
"""

from __future__ import annotations

import ast
import io
import symtable
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

# Text is read only within these limits, so that no text can take the parser's time or stack.
LONGEST_CELL, MOST_TOKENS_A_STATEMENT = 20_000, 400
MODULES = {
    *("numpy", "math", "scipy", "matplotlib", "otter", "gradcheck", "public_checks", "__future__"),
    *("typing", "dataclasses", "collections", "itertools", "functools"),
}
# What can change, or see, more than its arguments.
FAR_REACHING = {
    *("exec", "eval", "compile", "globals", "locals", "vars", "setattr", "delattr", "getattr", "__import__"),
    *("open", "input", "breakpoint", "exit", "quit", "get_ipython", "In", "Out", "_", "__", "___", "help"),
}
STATEFUL = {"random", "seed", "seterr", "seterrcall", "cache", "lru_cache", "singledispatch"}
# Names and attributes with underscores that change nothing, and show nothing that is not an object's own.
OPERATORS = {"__init__", "__getitem__", "__len__", "__iter__", "__contains__", "__call__", "__name__"}
OPERATORS |= {
    "__array_ufunc__",
    "__array_priority__",
    "__slots__",
    "__hash__",
    "__eq__",
    "__abs__",
    "__neg__",
}
OPERATORS |= {
    f"__{r}{name}__" for r in ("", "r") for name in ("add", "sub", "mul", "truediv", "pow", "matmul")
}
DECORATORS = {"property", "staticmethod", "classmethod", "dataclass"}

Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


@dataclass(frozen=True)
class Statement:
    """A statement of a cell.

    lines : the first and the last, from 1 on.
    binds : the names that it gives a value to.
    uses : the names that it, or the functions in it, look up.
    plain : whether it is a definition without state, which cannot fail.
    """

    lines: tuple[int, int]
    binds: frozenset[str]
    uses: frozenset[str]
    plain: bool


@lru_cache(10_000)
def names_in(program: str) -> frozenset[str]:
    """The names that an expression or a statement looks up, but for those that it binds in functions."""
    tables, found = [symtable.symtable(program, "<check>", "exec")], set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        outermost = table.get_type() == "module"
        found |= {
            s.get_name() for s in table.get_symbols() if s.is_referenced() and (outermost or s.is_global())
        }
    return frozenset(found)


@lru_cache(10_000)
def read(source: str) -> tuple[Statement, ...] | None:
    """The statements of a cell, or None where the reading gives up."""
    lines = source.split("\n")
    source = "\n".join("" if line.strip() == "%matplotlib inline" else line for line in lines)
    if not _short_enough(source):
        return None
    try:
        tree = ast.parse(source)
        for statement in tree.body:
            compile(ast.Module([statement], []), "<cell>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # IPython may still make something of it
    if not all(map(_tame, tree.body)):
        return None
    starts, ends = [s.lineno for s in tree.body], [s.end_lineno for s in tree.body]
    if any(start <= (end or 0) for start, end in zip(starts[1:], ends, strict=False)):
        return None  # two on one line
    found = [_statement(statement, lines) for statement in tree.body]
    return tuple(found)


def _short_enough(source: str) -> bool:
    # At characters that are not printable Python, IPython and this module may not agree where lines end.
    if len(source) > LONGEST_CELL or not source.translate({9: None, 10: None}).isprintable():
        return False
    count = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            count = 0 if token.type == tokenize.NEWLINE else count + 1
            if count > MOST_TOKENS_A_STATEMENT:
                return False
    except (tokenize.TokenError, SyntaxError):
        return False
    return True


def _statement(node: ast.stmt, lines: list[str]) -> Statement:
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    last = node.end_lineno or first
    uses = names_in("\n".join(lines[first - 1 : last])) if _is_plain(node) else frozenset[str]()
    return Statement((first, last), _binds(node), uses, _is_plain(node))


def _binds(node: ast.AST) -> frozenset[str]:
    found = set()
    for inner in _of_this_scope(node):
        if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
            found.add(inner.id)
        elif isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(inner.name)
        elif isinstance(inner, ast.alias):
            found.add(inner.asname or inner.name.partition(".")[0])
        elif isinstance(inner, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and inner.name:
            found.add(inner.name)
        elif isinstance(inner, ast.MatchMapping) and inner.rest:
            found.add(inner.rest)
    return frozenset(found)


def _of_this_scope(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all within it, without what stands in functions and classes that it defines.

    Comprehensions are taken for part of the scope: at worst a name more is bound.
    """
    yield node
    if not isinstance(node, Scope):
        for child in ast.iter_child_nodes(node):
            yield from _of_this_scope(child)


def _is_plain(node: ast.stmt) -> bool:
    """Whether a statement defines something that has no state, and cannot fail."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.FunctionDef):
        return not node.decorator_list and _is_plain_function(node)
    if isinstance(node, ast.ClassDef):
        return (
            not node.keywords
            and all(isinstance(base, ast.Name) for base in node.bases)
            and all(_is_known(decorator) for decorator in node.decorator_list)
            and all(map(_is_plain_member, node.body))
        )
    if isinstance(node, ast.Assign):
        return len(node.targets) == 1 and isinstance(node.targets[0], ast.Name) and _is_fixed(node.value)
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _is_plain_member(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef):
        return all(_is_known(d) for d in node.decorator_list) and _is_plain_function(node)
    if isinstance(node, ast.AnnAssign):
        return _is_annotation(node.annotation) and (node.value is None or _is_fixed(node.value))
    return not isinstance(node, ast.ClassDef) and _is_plain(node)


def _is_known(decorator: ast.expr) -> bool:
    if isinstance(decorator, ast.Call):
        fixed = all(isinstance(keyword.value, ast.Constant) for keyword in decorator.keywords)
        return fixed and not decorator.args and _is_known(decorator.func)
    return isinstance(decorator, ast.Name) and decorator.id in DECORATORS


def _is_plain_function(node: ast.FunctionDef | ast.Lambda) -> bool:
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    annotations = [a.annotation for a in every if a.annotation is not None]
    if isinstance(node, ast.FunctionDef) and node.returns is not None:
        annotations.append(node.returns)
    defaults = [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
    return all(map(_is_fixed, defaults)) and all(map(_is_annotation, annotations))


def _is_annotation(node: ast.expr) -> bool:
    allowed = (
        ast.Name,
        ast.Attribute,
        ast.Constant,
        ast.Subscript,
        ast.Tuple,
        ast.Load,
        ast.BinOp,
        ast.BitOr,
    )
    return all(isinstance(inner, allowed) for inner in ast.walk(node))


def _is_fixed(node: ast.expr) -> bool:
    """Whether an expression has a value that nothing can change, and cannot fail."""
    if isinstance(node, ast.Lambda):
        return _is_plain_function(node)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant)
    return isinstance(node, ast.Constant) or (
        isinstance(node, ast.Tuple) and all(isinstance(item, ast.Constant) for item in node.elts)
    )


def _tame(statement: ast.stmt) -> bool:
    """Whether a statement changes nothing but names of the notebook and what its functions hold."""
    return all(map(_is_tame, ast.walk(statement))) and _changes_only_its_own(statement, frozenset())


def _is_tame(node: ast.AST) -> bool:
    if isinstance(node, ast.Global | ast.Delete):
        return False
    if isinstance(node, ast.Name):
        looked_up = isinstance(node.ctx, ast.Load)
        return node.id in OPERATORS or not (
            (looked_up and node.id in FAR_REACHING) or node.id.startswith("__")
        )
    if isinstance(node, ast.Attribute):
        return node.attr in OPERATORS or not (node.attr in STATEFUL or node.attr.startswith("__"))
    if isinstance(node, ast.Import):
        return all(alias.name.partition(".")[0] in MODULES for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return (
            (node.module or "").partition(".")[0] in MODULES
            and not node.level
            and not any(alias.name in {"*", *STATEFUL, *FAR_REACHING} for alias in node.names)
        )
    return True


def _changes_only_its_own(node: ast.AST, local: frozenset[str]) -> bool:
    """Whether only attributes and entries of objects in local names are given values."""
    if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
        root: ast.expr = node
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        if not isinstance(root, ast.Name) or root.id not in local:
            return False
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        arguments = node.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        named += [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
        body = node.body if isinstance(node.body, list) else [node.body]
        inside = local | {a.arg for a in named} | {name for inner in body for name in _binds(inner)}
        return all(_changes_only_its_own(child, inside) for child in ast.iter_child_nodes(node))
    return all(_changes_only_its_own(child, local) for child in ast.iter_child_nodes(node))
