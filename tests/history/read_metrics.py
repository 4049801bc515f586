"""Reads a file by both parsers of prometheus_client, OpenMetrics' and that of the older text form that node_exporter
takes, and prints what they found as JSON."""
import json
import sys

from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics_parser


def samples(families):
    return [{"name": s.name, "labels": s.labels, "value": s.value} for f in families for s in f.samples]


with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()
new = list(openmetrics_parser.text_string_to_metric_families(text))
old = list(parser.text_string_to_metric_families(text))
print(json.dumps({
    "openmetrics": samples(new),
    "text": samples(old),
    "units": {f.name: f.unit for f in new},
}))
