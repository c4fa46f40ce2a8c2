"""The client that openapi-python-client generates, against a running service: client.py BASE, with the token in TOKEN."""

import datetime
import os
import sys

from aufsicht_client import AuthenticatedClient
from aufsicht_client.api.cases import create_case, delete_case, get_case, list_cases, update_case
from aufsicht_client.api.statistics import get_services_statistics
from aufsicht_client.models import Area, Case, CaseChanges, CasePage, NewCase, Problem, Table, WrittenCase
from aufsicht_client.types import UNSET

client = AuthenticatedClient(base_url=sys.argv[1], token=os.environ["TOKEN"])

asked = NewCase(title="Anfrage aus Python", received_on=datetime.date(2017, 3, 14), area=Area.IT)
created = create_case.sync(client=client, body=asked)
assert isinstance(created, WrittenCase), created
read = get_case.sync_detailed(client=client, id=created.id)
assert isinstance(read.parsed, Case) and read.parsed.title == asked.title, read
etag = read.headers["ETag"]
assert etag == '"1"', etag

patched = update_case.sync(client=client, id=created.id, if_match=etag, body=CaseChanges(responsible="RF"))
assert isinstance(patched, WrittenCase) and patched.revision == 2, patched
stale = update_case.sync(client=client, id=created.id, if_match=etag, body=CaseChanges(responsible="XY"))
assert isinstance(stale, Problem), stale
assert (stale.type_, stale.status, stale.revision) == ("/problems/stale-revision", 412, 2), stale

seen, cursor = set(), UNSET
while cursor is not None:
    page = list_cases.sync(client=client, year=[2017], limit=200, cursor=cursor)
    assert isinstance(page, CasePage), page
    seen.update(record.id for record in page.items)
    cursor = page.next_ or None
assert len(seen) > 250 and created.id in seen, len(seen)

table = get_services_statistics.sync(client=client, from_=2012, to=2017)
assert isinstance(table, Table) and len(table.lines[0].values) == 6, table
gone = delete_case.sync_detailed(client=client, id=created.id, if_match='"2"')
assert gone.status_code == 204, gone
print(f"Python: created, read, patched, refused, listed {len(seen)}, counted, deleted")
