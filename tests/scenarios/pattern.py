# SPDX-License-Identifier: MIT
"""What a scenario expects, line by line.

The first line is `status N`, the exit status.  Then, for each line of output:

	text     this very line
	~REGEX   a line that the regular expression matches as a whole
	...      any number of lines, as few as will do
	\\text   this very line, which begins with ~, \\ or is `...`

The lines become one regular expression, so that a group named in one, as
(?P<used>[0-9]+), can be demanded again in a later one by (?P=used).
"""

import re


class Expectation:
    def __init__(self, text):
        lines = text.splitlines()
        status = re.fullmatch(r"status ([0-9]+)", lines[0] if lines else "")
        if not status:
            raise ValueError("the first line is not `status N`")
        self.status = int(status.group(1))
        self.lines = lines[1:]
        self.parts = [compile_line(line) for line in self.lines]

    def matched_lines(self, output):
        """How many of the lines the output satisfies; None when it is all of them."""
        if re.fullmatch("".join(self.parts), output):
            return None
        count = 0
        while count < len(self.parts) and re.match("".join(self.parts[: count + 1]), output):
            count += 1
        return count

    def explain(self, count, output):
        """What was expected first that was not there, and what was there instead."""
        matched = re.match("".join(self.parts[:count]), output)
        rest = output[matched.end():].splitlines()
        expected = self.lines[count] if count < len(self.lines) else "the end"
        found = rest[0] if rest else "the end"
        if count < len(self.lines) and count > 0 and self.lines[count - 1] == "...":
            found = "not in what is left, which begins: " + found
        return "line %d: expected: %s\nfound: %s" % (count + 2, expected, found)


def compile_line(line):
    if line == "...":
        return r"(?:.*\n)*?"
    if line.startswith("~"):
        return "(?:%s)\n" % line[1:]
    return re.escape(line[1:] if line.startswith("\\") else line) + "\n"
