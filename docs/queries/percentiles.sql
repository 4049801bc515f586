-- Every timing by run and way in: count and percentiles (nearest rank), as `reginfra metrics` shows them. Scripts, and on
-- capsules registrations too, are those that a key joins to their registration: all where hosts show their own addresses.
WITH timings AS (
  SELECT s.run, s.group AS way, 'consumer_create_ms' AS metric, s.consumer_create_ms AS ms FROM sessions AS s
  UNION ALL
  SELECT s.run, s.group, 'fact_update_ms', s.fact_update_ms FROM sessions AS s
  UNION ALL
  SELECT s.run, s.group, 'create_and_facts_ms', s.create_and_facts_ms FROM sessions AS s
  UNION ALL
  SELECT s.run, s.group, 'host_register_ms', s.host_register_ms FROM sessions AS s
  UNION ALL
  SELECT s.run, s.group, 'script_fetch_ms', s.script_fetch_ms FROM sessions AS s
  UNION ALL
  SELECT s.run, s.group, 'capsule_host_register_ms', s.capsule_host_register_ms FROM sessions AS s
  UNION ALL
  SELECT s.run, s.group, 'capsule_script_fetch_ms', s.capsule_script_fetch_ms FROM sessions AS s
), ranked AS (
  SELECT run, way, metric, ms,
         ROW_NUMBER() OVER (PARTITION BY run, way, metric ORDER BY ms) AS place,
         COUNT(*) OVER (PARTITION BY run, way, metric) AS total
  FROM timings
  WHERE ms IS NOT NULL
)
SELECT run, way, metric, COUNT(*) AS n,
       MIN(CASE WHEN place * 100 >= total * 50 THEN ms END) AS p50,
       MIN(CASE WHEN place * 100 >= total * 90 THEN ms END) AS p90,
       MIN(CASE WHEN place * 100 >= total * 95 THEN ms END) AS p95,
       MIN(CASE WHEN place * 100 >= total * 99 THEN ms END) AS p99,
       MAX(ms) AS longest
FROM ranked
GROUP BY run, way, metric
ORDER BY run, way, metric
