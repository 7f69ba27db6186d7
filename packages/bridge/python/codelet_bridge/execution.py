"""Code of one step in the module __main__: compiled once, its last expression is its value."""
from _ast import Expr, Expression, PyCF_ALLOW_TOP_LEVEL_AWAIT, PyCF_ONLY_AST
from _contextvars import copy_context

_COROUTINE = 0x80  # inspect.CO_COROUTINE
_LATE_ANNOTATIONS = 0x1000000  # what `from __future__ import annotations` sets; the other features are everybody's by now


def compile_step(code, filename, flags=0):
    """Code objects of the statements and of the last expression; either may be None. `flags` are the features of earlier steps."""
    if code[:1] == "\ufeff":
        code = code[1:]
    flags |= PyCF_ALLOW_TOP_LEVEL_AWAIT
    return _compile_lines(code, filename, flags) or _compile_tree(code, filename, flags)


def features_of(compiled):
    """What later steps are compiled with, as in a console."""
    return 0 if compiled[0] is None else compiled[0].co_flags & _LATE_ANNOTATIONS


def _compile_tree(code, filename, flags):
    tree = compile(code, filename, "exec", PyCF_ONLY_AST | flags, True)
    body = tree.body
    last = None
    if body and type(body[-1]) is Expr:
        last = compile(Expression(body.pop().value), filename, "eval", flags, True)
    first = compile(tree, filename, "exec", flags, True) if body else None
    return first, last


def _compile_lines(code, filename, flags):
    """The same without a tree, which takes half the time, where the last line is a whole statement or expression; else None.

    When all lines before the last one compile by themselves, an unindented last line begins a statement of its own.
    """
    head, newline, tail = code.rstrip(" \t\f\n").rpartition("\n")
    if not tail or tail[0] in " \t\f" or "\r" in code or "\\" in tail:  # what is compiled again would warn of an escape again
        return None
    try:
        if _is_assignment(tail):
            return None if head else (compile(code, filename, "exec", flags, True), None)
        padding = "\n" * (head + newline).count("\n")
        last = compile(padding + tail, filename, "eval", flags, True)
        first = compile(head + "\n", filename, "exec", flags, True) if head else None
    except (SyntaxError, ValueError):
        return None
    return first, last


def _is_assignment(line):
    """Whether an `=` stands where no expression can have one; False when in doubt."""
    at = line.find("=")
    if at <= 0 or line[at + 1 : at + 2] == "=" or line[at - 1] in "!<>:" or ";" in line:
        return False
    target = line[:at]
    return target.rstrip(" +-*/%@&|^").replace("_", "a").replace(", ", "").replace(".", "").isalnum() and "lambda" not in target


def evaluate(compiled, namespace, run_coroutine):
    first, last = compiled
    if (first is not None and first.co_flags & _COROUTINE) or (last is not None and last.co_flags & _COROUTINE):
        ended = []
        try:
            return run_coroutine(_evaluate_async(compiled, namespace, ended))
        finally:
            for context in ended:
                _go_on_from(context)
    if first is not None:
        eval(first, namespace)
    return None if last is None else eval(last, namespace)


async def _evaluate_async(compiled, namespace, ended):
    """A step that awaits anywhere runs inside the loop from its first line on."""
    value = None
    try:
        for code in compiled:
            if code is not None:
                value = eval(code, namespace)
                if code.co_flags & _COROUTINE:
                    value = await value
    finally:
        ended.append(copy_context())
    return None if compiled[1] is None else value


def _go_on_from(context):
    """A task has a context of its own; what a step sets in it (the precision of decimals, numpy's way with errors) holds in the next one, too."""
    for variable, value in context.items():
        if variable.get(context) is not value:
            variable.set(value)
