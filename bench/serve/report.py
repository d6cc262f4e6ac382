# SPDX-License-Identifier: Apache-2.0
"""How figures are shown."""
import dataclasses


@dataclasses.dataclass
class Row:
    """One figure, what was aimed at, and how it stands to a limit that follows from the machine."""
    what: str
    value: float
    unit: str
    aim: float = None
    limit: str = ""
    ratio: float = None  # of the value to the limit
    note: str = ""
    more_is_better: bool = False

    @property
    def reached(self):
        if self.aim is None:
            return "-"
        return "yes" if (self.value >= self.aim if self.more_is_better else self.value <= self.aim) else "no"


def number(value):
    if value is None:
        return "-"
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


LINE = "{:42} {:>10} {:4} {:>9} {:7} {:>6}  {}".format
HEAD = LINE("what", "measured", "", "aim", "reached", "ratio", "limit by F; further")


def line(row):
    aim = "" if row.aim is None else (">= " if row.more_is_better else "<= ") + number(row.aim)
    return LINE(row.what, number(row.value), row.unit, aim, row.reached, "-" if row.ratio is None else f"{row.ratio:.2f}",
                "; ".join(text for text in (row.limit, row.note) if text)).rstrip()


MARKDOWN_HEAD = "| what | measured | aim | reached | limit by F | ratio | further |\n|---|---|---|---|---|---|---|"


def markdown(row):
    aim = "" if row.aim is None else (">= " if row.more_is_better else "<= ") + number(row.aim) + " " + row.unit
    return f"| {row.what} | {number(row.value)} {row.unit} | {aim} | {row.reached} | {row.limit} | " \
           f"{'' if row.ratio is None else f'{row.ratio:.2f}'} | {row.note} |"
