"""What inspect.signature and help() say of a host tool."""


def make_signature(schema, returns):
    """An inspect.Signature from JSON Schema, parameters in the schema's order."""
    from inspect import Parameter, Signature

    properties = schema.get("properties") or {}
    required = schema.get("required") or ()
    parameters = []
    optional_seen = False
    for name, one in properties.items():
        if not name.isidentifier():
            continue
        optional = name not in required
        kind = Parameter.KEYWORD_ONLY if optional_seen and not optional else Parameter.POSITIONAL_OR_KEYWORD
        if parameters and parameters[-1].kind is Parameter.KEYWORD_ONLY:
            kind = Parameter.KEYWORD_ONLY
        optional_seen = optional_seen or optional
        default = (one.get("default") if isinstance(one, dict) else None) if optional else Parameter.empty
        parameters.append(Parameter(name, kind, default=default, annotation=annotation_of(one)))
    return Signature(parameters, return_annotation=Signature.empty if returns is None else annotation_of(returns))


_ANNOTATIONS = {"string": str, "integer": int, "number": float, "boolean": bool, "array": list, "object": dict, "null": None}


def annotation_of(schema):
    kind = schema.get("type") if isinstance(schema, dict) else None
    if isinstance(kind, str) and kind in _ANNOTATIONS:
        items = schema.get("items")
        if kind == "array" and isinstance(items, dict) and isinstance(items.get("type"), str):
            return list[annotation_of(items)]
        return _ANNOTATIONS[kind]
    from typing import Any

    return Any
