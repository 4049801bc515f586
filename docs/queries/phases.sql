-- Where the time goes, by run, way in and phase: requests and waits before them, of all that registered.
SELECT r.run, r.group AS way, r.phase, COUNT(DISTINCT r.session) AS sessions, COUNT(*) AS requests,
       SUM(COALESCE(r.duration_ms, 0)) AS request_ms, SUM(r.gap_ms) AS gap_ms
FROM requests AS r
JOIN sessions AS s ON s.run = r.run AND s.session = r.session
WHERE s.success
GROUP BY r.run, r.group, r.phase
ORDER BY r.run, way, request_ms DESC, r.phase
