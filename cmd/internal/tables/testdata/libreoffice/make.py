"""Has LibreOffice save the lists of this folder; see README.md."""
import os
import shutil
import subprocess
import tempfile
from xml.sax.saxutils import escape, quoteattr

HERE = os.path.dirname(os.path.abspath(__file__))
REPORTS = os.path.join(HERE, "..", "reports")
HEADER = "编号 事项编码 赋权方式 原行使机关 决定机关 受理机关 审查机关 地域 依据文件 清单 批次 生效日期 收回机关".split()
CITY, BUREAU, COUNTY = "11360700DEM2000168", "11360700DEM200032X", "11360732DEM20018XP"


def text(s, **more):
    lines = "".join("<text:p>%s</text:p>" % escape(line).replace("  ", " <text:s/>") for line in s.split("\n"))
    return '<table:table-cell office:value-type="string"%s>%s</table:table-cell>' % (attributes(more), lines)


def number(v, **more):
    return '<table:table-cell office:value-type="float" office:value="%s"%s/>' % (v, attributes(more))


def day(v, style="iso", **more):
    return '<table:table-cell table:style-name="%s" office:value-type="date" office:date-value="%s"%s/>' % (style, v, attributes(more))


def formula(f, style=None):
    return '<table:table-cell table:formula=%s%s/>' % (quoteattr("of:=" + f), ' table:style-name="%s"' % style if style else "")


def attributes(more):
    return "".join(' table:%s="%s"' % (k.replace("_", "-"), v) for k, v in more.items())


EMPTY, COVERED = "<table:table-cell/>", "<table:covered-table-cell/>"


def row(cells, hidden=False):
    return "<table:table-row%s>%s</table:table-row>" % (' table:visibility="filter"' if hidden else "", "".join(cells))


def grant(code, when, **other):
    cells = [text(code), text("DEM360700101"), text("直接承接"), text(BUREAU), text(COUNTY), EMPTY, EMPTY, number(360732), text("演示文件"), text("qa"),
             number(1), when, text(CITY)]
    for i, cell in other.items():
        cells[int(i[1:])] = cell
    return row(cells)


TITLES = row([text(h) for h in HEADER])

STYLES = """
<number:date-style style:name="n-iso"><number:year number:style="long"/><number:text>-</number:text><number:month number:style="long"/><number:text>-</number:text><number:day number:style="long"/></number:date-style>
<number:date-style style:name="n-us" number:language="en" number:country="US"><number:month number:style="long"/><number:text>/</number:text><number:day number:style="long"/><number:text>/</number:text><number:year/></number:date-style>
<number:date-style style:name="n-zh" number:language="zh" number:country="CN"><number:year number:style="long"/><number:text>年</number:text><number:month/><number:text>月</number:text><number:day/><number:text>日</number:text></number:date-style>
<number:date-style style:name="n-week" number:language="zh" number:country="CN"><number:year number:style="long"/><number:text>/</number:text><number:month/><number:text>/</number:text><number:day/><number:text> </number:text><number:day-of-week number:style="long"/></number:date-style>
<number:date-style style:name="n-han" number:language="zh" number:country="CN" number:transliteration-format="一" number:transliteration-language="zh" number:transliteration-country="CN" number:transliteration-style="short"><number:year number:style="long"/><number:text>年</number:text><number:month/><number:text>月</number:text><number:day/><number:text>日</number:text></number:date-style>
<number:date-style style:name="n-time"><number:year number:style="long"/><number:text>-</number:text><number:month number:style="long"/><number:text>-</number:text><number:day number:style="long"/><number:text> </number:text><number:hours number:style="long"/><number:text>:</number:text><number:minutes number:style="long"/></number:date-style>
<number:date-style style:name="n-month"><number:year number:style="long"/><number:text>年</number:text><number:month/><number:text>月</number:text></number:date-style>
<number:number-style style:name="n-zeros"><number:number number:decimal-places="0" number:min-integer-digits="6"/></number:number-style>
<number:text-style style:name="n-text"><number:text-content/></number:text-style>
"""
NAMES = ["iso", "us", "zh", "week", "han", "time", "month", "zeros", "text"]


def book(*tables, null=None):
    cells = "".join('<style:style style:name="%s" style:family="table-cell" style:data-style-name="n-%s"/>' % (n, n) for n in NAMES)
    settings = '<table:calculation-settings><table:null-date table:date-value="%s"/></table:calculation-settings>' % null if null else ""
    return """<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2" xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.spreadsheet">
<office:automatic-styles>%s%s<style:style style:name="hidden" style:family="table"><style:table-properties table:display="false"/></style:style></office:automatic-styles>
<office:body><office:spreadsheet>%s%s</office:spreadsheet></office:body></office:document>""" % (STYLES, cells, settings, "".join(tables))


def table(name, *rows, hidden=False, columns=""):
    return '<table:table table:name="%s"%s>%s%s</table:table>' % (name, ' table:style-name="hidden"' if hidden else "", columns, "".join(rows))


def list_of(*rows, **more):
    return book(table("清单", TITLES, *rows), **more)


SOURCES = {
    "plain": list_of(grant("lo-plain", day("2026-06-01"))),
    "days": list_of(
        grant("lo-iso", day("2026-06-01")), grant("lo-us", day("2026-06-01", "us")), grant("lo-zh", day("2026-06-01", "zh")),
        grant("lo-week", day("2026-06-01", "week")), grant("lo-han", day("2026-06-01", "han")), grant("lo-time", day("2026-06-01T09:30:00", "time")),
        grant("lo-month", day("2026-06-01", "month")), grant("lo-late", day("2026-06-01T23:59:59", "iso")), grant("lo-text", text("2026年6月1日")),
        grant("lo-count", number(46174)), grant("lo-compact", number(20260601)), grant("lo-han-text", text("二〇二六年六月一日"))),
    "since1904": list_of(grant("lo-1904", day("2026-06-01")), grant("lo-1904-count", number(44712)), null="1904-01-01"),
    "merged": book(table("清单",
        row([text("附件1\n赣州市赋权清单", number_columns_spanned=13, number_rows_spanned=1)] + [COVERED] * 12),
        TITLES,
        grant("lo-m1", day("2026-06-01", number_rows_spanned=2, number_columns_spanned=1), _4=text(COUNTY, number_rows_spanned=2, number_columns_spanned=1)),
        grant("lo-m2", COVERED, _4=COVERED))),
    "formulas": list_of(
        grant("lo-f1", formula("DATE(2026;6;1)", "iso"), _3=formula('"11360700"&"DEM200032X"'), _10=formula("2-1"), _5=formula('""')),
        grant("lo-f2", formula("[.L2]", "iso"), _4=formula("[.E2]"), _8=formula('UPPER("演示文件")')),
        grant("lo-f3", formula("1/0")), grant("lo-f4", day("2026-06-01"), _4=formula("NA()")),
        grant("lo-f5", day("2026-06-01"), _8=formula("NOBODY(1)")), grant("lo-f6", day("2026-06-01"), _4=formula('VLOOKUP("x";[.A1:.B2];2;0)')),
        grant("lo-f7", formula("[.L8]"))),
    "hidden": book(table("空白"), table("旧清单", TITLES, grant("lo-old", day("2020-01-01")), hidden=True),
        table("清单", TITLES, grant("lo-h1", day("2026-06-01")), grant("lo-h2", day("2026-06-01")).replace("<table:table-row>", '<table:table-row table:visibility="filter">')),
        table("说明", row([text("说明")]))),
    "digits": list_of(grant("lo-d1", day("2026-06-01"), _3=number("360732199001011234")), grant("lo-d2", day("2026-06-01"), _3=number("113607000000000000")),
        grant("lo-d3", number("20260601"), _10=number("1", style_name="zeros"))),
    "texts": list_of(grant("lo-t1", day("2026-06-01"), _8=text("演示\n文件"), _4=text("  " + COUNTY + "  "), _2=text("直接\n承接")),
        grant("lo-t2", text("2026-06-01", style_name="text"), _7=text("360732", style_name="text"), _10=text("１")),
        row([EMPTY]), row([EMPTY]), grant("lo-t6", text("某日"))),
    "styled": book(table("清单", TITLES, grant("lo-s1", day("2026-06-01")),
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="13"/><table:table-cell table:style-name="iso" table:number-columns-repeated="40"/></table:table-row>')),
}

# Token 1 is the separator, 2 the quotation mark, 3 the encoding, 6 the language,
# 7 all texts in quotation marks, 8 as shown.
EXPORTS = [("plain", "utf8", "44,34,76,1"), ("plain", "gb18030", "44,34,85,1"), ("plain", "semicolon", "59,34,76,1"), ("plain", "semicolon-gb18030", "59,34,85,1"),
           ("plain", "utf16-tab", "9,34,65535,1"), ("plain", "quoted", "44,34,76,1,,0,true,true"), ("plain", "not-as-shown", "44,34,76,1,,0,false,false"),
           ("days", "gb18030", "44,34,85,1"), ("formulas", "gb18030", "44,34,85,1"), ("digits", "utf8", "44,34,76,1"), ("digits", "gb18030", "44,34,85,1"), ("texts", "gb18030", "44,34,85,1"),
           ("merged", "semicolon", "59,34,76,1")]
OTHERS = ["xls", "ods", "fods", "html", "slk", "dif", "pdf"]


def convert(kind, source, out, *more):
    subprocess.run(["nice", "-n", "19", "soffice", "-env:UserInstallation=file://" + PROFILE, "--headless", *more, "--convert-to", kind, "--outdir", out, source],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


with tempfile.TemporaryDirectory() as work:
    PROFILE = os.path.join(work, "profile")
    for name, content in SOURCES.items():
        source = os.path.join(work, name + ".fods")
        with open(source, "w") as f:
            f.write(content)
        convert("xlsx:Calc MS Excel 2007 XML", source, HERE)
    for name, label, tokens in EXPORTS:
        convert("csv:Text - txt - csv (StarCalc):" + tokens, os.path.join(work, name + ".fods"), work)
        shutil.move(os.path.join(work, name + ".csv"), os.path.join(HERE, "%s-%s.csv" % (name, label)))
    for label, kind in [("ooxml", "xlsx:Calc Office Open XML"), ("macros", "xlsm:Calc MS Excel 2007 VBA XML")]:
        end = kind.split(":")[0]
        convert(kind, os.path.join(work, "plain.fods"), work)
        shutil.move(os.path.join(work, "plain." + end), os.path.join(HERE, "plain-%s.%s" % (label, end)))
    for name in ["plain-utf8", "plain-gb18030", "digits-utf8"]:  # CSV, opened and saved as a workbook
        convert("xlsx:Calc MS Excel 2007 XML", os.path.join(HERE, name + ".csv"), work, "--infilter=CSV:44,34,%s,1" % ("85" if "gb" in name else "76"))
        shutil.move(os.path.join(work, name + ".xlsx"), os.path.join(HERE, "opened-%s.xlsx" % name))
    for kind in OTHERS:
        convert(kind, os.path.join(HERE, "plain.xlsx"), work)
        shutil.move(os.path.join(work, "plain." + kind), os.path.join(HERE, "plain." + kind))
    for report in sorted(os.listdir(REPORTS)):  # what was reported, saved anew
        if report.endswith(".xlsx"):
            convert("xlsx:Calc MS Excel 2007 XML", os.path.join(REPORTS, report), work)
            shutil.move(os.path.join(work, report), os.path.join(HERE, "again-" + report))
