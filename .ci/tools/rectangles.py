"""Every CSV of the statistics, read by programs that others wrote, each as it comes: DuckDB, pandas, Miller, frictionless. The
same figures in each, and those of the JSON.

usage: rectangles.py BASE TOKEN
"""

import io, json, re, subprocess, sys, tempfile, urllib.request
from pathlib import Path

import duckdb, pandas
from frictionless import Dialect, Package, Resource, Schema, formats, system

BASE, TOKEN = sys.argv[1:]
DIRECTORY = Path(tempfile.mkdtemp())
# The files that are read are on this machine, wherever a temporary directory is.
system.trusted = True


def get(address):
    address = address if address.startswith("http") else BASE + address
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def number(cell):
    """A cell as a number where it is one, as text where it is not, None where it is nothing."""
    if cell is None or cell == "" or cell != cell:
        return None
    try:
        return round(float(cell), 6)
    except (TypeError, ValueError):
        return str(cell)


def rows(header, cells):
    return [dict(zip(header, map(number, row))) for row in cells]


def by_duckdb(file):
    found = duckdb.sql(f"select * from read_csv_auto('{file}')")
    return rows(found.columns, found.fetchall())


def by_pandas(file):
    found = pandas.read_csv(file, sep=";")
    return rows(list(found.columns), found.astype(object).values.tolist())


def by_miller(file):
    found = subprocess.run(["mlr", "--icsv", "--ifs", ";", "--ojson", "cat", file], check=True, capture_output=True, text=True)
    return [{name: number(cell) for name, cell in row.items()} for row in json.loads(found.stdout)]


def by_frictionless(file, resource):
    described = Resource(
        path=str(file), format="csv", encoding=resource["encoding"], schema=Schema.from_descriptor(resource["schema"]),
        dialect=Dialect(controls=[formats.CsvControl(delimiter=resource["dialect"]["delimiter"])]),
    )
    report = described.validate()
    assert report.valid, (resource["name"], report.flatten(["type", "message"]))
    with described as opened:
        return [{name: number(cell) for name, cell in row.to_dict().items()} for row in opened.row_stream]


def numbers_are_numbers(file, resource):
    """Columns of figures are numeric with the defaults of pandas and DuckDB."""
    types = pandas.read_csv(file, sep=";").dtypes
    found = duckdb.sql(f"select * from read_csv_auto('{file}')")
    guessed = dict(zip(found.columns, map(str, found.types)))
    for field in resource["schema"]["fields"]:
        name = field["name"]
        empty = pandas.read_csv(file, sep=";")[name].isna().all()
        if field["type"] in ("integer", "number") and not empty:
            assert types[name].kind in "if", (resource["name"], name, types[name])
            assert guessed[name] in ("BIGINT", "DOUBLE"), (resource["name"], name, guessed[name])


package = json.loads(get("/v1/statistics/datapackage.json?lang=de"))
Package.from_descriptor(package)
cells = 0
for resource in package["resources"]:
    file = DIRECTORY / f"{resource['name']}.csv"
    file.write_bytes(get(resource["path"]))
    readings = {
        "frictionless": by_frictionless(file, resource), "duckdb": by_duckdb(file), "pandas": by_pandas(file), "miller": by_miller(file),
    }
    first = readings["frictionless"]
    for name, found in readings.items():
        assert len(found) == len(first), (resource["name"], name, len(found), len(first))
        for one, other in zip(found, first):
            assert one == other, (resource["name"], name, one, other)
    numbers_are_numbers(file, resource)
    cells += sum(len(row) for row in first)

# The figures of the files are those of the JSON.
for name in ("services", "channels", "media-requests"):
    resource = next(one for one in package["resources"] if one["name"] == f"{name}-long")
    lines = json.loads(get(re.sub("&shape=long&format=csv", "", resource["path"])))
    right = {(line["code"], year): value for line in lines["lines"] for year, value in zip(lines["years"], line["values"])}
    read = {(row["code"], int(row["year"])): row["value"] for row in by_pandas(DIRECTORY / f"{name}-long.csv")}
    assert read == {key: number(value) for key, value in right.items()}, name
print(f"CSV by DuckDB, pandas, Miller, frictionless: {len(package['resources'])} files, {cells} cells")
