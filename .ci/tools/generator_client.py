"""The client that openapi-generator generates, against a running service: generator_client.py BASE, with the token in TOKEN."""

import datetime
import os
import sys

import openapi_client
from openapi_client.api.cases_api import CasesApi
from openapi_client.api.statistics_api import StatisticsApi
from openapi_client.exceptions import ApiException
from openapi_client.models import Area, CaseChanges, NewCase, Problem

configuration = openapi_client.Configuration(host=sys.argv[1], access_token=os.environ["TOKEN"])
client = openapi_client.ApiClient(configuration)
cases = CasesApi(client)

asked = NewCase(title="Anfrage aus Python", received_on=datetime.date(2017, 3, 14), area=Area.IT)
created = cases.create_case(asked)
read = cases.get_case_with_http_info(created.id)
assert read.data.title == asked.title, read
etag = read.headers["etag"]
assert etag == '"1"', etag

patched = cases.update_case(created.id, etag, CaseChanges(responsible="RF"))
assert patched.revision == 2, patched
try:
    cases.update_case(created.id, etag, CaseChanges(responsible="XY"))
    raise SystemExit("a stale patch was taken")
except ApiException as refused:
    stale = refused.data
assert isinstance(stale, Problem), stale
assert (stale.type, stale.status, stale.revision) == ("/problems/stale-revision", 412, 2), stale

seen, cursor = set(), None
while True:
    page = cases.list_cases(year=[2017], limit=200, cursor=cursor)
    seen.update(record.id for record in page.items)
    cursor = page.next
    if cursor is None:
        break
assert len(seen) > 250 and created.id in seen, len(seen)

table = StatisticsApi(client).get_services_statistics(var_from=2012, to=2017)
assert len(table.lines[0].values) == 6, table
gone = cases.delete_case_with_http_info(created.id, '"2"')
assert gone.status_code == 204, gone
print(f"openapi-generator's Python: created, read, patched, refused, listed {len(seen)}, counted, deleted")
