-- Consumer create by run and way in: count and percentiles (nearest rank), as `reginfra metrics` shows them.
WITH ranked AS (
  SELECT s.run, s.group AS way, s.consumer_create_ms AS ms,
         ROW_NUMBER() OVER (PARTITION BY s.run, s.group ORDER BY s.consumer_create_ms) AS place,
         COUNT(*) OVER (PARTITION BY s.run, s.group) AS total
  FROM sessions AS s
  WHERE s.consumer_create_ms IS NOT NULL
)
SELECT run, way, COUNT(*) AS n,
       MIN(CASE WHEN place * 100 >= total * 50 THEN ms END) AS p50,
       MIN(CASE WHEN place * 100 >= total * 90 THEN ms END) AS p90,
       MIN(CASE WHEN place * 100 >= total * 95 THEN ms END) AS p95,
       MIN(CASE WHEN place * 100 >= total * 99 THEN ms END) AS p99,
       MAX(ms) AS longest
FROM ranked
GROUP BY run, way
ORDER BY run, way
