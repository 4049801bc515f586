"""How often Apache Otava, as it comes, tells a change in histories in which nothing has changed: rows of docs/history.md.

    .cache/venv/bin/python tests/history/otava_rates.py
"""
import random

from otava.series import AnalysisOptions, Metric, Series

for runs, figures, histories in [(20, 1, 1000), (20, 13, 200), (60, 1, 500), (60, 13, 100)]:
    draw = random.Random(1)
    found = 0
    for _ in range(histories):
        data = {f"figure-{i}": [draw.gauss(100, 1) for _ in range(runs)] for i in range(figures)}
        metrics = {name: Metric(-1, 1.0) for name in data}
        series = Series("drawn", None, [86_400 * run for run in range(runs)], metrics, data, {})
        changes = series.analyze(AnalysisOptions()).change_points
        found += any(changes.values())
    print(f"| {runs} | {figures} | {histories} | {100 * found / histories:.1f} % |", flush=True)
