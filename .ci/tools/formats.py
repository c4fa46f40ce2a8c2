"""The formats of the statistics, read by programs that others wrote: the same figures in each.

usage: formats.py BASE TOKEN
"""

import csv, io, json, re, subprocess, sys, tempfile, urllib.request
from html.parser import HTMLParser
from pathlib import Path

import openpyxl, pdfua, pikepdf, rdflib
from rdflib.compare import isomorphic

BASE, TOKEN = sys.argv[1:]
YEARS = "from=2012&to=2017"
DIRECTORY = Path(tempfile.mkdtemp())


def get(path, method="GET", body=None):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(BASE + path, data, headers, method=method)) as answer:
        return answer.read()


def printed(value):
    """A figure as it stands in the report."""
    return "–" if value is None else f"{value:,}".replace(",", "’")


class Cells(HTMLParser):
    """The rows of all tables of a page."""

    def __init__(self):
        super().__init__()
        self.rows, self.open, self.note = [], False, False

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.open = True
        elif tag == "sup":
            self.note = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.open = False
        elif tag == "sup":
            self.note = False

    def handle_data(self, text):
        if self.open and not self.note:
            self.rows[-1][-1] += text


def spreadsheets(name, lines):
    """CSV by Python, XLSX by openpyxl and by LibreOffice."""
    rows = list(csv.reader(io.StringIO(get(f"/v1/statistics/{name}?{YEARS}&format=csv").decode("utf-8-sig")), delimiter=";"))
    file = DIRECTORY / f"{name}.xlsx"
    file.write_bytes(get(f"/v1/statistics/{name}?{YEARS}&format=xlsx"))
    book = openpyxl.load_workbook(file)
    sheet = list(book.worksheets[0].iter_rows())
    # Comma, double quote, UTF-8.
    as_csv = "csv:Text - txt - csv (StarCalc):44,34,76"
    subprocess.run(["soffice", "--headless", "--convert-to", as_csv, "--outdir", DIRECTORY, file], check=True, capture_output=True)
    office = list(csv.reader(file.with_suffix(".csv").open(encoding="utf-8")))
    for place, line in enumerate(lines, 1):
        values, end = line["values"], 2 + len(line["values"])
        percent = line.get("development", {}).get("percent")
        as_text = ["" if value is None else str(value) for value in values]
        assert rows[place][:2] == [line["code"], line["label"]] and rows[place][2:end] == as_text, rows[place]
        # Above the header of a spreadsheet stand its title and an empty row.
        cells, shown = sheet[place + 2], office[place + 2]
        assert [cell.value for cell in cells[2:end]] == values, line["code"]
        if percent is not None:
            cell = cells[end + 1]
            assert cell.number_format == "0.00%" and round(cell.value * 100, 2) == percent, line["code"]
            assert float(rows[place][end + 1]) == percent, line["code"]
        assert shown[1] == line["label"] and shown[2:end] == as_text, shown
    assert "Notes" in book.sheetnames and any(("SOURCE", 2017) == (row[0].value, row[4].value) for row in book["Notes"].iter_rows()), name


def charts(name, lines):
    svg = get(f"/v1/statistics/{name}?{YEARS}&format=svg").decode()
    assert "<title " in svg and "<desc " in svg, name
    shown = [line for line in lines if line["label"] in svg]
    assert shown, name
    for line in shown:
        for value in (value for value in line["values"][-2:] if value):
            assert re.search(rf"\b{value}\b", svg), (name, line["code"], value)


def report(tables):
    page = Cells()
    page.feed(get("/v1/reports/2017?lang=de").decode())
    file = DIRECTORY / "report.pdf"
    file.write_bytes(get("/v1/reports/2017?lang=de&format=pdf"))
    text = subprocess.run(["pdftotext", "-layout", file, "-"], check=True, capture_output=True, text=True).stdout
    squeezed = re.sub(r"\s+", " ", text)
    for lines in tables.values():
        for line in lines:
            values = [printed(value) for value in line["values"]]
            assert any(row[0].strip() == line["label"] and row[1 : 1 + len(values)] == values for row in page.rows), line["code"]
            notes = "".join(f" {note}" for note in line["footnotes"])
            assert f"{line['label']}{notes} {' '.join(values)}" in squeezed, (line["code"], values)
    tags(file)
    document(tables)


def document(tables):
    """The report to work on, as LibreOffice Writer reads it: the same figures, real headings, pictures with their words."""
    file = DIRECTORY / "report.docx"
    file.write_bytes(get("/v1/reports/2017?lang=de&format=docx"))
    subprocess.run(["soffice", "--headless", "--convert-to", "html:HTML (StarWriter)", "--outdir", DIRECTORY, file], check=True, capture_output=True)
    html = file.with_suffix(".html").read_text(encoding="utf-8", errors="replace")
    page = Cells()
    page.feed(html)
    rows = [[re.sub(r"\s+", " ", cell).strip() for cell in row] for row in page.rows]
    for lines in tables.values():
        for line in lines:
            values = [printed(value) for value in line["values"]]
            assert any(row[0] == line["label"] and row[1 : 1 + len(values)] == values for row in rows), (line["code"], values)
    headings, pictures = len(re.findall(r"<h1\b", html)), len(re.findall(r"<img\b", html))
    assert headings > 10 and pictures > 4, (headings, pictures)
    subprocess.run(["soffice", "--headless", "--convert-to", "fodt", "--outdir", DIRECTORY, file], check=True, capture_output=True)
    words = len(re.findall(r"<svg:desc>[^<]", file.with_suffix(".fodt").read_text(encoding="utf-8")))
    assert words == pictures, (words, pictures)
    subprocess.run(["soffice", "--headless", "--convert-to", "pdf:writer_pdf_Export", "--outdir", DIRECTORY / "docx", file], check=True, capture_output=True)
    text = subprocess.run(["pdftotext", "-layout", DIRECTORY / "docx" / "report.pdf", "-"], check=True, capture_output=True, text=True).stdout
    assert "Statistik zum Tätigkeitsbericht 2017" in re.sub(r"\s+", " ", text)
    print(f"DOCX by LibreOffice: {len(rows)} rows, {headings} headings, {pictures} pictures")


def tags(file):
    """What PDF/UA-1 asks of the tags, as far as it can be seen without veraPDF."""
    with pikepdf.open(file) as pdf:
        root = pdf.Root
        assert root.MarkInfo.Marked and root.ViewerPreferences.DisplayDocTitle and str(root.Lang).startswith("de"), "catalogue"
        with pdf.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1" and metadata["dc:title"], "metadata"
        found = {}

        def walk(node):
            if isinstance(node, pikepdf.Array):
                for child in node:
                    walk(child)
            elif isinstance(node, pikepdf.Dictionary):
                if "/S" in node:
                    found.setdefault(str(node.S), []).append(node)
                if "/K" in node:
                    walk(node.K)

        walk(root.StructTreeRoot.K)
        for tag in ("/H1", "/Table", "/TH", "/TD", "/Figure", "/L", "/Caption", "/TOC"):
            assert tag in found, f"no {tag} in {sorted(found)}"
        assert all(str(figure.get("/Alt", "")).strip() for figure in found["/Figure"]), "a figure has no text"

        def scope(cell):
            owners = cell.get("/A", pikepdf.Array())
            owners = owners if isinstance(owners, pikepdf.Array) else [owners]
            return [str(owner.get("/Scope")) for owner in owners if isinstance(owner, pikepdf.Dictionary)]

        scopes = {name for cell in found["/TH"] for name in scope(cell)}
        assert {"/Column", "/Row"} <= scopes, scopes
        for font in (thing for thing in pdf.objects if isinstance(thing, pikepdf.Dictionary) and thing.get("/Type") == "/FontDescriptor"):
            assert any(key in font for key in ("/FontFile", "/FontFile2", "/FontFile3")), "a font is not embedded"
    print("PDF:", {tag: len(nodes) for tag, nodes in sorted(found.items())})
    checked = subprocess.run([Path(sys.executable).parent / "pdfua", "check", file], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def catalogue():
    dcat = rdflib.Namespace("http://www.w3.org/ns/dcat#")
    turtle = rdflib.Graph().parse(data=get("/v1/statistics/catalog?format=turtle"), format="turtle")
    linked = rdflib.Graph().parse(data=get("/v1/statistics/catalog?format=json-ld"), format="json-ld")
    assert isomorphic(turtle, linked)
    wanted = {
        dcat.Catalog: [rdflib.DCTERMS.title, rdflib.DCTERMS.description, rdflib.DCTERMS.publisher, dcat.dataset],
        dcat.Dataset: [rdflib.DCTERMS.identifier, rdflib.DCTERMS.title, rdflib.DCTERMS.description, rdflib.DCTERMS.publisher, dcat.contactPoint, dcat.distribution],
        dcat.Distribution: [dcat.accessURL, dcat.mediaType, rdflib.DCTERMS.format, rdflib.DCTERMS.license],
    }
    for kind, properties in wanted.items():
        nodes = list(turtle.subjects(rdflib.RDF.type, kind))
        assert nodes
        for node in nodes:
            missing = [name for name in properties if not list(turtle.objects(node, name))]
            assert not missing, (node, missing)
        print(f"DCAT: {len(nodes)} {kind.split('#')[1]}")


get("/v1/website-figures/2017", "PUT", {"visitors": 3298, "page_views": 9937, "downloads": [{"title": "Merkblatt", "count": 1061}]})
get("/v1/staffing/2017", "PUT", {"positions_percent": 180})
get("/v1/statistics/published/2014", "PUT", {"from_live": True, "published_on": "2015-03-31", "source": "Tätigkeitsbericht 2014"})
tables = {name: json.loads(get(f"/v1/statistics/{name}?{YEARS}"))["lines"] for name in ("services", "channels", "media-requests", "website")}
for name, lines in tables.items():
    charts(name, lines)
    if name != "website":
        spreadsheets(name, lines)
print("CSV, XLSX by openpyxl and LibreOffice, SVG:", {name: len(lines) for name, lines in tables.items()})
report(tables)
catalogue()
