"""The controls of a sandbox: `reconcile sandbox faults|latency|clock|throttle|turns|drift|...`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from reconciler.cli import sandbox_subscription
from reconciler.diagnostics import LocalError, UnavailableError, UsageError
from reconciler.secrets import shortened

if TYPE_CHECKING:
    from argparse import Namespace

    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session
    from reconciler.sandbox.launch import Server

Json = dict[str, Any]


def add_arguments(parser: Parser) -> None:
    """Add the options of `faults add`; the words of the other controls are positional."""
    group = parser.add_argument_group("options of `faults add`: which requests, and what happens")
    group.add_argument("--method", metavar="M", help="only this HTTP method")
    group.add_argument("--path", metavar="REGEX", help="only where path and query match this")
    group.add_argument("--caller", metavar="TEXT", help="only a client whose name contains this")
    group.add_argument("--nth", type=int, metavar="N", help="from the Nth such request on")
    group.add_argument("--times", type=int, metavar="N", help="this many times; 0: forever")
    group.add_argument("--probability", type=float, metavar="P", help="each with this probability")
    group.add_argument(
        "--seed", type=int, metavar="N", help="seed of the random choices (also of `turns`)"
    )
    group.add_argument(
        "--when", choices=("before", "after"), help="before or after the request is carried out"
    )
    group.add_argument("--status", type=int, metavar="CODE", help="answer this status")
    group.add_argument("--header", action="append", metavar="K:V", help="with this header")
    group.add_argument("--body", type=_json, metavar="JSON", help="and this body")
    group.add_argument("--drop", action="store_true", help="cut the connection")
    group.add_argument("--truncate", action="store_true", help="cut the answer off in the middle")
    group.add_argument("--hang", action="store_true", help="never answer")
    group.add_argument("--delay", type=float, metavar="S", help="delay the answer by S seconds")
    group.add_argument("--stale", type=int, metavar="N", help="N reads return the previous state")
    group.add_argument("--every", type=int, metavar="M", help="only every Mth of them is stale")
    group.add_argument("--pages", type=int, metavar="N", help="a list comes in pages of N items")
    group.add_argument("--omit", metavar="REGEX", help="a list leaves out items with this id")
    group.add_argument("--repeat", metavar="REGEX", help="a list shows items with this id twice")
    group.add_argument("--next-link", metavar="URL", help="a list says that it continues there")
    group.add_argument(
        "--operation", metavar="A,B", help="statuses that polling it returns: InProgress,Failed"
    )
    group.add_argument("--kill", type=int, metavar="PID", help="send a signal to a process")
    group.add_argument("--signal", metavar="NAME", help="KILL, TERM, INT or STOP")
    sandbox_subscription.add_arguments(parser)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        from argparse import ArgumentTypeError

        raise ArgumentTypeError(f"{text!r} is not JSON: {error}") from error


def control(session: Session, server: Server) -> None:
    """Carry out the named control on a running sandbox. Raises `UsageError` on wrong words."""
    options = session.options
    name, words = options.action, list(options.words)
    match name, words:
        case "faults", [] | ["list"] | ["add"] | ["clear"]:
            _faults(session, server, words)
        case "latency", [ms] | [ms, _]:
            jitter = {"jitter_ms": _number(words[1])} if len(words) > 1 else {}
            ask(server, "POST", "latency", {"ms": _number(ms), **jitter})
            session.err.say(f"every answer takes {ms} ms")
        case "feed", [seconds]:
            ask(server, "POST", "settings", {"change_feed_delay_s": _number(seconds)})
            session.err.say(f"Resource Graph tells changes after {seconds} s")
        case "clock", _:
            _say_clock(session, ask(server, *_clock(words)))
        case "throttle", [_, *_]:
            _say_throttle(session, ask(server, "POST", "throttle", _buckets(words)))
        case "turns", _:
            _say_turns(session, ask(server, *_turns(words, options.seed)))
        case "drift", [op, resource_id, *rest]:
            ask(server, "POST", "drift", _drift(op, resource_id, rest))
            session.err.say(f"{op}: {resource_id}")
        case "snapshot", [file]:
            _save(session, server, file)
        case "restore", [file]:
            _restore(session, server, file)
        case _:
            _subscription(session, server, name, words)


def _subscription(session: Session, server: Server, name: str, words: list[str]) -> None:
    found = sandbox_subscription.request_of(name, words, session.options)
    if found is None:
        raise UsageError.because(
            f"`reconcile sandbox {' '.join([name, *words])}` is not complete or not known",
            hint="see `reconcile sandbox --help` for examples",
        )
    ask(server, "POST", *found)
    session.err.say(sandbox_subscription.said(name, words))


def _faults(session: Session, server: Server, words: list[str]) -> None:
    match words:
        case ["add"]:
            _say_faults(session, [ask(server, "POST", "faults", fault_of(session.options))])
        case ["clear"]:
            ask(server, "DELETE", "faults")
            session.err.say("no faults are armed")
        case _:
            _say_faults(session, ask(server, "GET", "faults")["value"])


def fault_of(options: Namespace) -> Json:
    """Return the fault that the options of `faults add` state."""
    names = ("method", "path", "caller", "nth", "times", "probability", "seed", "when")
    fault = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    action: Json = {}
    for name in ("status", "stale", "every", "pages", "omit", "repeat", "next_link", "kill"):
        if getattr(options, name) is not None:
            action[name] = getattr(options, name)
    action |= {name: True for name in ("drop", "truncate", "hang") if getattr(options, name)}
    if options.delay is not None:
        action["delay_s"] = options.delay
    if options.operation:
        action["operation"] = [_step(word) for word in options.operation.split(",")]
    if options.signal:
        action["signal"] = options.signal
    if options.header:
        action["headers"] = dict(_header(text) for text in options.header)
    if options.body is not None:
        action["body"] = options.body
    return {**fault, "action": action}


def _step(word: str) -> Any:
    return {"status": int(word)} if word.strip().isdigit() else word.strip()


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise UsageError.because(f"{text!r} is not a header", hint="write --header 'Name: value'")
    return name.strip(), value.strip()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError.because(f"{text!r} is not a number") from None


def _clock(words: list[str]) -> tuple[str, str, Json | None]:
    match words:
        case []:
            return "GET", "clock", None
        case ["freeze"]:
            return "POST", "clock", {"mode": "frozen"}
        case ["advance", seconds]:
            return "POST", "clock", {"advance": _number(seconds)}
        case ["speed", factor]:
            return "POST", "clock", {"mode": f"speed={factor}"}
        case [mode]:
            return "POST", "clock", {"mode": mode}
    raise UsageError.because("the clock takes freeze, advance SECONDS, speed N, auto or instant")


def _buckets(words: list[str]) -> Json:
    if words in (["azure"], ["off"]):
        return {"azure": True} if words == ["azure"] else {}
    found: Json = {}
    for word in words:
        name, _, limits = word.partition("=")
        size, _, rate = limits.partition(",")
        found[name] = [_number(size), _number(rate or "0")]
    return found


def _turns(words: list[str], seed: int | None) -> tuple[str, str, Json | None]:
    match words:
        case []:
            return "GET", "turns", None
        case ["off"]:
            return "DELETE", "turns", None
        case ["leave", caller]:
            return "DELETE", f"turns?{urlencode({'caller': caller})}", None
    return "POST", "turns", {"callers": words, "seed": seed or 0}


def _drift(op: str, resource_id: str, rest: list[str]) -> Json:
    operations = {"edit": "patch", "put": "put", "tag": "tag", "delete": "delete"}
    if op == "cancel":
        operations["cancel"] = "cancel"
    if op not in operations:
        raise UsageError.because(
            f"drift takes edit, put, tag, delete or cancel, not {op!r}",
        )
    found: Json = {"op": operations[op], "id": resource_id}
    if op == "tag":
        pairs = (word.partition("=") for word in rest)
        found["body"] = {name: value if sign else None for name, sign, value in pairs}
    elif rest:
        try:
            found["body"] = json.loads(" ".join(rest))
        except ValueError as error:
            raise UsageError.because(f"{' '.join(rest)!r} is not JSON: {error}") from error
    return found


def _say_faults(session: Session, faults: list[Json]) -> None:
    if session.options.output == "json":
        session.out.raw(json.dumps(faults, indent=2) + "\n")
        return
    for fault in faults:
        session.out.say(fault_line(fault))
    if not faults:
        session.err.say("no faults are armed")


def fault_line(fault: Json) -> str:
    """Return a fault in one line: which requests, when, what, how often it has met one."""
    which = " ".join(str(fault[key]) for key in ("method", "path", "caller") if key in fault)
    chance = f" with probability {fault['probability']}" if "probability" in fault else ""
    times = "forever" if not fault["times"] else f"{fault['times']}x from the {fault['nth']}."
    action = ", ".join(f"{key} {value}" for key, value in fault["action"].items())
    return (
        f"{fault['id']:>3}  {which or 'any request'}{chance}: {action} "
        f"({fault['when']}, {times}, met {fault['seen']})"
    )


def _say_clock(session: Session, clock: Json) -> None:
    session.out.say(f"{clock['now']}  {clock['mode']}")


def _say_turns(session: Session, turns: Json) -> None:
    if not turns["callers"]:
        session.err.say("nobody waits for a turn")
    for caller in turns["callers"]:
        session.out.say(caller)


def _say_throttle(session: Session, buckets: Json) -> None:
    if not buckets:
        session.err.say("nothing is throttled")
    for name, (size, rate) in sorted(buckets.items()):
        session.out.say(f"{name}: {size:g} at once, {rate:g} more a second")


def _save(session: Session, server: Server, file: str) -> None:
    from pathlib import Path

    from reconciler.operations.output_file import write_whole

    snapshot = ask(server, "GET", "snapshot?bytes=1")
    write_whole(Path(file), json.dumps(snapshot))
    session.err.say(f"saved {len(snapshot['resources'])} resources to {file}")


def _restore(session: Session, server: Server, file: str) -> None:
    from pathlib import Path

    try:
        snapshot = json.loads(Path(file).read_text(encoding="utf-8"))
        count = len(snapshot["resources"])
    except OSError as error:
        raise LocalError.because(f"cannot read {file}: {error.strerror}") from error
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise LocalError.because(f"{file} is not a snapshot: {shortened(error, 200)}") from error
    ask(server, "POST", "restore", snapshot)
    session.err.say(f"restored {count} resources from {file}")


def ask(server: Server, method: str, path: str, body: Any = None) -> Any:
    """Return what the sandbox's control plane answers, as JSON."""
    text = ask_text(server, method, path, body)
    return json.loads(text) if text else None


def ask_text(server: Server, method: str, path: str, body: Any = None) -> str:
    """Return what the sandbox's control plane answers. Raises `LocalError` when it refuses."""
    import ssl
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    request = Request(
        f"{server.url}/_sandbox/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"x-sandbox-token": server.control_token},
    )
    try:
        context = ssl.create_default_context(cafile=server.ca_file)
        with urlopen(request, context=context, timeout=60) as answer:
            return str(answer.read().decode())
    except HTTPError as error:
        text = error.read().decode(errors="replace")
        raise LocalError.because(f"the sandbox refused: {_refusal(text)}") from error
    except URLError as error:
        raise UnavailableError.because(f"no answer from {server.url}: {error.reason}") from error


def _refusal(text: str) -> str:
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text
