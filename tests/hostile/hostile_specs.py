"""Specs that a pull request could bring to cost time or memory, or to show what is secret."""

import os
import stat

OWN = "examples/bring-your-own-data.yaml"
SECRET = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiJob3N0aWxlIn0." + "c2VjcmV0LW9mLWEtaG9zdGlsZS1pbnB1dA"
PUMPS = ("a", "_", "{", "[", "- ", "&a ", "${{ ", "'", "\\", "#", "é", "0", "a: ", "\t", "!", "%41")


def pumped(chance, most=200_000):
    return chance.choice(PUMPS) * chance.randint(1_000, most)


def _spec(folder, text):
    (folder / OWN).write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "replace"))
    return "validate", OWN


def spec_that_is_pumped(folder, chance):
    good = (folder / OWN).read_text()
    at = chance.randrange(len(good))
    return _spec(folder, f"{good[:at]}{pumped(chance)}{good[at:]}\n# {SECRET}")


def spec_with_a_long_value(folder, chance):
    key = chance.choice(("name", "location", "resource_group", "storage_account", "path", "model"))
    lines = (folder / OWN).read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if f"{key}:" in line)
    lines[at] = f"{lines[at].split(key)[0]}{key}: {pumped(chance, 29_000)}{SECRET}"
    return _spec(folder, "\n".join(lines))


def spec_of_aliases(folder, chance):
    width, depth = chance.randint(5, 30), chance.randint(4, 30)
    lines = ["a0: &a0 [x]"]
    for level in range(1, depth):
        way = "<<: [{}]" if chance.random() < 0.3 else "[{}]"
        inner = way.format(", ".join([f"*a{level - 1}"] * width))
        lines.append(
            f"a{level}: &a{level} {{{inner}}}" if "<<" in inner else f"a{level}: &a{level} {inner}"
        )
    return _spec(folder, "\n".join(lines))


def spec_of_many_keys(folder, chance):
    count = chance.randint(1_000, 30_000)
    same = chance.random() < 0.3
    entries = "\n".join(f"  k{0 if same else n}: {{type: amlcompute}}" for n in range(count))
    good = (folder / OWN).read_text()
    return _spec(
        folder, f"{good}\n{chance.choice(('tags', 'compute', 'models', 'jobs'))}:\n{entries}"
    )


def spec_of_references(folder, chance):
    good, count = (folder / OWN).read_text(), chance.randint(100, 1_500)
    jobs = "\n".join(
        f"  m{n}: {{type: mlflow_model, path: '${{{{ models.m{(n + 1) % count} }}}}'}}"
        for n in range(count)
    )
    return _spec(folder, good.replace("models:\n", f"models:\n{jobs}\n"))


def spec_in_another_coding(folder, chance):
    coding = chance.choice(("utf-16", "utf-32", "latin-1", "utf-7", "cp037"))
    return _spec(folder, ((folder / OWN).read_text() + f"# é{SECRET}").encode(coding, "replace"))


def spec_of_bytes(folder, chance):
    return _spec(folder, chance.randbytes(chance.randint(1, 200_000)))


def spec_too_large(folder, chance):
    with (folder / OWN).open("ab") as file:
        file.truncate((1 << 20) + chance.choice((1, 1 << 20, 1 << 33)))
    return "validate", OWN


def spec_that_is_no_file(folder, chance):
    path = folder / "odd.yaml"
    kind = chance.choice(("fifo", "loop", "folder", "socket", "dangling"))
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        os.mknod(path, stat.S_IFSOCK | 0o600)
    else:
        path.symlink_to("odd.yaml" if kind == "loop" else "nowhere.yaml")
    return "validate", "odd.yaml"
