"""Runs a query on the tables that `reginfra metrics --parquet` wrote, rows to stdout as JSON, one a line.

    engines.py duckdb|spark|clickhouse FOLDER QUERY.sql...

The first lines of each function are those of docs/parquet.md.
"""

import datetime
import decimal
import json
import sys


def duckdb(folder, queries):
    import duckdb

    lake = duckdb.connect()
    for table in ("sessions", "requests"):
        lake.sql(
            f"CREATE VIEW {table} AS SELECT * FROM "
            f"read_parquet('{folder}/{table}/*/*/*.parquet', hive_partitioning = true)"
        )
    return [lake.sql(query).fetchall() for query in queries]


def spark(folder, queries):
    from pyspark.sql import SparkSession

    lake = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    for table in ("sessions", "requests"):
        lake.read.parquet(f"{folder}/{table}").createOrReplaceTempView(table)
    rows = [[tuple(row) for row in lake.sql(query).collect()] for query in queries]
    lake.stop()
    return rows


def clickhouse(folder, queries):
    from chdb import session

    lake = session.Session()
    for table in ("sessions", "requests"):
        lake.query(f"CREATE VIEW {table} AS SELECT * FROM file('{folder}/{table}/run=*/day=*/*.parquet')")
    answers = [str(lake.query(query, "JSONCompactEachRow")) for query in queries]
    return [[tuple(json.loads(line)) for line in answer.splitlines()] for answer in answers]


# what engines write differently
def plain(value):
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, decimal.Decimal):
        return int(value)
    return value


def main():
    engine, folder, *queries = sys.argv[1:]
    texts = [open(query, encoding="utf-8").read() for query in queries]
    for rows in globals()[engine](folder, texts):
        print(json.dumps([[plain(value) for value in row] for row in rows]))


if __name__ == "__main__":
    main()
