"""Code of one step in the module __main__: compiled once, its last expression is its value."""
from _ast import Expr, Expression, PyCF_ALLOW_TOP_LEVEL_AWAIT, PyCF_ONLY_AST

_COROUTINE = 0x80  # inspect.CO_COROUTINE


def compile_step(code, filename):
    """Code objects of the statements and of the last expression; either may be None."""
    if code[:1] == "\ufeff":
        code = code[1:]
    tree = compile(code, filename, "exec", PyCF_ONLY_AST | PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
    body = tree.body
    last = None
    if body and type(body[-1]) is Expr:
        last = compile(Expression(body.pop().value), filename, "eval", PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
    first = compile(tree, filename, "exec", PyCF_ALLOW_TOP_LEVEL_AWAIT, True) if body else None
    return first, last


def evaluate(compiled, namespace, run_coroutine):
    value = None
    for code in compiled:
        if code is not None:
            value = eval(code, namespace)
            if code.co_flags & _COROUTINE:
                value = run_coroutine(value)
    return value if compiled[1] is not None else None
