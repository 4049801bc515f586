-- The ten registrations that took longest from their first request to the end of their last one.
SELECT s.run, s.host, s.group AS way, s.started_at, s.success, COUNT(*) AS requests,
       MAX(r.placed_ms + COALESCE(r.duration_ms, 0)) AS span_ms
FROM sessions AS s
JOIN requests AS r ON r.run = s.run AND r.session = s.session
GROUP BY s.run, s.session, s.host, s.group, s.started_at, s.success
ORDER BY span_ms DESC, s.run, s.session
LIMIT 10
