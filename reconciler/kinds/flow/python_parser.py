"""Run as a program of its own: says which functions of a Python source are promptflow tools.

Nothing of the source is executed. To parse it may still take gigabytes or the whole stack, which
is why it is done in a process that has little of either, no environment and no secret.

Reads the source from standard input, writes one JSON object to standard output.
"""

import ast
import json
import resource
import sys

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def main() -> None:
    """Answer within the limits given as arguments: MiB of memory, seconds."""
    memory, seconds = (int(word) for word in sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory << 20, memory << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    sys.stdout.write(json.dumps(answer(sys.stdin.buffer.read())))


def answer(source: bytes) -> dict[str, object]:
    """Return the tools of a source, or what is wrong with it and where."""
    try:
        return {"tools": tools(ast.parse(source))}
    except (SyntaxError, ValueError) as error:
        line, column = getattr(error, "lineno", None), getattr(error, "offset", None)
        return {"wrong": str(getattr(error, "msg", error)), "line": line, "column": column}
    except (RecursionError, MemoryError):
        return {"large": True}


def tools(tree: ast.AST) -> list[dict[str, object]]:
    """Return the parameters of each function with the decorator `@tool`."""
    found = (node for node in ast.walk(tree) if isinstance(node, FUNCTIONS) and is_tool(node))
    return [parameters(function.args) for function in found]


def is_tool(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether a function is decorated with `@tool`, `@promptflow.tool` or `@tool(...)`."""
    for decorator in function.decorator_list:
        inner = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = inner.attr if isinstance(inner, ast.Attribute) else getattr(inner, "id", "")
        if name == "tool":
            return True
    return False


def parameters(arguments: ast.arguments) -> dict[str, object]:
    """Return which parameters there are, which must be given, and whether any other may be."""
    plain = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return {
        "known": [*plain, *(a.arg for a in arguments.kwonlyargs)],
        "needed": [
            *plain[: len(plain) - len(arguments.defaults)],
            *(a.arg for a, default in named if default is None),
        ],
        "any": arguments.kwarg is not None,
    }


if __name__ == "__main__":
    main()
