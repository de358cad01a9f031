# SPDX-License-Identifier: MIT
"""What a scenario expects holds for the right output and for no other."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from pattern import Expectation  # noqa: E402

from tap import equal, run_all, test  # noqa: E402


def fits(expected, output):
    return Expectation("status 0\n" + expected).matched_lines(output) is None


@test
def a_line_stands_for_itself_and_for_nothing_else():
    assert fits("a.c\nb\n", "a.c\nb\n")
    for output in ("abc\nb\n", "a.c\n", "a.c\nb\nc\n", "a.c\nb", " a.c\nb\n", "b\na.c\n", ""):
        assert not fits("a.c\nb\n", output), output


@test
def no_lines_stand_for_no_output():
    assert fits("", "")
    assert not fits("", "a\n")


@test
def an_empty_line_stands_for_an_empty_line():
    assert fits("\na\n", "\na\n")
    assert not fits("\na\n", "a\n")


@test
def a_regular_expression_has_to_match_the_whole_line():
    assert fits("~[0-9]+ calls\n", "12 calls\n")
    for output in ("calls\n", "x12 calls\n", "12 calls made\n"):
        assert not fits("~[0-9]+ calls\n", output), output


@test
def alternatives_in_a_line_stay_in_the_line():
    assert fits("~a|b\nc\n", "b\nc\n")
    assert not fits("~a|b\nc\n", "a\n")


@test
def dots_stand_for_any_number_of_lines():
    for output in ("a\nz\n", "a\nb\nz\n", "a\nb\nc\nz\n"):
        assert fits("a\n...\nz\n", output), output
    for output in ("a\n", "a\nb\n", "z\n", "a\nz\nb\n"):
        assert not fits("a\n...\nz\n", output), output


@test
def a_backslash_takes_the_meaning_from_what_follows():
    assert fits("\\~a\n\\...\n\\\\b\n", "~a\n...\n\\b\n")
    assert not fits("\\...\n", "a\nb\n")


@test
def a_group_is_demanded_again_by_its_name():
    assert fits("~used (?P<used>[0-9]+)\n...\n~used (?P=used)\n", "used 12\nx\nused 12\n")
    assert not fits("~used (?P<used>[0-9]+)\n...\n~used (?P=used)\n", "used 12\nx\nused 13\n")


@test
def a_group_may_be_several_lines():
    expected = "~(?P<all>(?:.+\\n)+)--\n~(?P=all)\n"
    assert fits(expected, "a\nb\n--\na\nb\n\n")
    assert not fits(expected, "a\nb\n--\na\nc\n\n")


@test
def the_status_is_demanded():
    equal(Expectation("status 3\na\n").status, 3)
    for text in ("", "a\n", "status x\n", "status 1 a\n"):
        try:
            Expectation(text)
        except ValueError:
            continue
        raise AssertionError(text)


@test
def what_did_not_fit_is_told_with_its_line():
    expectation = Expectation("status 0\na\nb\n")
    output = "a\nc\n"
    count = expectation.matched_lines(output)
    equal(expectation.explain(count, output), "line 3: expected: b\nfound: c")


run_all()
