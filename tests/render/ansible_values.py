"""Templates in JSON on stdin, with the variables that they see; what the real Ansible makes of each, in JSON."""

import json
import sys

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

work = json.load(sys.stdin)
templar = Templar(loader=DataLoader(), variables=work["variables"])
print(json.dumps([templar.template(trust_as_template(text)) for text in work["templates"]], default=list))
