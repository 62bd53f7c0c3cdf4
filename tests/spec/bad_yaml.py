"""Files that are no spec at all: hostile, damaged, or YAML of the kinds that surprise people."""

HEAD = "version: 1\nname: bad\n"
DEEP = 40_000


def files():
    """Return the bytes of every bad file by its name."""
    found = {name: text.encode() for name, text in _texts().items()}
    return found | _bytes()


def _bytes():
    text = f"{HEAD}tags: {{a: b}}\n".encode()
    found = {
        "nothing": b"",
        "only blanks": b" \n \n\t\n",
        "only a BOM": b"\xef\xbb\xbf",
        "UTF-16 with BOM": text.decode().encode("utf-16"),
        "UTF-16 LE": text.decode().encode("utf-16-le"),
        "UTF-16 BE": text.decode().encode("utf-16-be"),
        "UTF-32": text.decode().encode("utf-32"),
        "latin-1": "name: caf\u00e9\n".encode("latin-1"),
        "cut in a character": text + b"\xe2\x82",
        "overlong": text + b"a: \xc0\xaf\n",
        "surrogate": text + b"a: \xed\xa0\x80\n",
        "beyond Unicode": text + b"a: \xf5\x80\x80\x80\n",
        "one MiB and one byte": text + b"#" * ((1 << 20) - len(text) + 1),
        "eight MiB of one line": b"a: " + b"x" * (8 << 20),
        "a program": b"\x7fELF\x02\x01\x01" + bytes(range(256)),
        "an archive": b"PK\x03\x04" + bytes(range(256)),
        "an image": b"\x89PNG\r\n\x1a\n" + bytes(64),
        "compressed": b"\x1f\x8b\x08\x00" + bytes(range(128, 256)),
        "a second BOM": b"\xef\xbb\xbf\xef\xbb\xbf" + text,
    }
    for code in (0, 1, 7, 8, 0x0B, 0x0C, 0x1B, 0x7F):
        found[f"control character {code:02x}"] = text + b"a: x" + bytes([code]) + b"y\n"
    for code in (0x84, 0x9B, 0xFEFF, 0xFFFE, 0xFFFF):
        found[f"character {code:04x}"] = text + f"a: x{chr(code)}y\n".encode()
    return found


def _texts():
    found = {
        "a scalar": "just some words\n",
        "a number": "17\n",
        "null": "~\n",
        "a list": "- version: 1\n- name: bad\n",
        "two documents": f"{HEAD}---\n{HEAD}",
        "three documents": "---\na: 1\n---\nb: 1\n---\nc: 1\n",
        "a second document that is empty": f"{HEAD}...\n---\n",
        "a directive": "%YAML 3.0\n---\nversion: 1\n",
        "a tag directive": "%TAG !e! tag:example.com,2000:\n---\na: !e!x 1\n",
        "an unknown directive twice": "%YAML 1.2\n%YAML 1.2\n---\na: 1\n",
        "a key twice": f"{HEAD}name: other\n",
        "a nested key twice": f"{HEAD}tags: {{a: b, a: c}}\n",
        "a quoted key twice": f"{HEAD}tags: {{a: b, 'a': c}}\n",
        "a key three times": f"{HEAD}name: b\nname: c\n",
        "an alias": f"{HEAD}tags: &t {{a: b}}\nlifecycle: *t\n",
        "an anchor that nobody uses": f"{HEAD}tags: &t {{a: b}}\n",
        "an anchor on a key": f"{HEAD}&t tags: {{a: b}}\n",
        "an anchor on a scalar": f"{HEAD}tags: {{a: &x b}}\n",
        "an alias to nothing": f"{HEAD}tags: *nothing\n",
        "an alias as a key": f"{HEAD}*nothing : 1\n",
        "an alias to itself": f"{HEAD}tags: &t {{a: *t}}\n",
        "an alias in a list": f"{HEAD}quota: [&q {{a: 1}}, *q]\n",
        "a merge key": f"{HEAD}tags:\n  <<: {{a: b}}\n",
        "a merge of a list": f"{HEAD}tags:\n  <<: [{{a: b}}, {{c: d}}]\n",
        "a complex key": f"{HEAD}? [a, b]\n: c\n",
        "a mapping as key": f"{HEAD}? {{a: b}}\n: c\n",
        "an unclosed quote": f"{HEAD}tags: {{a: 'b}}\n",
        "an unclosed double quote": f'{HEAD}tags: {{a: "b}}\n',
        "a bad escape": f'{HEAD}tags: {{a: "\\q"}}\n',
        "an escape cut short": f'{HEAD}tags: {{a: "\\x4"}}\n',
        "an escape beyond Unicode": f'{HEAD}tags: {{a: "\\UFFFFFFFF"}}\n',
        "a NUL by escape": f'{HEAD}tags: {{a: "\\0"}}\n',
        "a surrogate by escape": f'{HEAD}tags: {{a: "\\uD800"}}\n',
        "an ANSI escape by escape": f'{HEAD}tags: {{a: "\\e[31m"}}\n',
        "an unclosed list": f"{HEAD}quota: [a, b\nhub: x\n",
        "an unclosed map": f"{HEAD}tags: {{a: b\nhub: x\n",
        "a closed list too much": f"{HEAD}quota: []]\n",
        "mixed brackets": f"{HEAD}quota: [a}}\n",
        "a comma alone": f"{HEAD}quota: [,]\n",
        "a tab as indent": f"{HEAD}tags:\n\ta: b\n",
        "a tab after blanks": f"{HEAD}tags:\n  \ta: b\n",
        "a tab before a list": f"{HEAD}quota:\n\t- a\n",
        "indent that falls between": f"{HEAD}tags:\n    a: b\n  c: d\n",
        "indent too deep": f"{HEAD}tags: x\n    a: b\n",
        "a list among keys": f"{HEAD}- a\n",
        "a key without colon": f"{HEAD}tags\n",
        "two colons": f"{HEAD}tags: a: b\n",
        "an at sign": f"{HEAD}tags: @a\n",
        "a backtick": f"{HEAD}tags: `a`\n",
        "a percent sign": f"{HEAD}tags: %a\n",
        "a block of no text": f"{HEAD}tags: |x\n  a\n",
        "a block with two indents": f"{HEAD}tags: |22\n  a\n",
        "nothing but a comment": "# version: 1\n",
        "nothing but a start": "---\n",
        "nothing but an end": "...\n",
        "infinity": f"{HEAD}quota: .inf\n",
        "minus infinity": f"{HEAD}quota: -.INF\n",
        "not a number": f"{HEAD}quota: .NaN\n",
        "a huge float": f"{HEAD}quota: 1e999\n",
        "a huge negative float": f"{HEAD}quota: -1e999\n",
        "an integer of 5000 digits": f"{HEAD}quota: {'9' * 5000}\n",
        "a hexadecimal of 5000 digits": f"{HEAD}quota: 0x{'f' * 5000}\n",
        "an octal of 5000 digits": f"{HEAD}quota: 0o{'7' * 5000}\n",
        "a date that is none": f"{HEAD}quota: 2026-02-30\n",
        "a date": f"{HEAD}quota: 2026-02-28\n",
        "a time": f"{HEAD}quota: 12:30:00\n",
        "Norway": f"{HEAD}quota: NO\n",
        "an octal of old": f"{HEAD}quota: 010\n",
        "a name that is a number": "version: 1\nname: 17\n",
        "a name that is true": "version: 1\nname: true\n",
        "on as a key": f"{HEAD}on: push\n",
        "a number as a key": f"{HEAD}17: a\n",
        "null as a key": f"{HEAD}~: a\n",
        "true as a key": f"{HEAD}true: a\n",
        "nothing as a key": f"{HEAD}? \n: a\n",
        "a version 1.10": "version: 1.10\nname: bad\n",
        "a version in quotes": "version: '1'\nname: bad\n",
        "a version with a point": "version: 1.0\nname: bad\n",
        "a million dots": f"{HEAD}quota: {'.' * 900_000}\n",
        "a long key": f"{HEAD}{'k' * 5000}: 1\n",
        "a very long key": f"{HEAD}{'k' * 200_000}: 1\n",
        "a thousand bad keys": HEAD + "".join(f"key{n}: 1\n" for n in range(1000)),
        "thirty thousand list items": f"{HEAD}quota: [{'a,' * 30_000}]\n",
        "thirty thousand keys": HEAD + "".join(f"k{n}: 1\n" for n in range(30_000)),
        "a hundred thousand lines": HEAD + "\n" * 900_000 + "q: 1\n",
        "deep lists": f"{HEAD}quota: {'[' * DEEP}\n",
        "deep lists that close": f"{HEAD}quota: {'[' * DEEP}{']' * DEEP}\n",
        "deep maps": f"{HEAD}quota: {'{a: ' * DEEP}\n",
        "deep dashes": f"{HEAD}quota:\n {'- ' * DEEP}a\n",
        "deep questions": f"{HEAD}{'? ' * DEEP}a\n",
        "deep indents": HEAD + "".join(f"{' ' * n}a:\n" for n in range(900)),
        "many anchors": HEAD + "".join(f"a{n}: &x{n} 1\n" for n in range(5000)),
        "a bomb of aliases": _bomb("*a{0},*a{0},*a{0},*a{0},*a{0},*a{0},*a{0},*a{0},*a{0}"),
        "a bomb of merges": _merge_bomb(),
    }
    for tag in (
        "!!python/object/apply:os.system [id]",
        "!!python/name:os.system ''",
        "!!python/module:os ''",
        "!!binary aGk=",
        "!!set {a, b}",
        "!!omap [a: b]",
        "!!timestamp 2026-02-30",
        "!!int x",
        "!!float x",
        "!!str a",
        "!!map {a: b}",
        "!own a",
        "!<tag:example.com,2000:x> a",
        "!include /etc/passwd",
        "!ENV ${HOME}",
        "! a",
    ):
        found[f"the tag {tag}"] = f"{HEAD}tags: {tag}\n"
    return found


def _bomb(line):
    rows = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    rows += [f"a{n}: &a{n} [{line.format(n - 1)}]" for n in range(1, 12)]
    return "\n".join(rows) + "\n"


def _merge_bomb():
    nine = {n: ", ".join([f"*a{n}"] * 9) for n in range(12)}
    rows = [f"a{n}: &a{n} {{<<: [{nine[n - 1]}], k{n}: v}}" for n in range(1, 12)]
    return "\n".join(["a0: &a0 {k0: v}", *rows]) + "\n"
