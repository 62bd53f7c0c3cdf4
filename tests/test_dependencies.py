"""What the product runs with is listed with its licence, and what was not audited is not clean."""

from tools.audit import FOUND, NOT_AUDITED, judged
from tools.dependencies import PAGE, locked

FREE = ("MIT", "Apache", "BSD", "PSF", "Python Software", "MPL", "Mozilla", "LGPL", "not for this")
"""Licences under which an Apache-2.0 product may be given on with them; LGPL as packages of their own."""


def listed():
    rows = (line.split("|") for line in PAGE.read_text(encoding="utf-8").splitlines())
    return {row[1].strip(): (row[2].strip(), row[3].strip()) for row in rows if len(row) == 5}


def test_every_package_of_the_lock_is_listed_with_its_version():
    versions = {name: version for name, (version, _) in listed().items()}
    assert {name: versions.get(name) for name in locked()} == locked()


def test_every_licence_may_be_given_on():
    licences = {name: licence for name, (_, licence) in listed().items() if name in locked()}
    assert {n: t for n, t in licences.items() if not any(free in t for free in FREE)} == {}


def package(**more):
    return {"name": "x", "version": "1", "vulns": [], **more}


def test_all_audited_and_nothing_found_is_clean():
    assert judged([package()]) == (0, ["1 of 1 packages audited", "no advisory found"])


def test_an_advisory_is_told_with_the_version_that_mends_it():
    code, lines = judged([package(vulns=[{"id": "PYSEC-1", "fix_versions": ["2", "3"]}])])
    assert code == FOUND
    assert lines[1:] == ["x 1: PYSEC-1, fixed in 2, 3"]


def test_what_was_not_audited_is_not_clean():
    code, lines = judged([package(), package(skip_reason="not found")])
    assert code == NOT_AUDITED
    assert lines[0] == "1 of 2 packages audited; the others not: not found"


def test_nothing_at_all_is_not_clean():
    assert judged([])[0] == NOT_AUDITED
