"""Delimiter, quotes, comments and header, found from the first part of a file."""

import time

import pytest

from evenkeel.reading.sniff import has_header, sniff


@pytest.mark.parametrize(
    ("text", "delimiter", "quote", "n_columns"),
    [
        ("a,b\n1,2\n", ",", '"', 2),
        ("a\tb\n1\t2\n", "\t", None, 2),
        ("a|b\n1|2\n", "|", '"', 2),
        ('"a";"b"\n1;"x"\n', ";", '"', 2),
        ("1,5;2,5\n3,25;4,0\n", ";", '"', 2),
        ("92 115  3\n84 102 3\n", " ", None, 3),
        (" 92 115 3\n 84 102 3\n", " ", None, 3),
        ("39, State-gov, 7, <=50K\n50, Self, 8, >50K\n", ",", '"', 4),
        ("0.23,5.07,'-1'\n0.15,-0.16,'1'\n", ",", "'", 3),
        ("one\ntwo\n", None, None, 1),
        ("ham\tword 5\nspam\tword 6\n", "\t", None, 2),
        ("1,5 2,5\n3,5 4,5\n", " ", None, 2),
        ("New York,5\nLos Angeles,6\n", ",", '"', 2),
        ("a;b,1,2\nc;d,3,4\n", ",", '"', 3),
        ('"a, b","c"\n"d","e"\n', ",", '"', 2),
        ("it's,1\nhe's 'so',2\n", ",", '"', 2),
        ("word,n\nw,1\n'so',2\n", ",", '"', 2),
    ],
)
def test_the_delimiter_and_quotes_are_found(text, delimiter, quote, n_columns):
    dialect, _ = sniff(text)
    assert (dialect.delimiter, dialect.quote, dialect.n_columns) == (delimiter, quote, n_columns)


def test_quotes_inside_free_text_are_no_quoting():
    text = 'ham\t"Oh no! she said\nspam\tBuy "now", or\nham\t"all" of it\nham\tok\n'
    dialect, rows = sniff(text)
    assert (dialect.delimiter, dialect.quote) == ("\t", None)
    assert rows[0] == ["ham", '"Oh no! she said']


def test_quoted_fields_may_hold_line_ends_and_be_cut_by_the_sample():
    text = 'x,y\n"one\ntwo",1\n"three, four",2\n"fi'
    dialect, rows = sniff(text, cut=True)
    assert dialect.quote == '"'
    assert rows == [["x", "y"], ["one\ntwo", "1"], ["three, four", "2"]]


def test_comment_lines_before_the_table_are_skipped_but_not_a_header():
    dialect, rows = sniff("# made, by\n|1x3 Cross validator\nx,y\n1,2\n")
    assert (dialect.skip_lines, rows[0]) == (2, ["x", "y"])
    dialect, rows = sniff("#id,y\n1,2\n")
    assert (dialect.skip_lines, rows[0]) == (0, ["#id", "y"])


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["x", "y"], ["1", "2"]], True),
        ([["1", "2"], ["3", "4"]], False),
        ([["a", "1"], ["b", "2"]], False),
        ([["name", "job"], ["ann", "cook"], ["bob", "cook"], ["cid", "smith"], ["dan", "smith"]], True),
        ([["ham", "Go now"], ["ham", "Ok lar"], ["spam", "Free entry"], ["ham", "U dun"]], False),
        ([["back", "dos"], ["land", "dos"], ["nmap", "probe"], ["satan", "probe"]], False),
        ([["0", "1", "2", "y"], ["5.1", "2.2", "0.1", "a"], ["4.1", "2.0", "0.3", "b"]], True),
        ([["?", "x"], ["1", "y"], ["2", "z"]], False),
        ([["day", "n"], ["2024-01-01", "1"], ["2024-01-02", "2"]], True),
        ([["2024-01-03", "a"], ["2024-01-01", "b"], ["2024-01-02", "c"]], False),
        ([["", "x"], ["0", "2"], ["1", "4"]], True),
        ([["x", "x", "y"], ["1", "2", "0"], ["3", "4", "1"]], True),
        ([["text"], ["a long sentence."], ["another one, longer."]], True),
        ([["alone", "here"]], True),
        ([["1", "2"]], False),
        ([], False),
    ],
)  # fmt: skip
def test_the_header_is_told_from_data(rows, expected):
    assert has_header(rows) is expected


@pytest.mark.parametrize("text", [" " * 200_000 + "x\n1 2\n", "," * 200_000 + '"\n', "'" * 100_000])
def test_hostile_samples_do_not_keep_the_patterns_busy(text):
    start = time.process_time()
    sniff(text)
    assert time.process_time() - start < 5
