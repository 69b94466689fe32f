-- The fifty GPUs with the lowest newest score, with risk and advice.
-- psql "$QUESTDB_PG" -f deploy/examples/worst-gpus.sql
WITH
  health AS (
    SELECT ts, gpu_uuid, node, overall_score, health_grade, explanation
    FROM gpu_health_scores WHERE ts > dateadd('d', -1, now()) LATEST ON ts PARTITION BY gpu_uuid, instance
  ),
  risk AS (
    SELECT gpu_uuid, failure_prob_30d, predicted_failure_type
    FROM gpu_failure_predictions WHERE ts > dateadd('d', -1, now()) LATEST ON ts PARTITION BY gpu_uuid, instance
  ),
  advice AS (
    SELECT gpu_uuid, advice, value_at_risk_usd_per_hour
    FROM gpu_economic_decisions WHERE ts > dateadd('d', -1, now()) LATEST ON ts PARTITION BY gpu_uuid, instance
  )
SELECT
  health.gpu_uuid, health.node, overall_score, health_grade, failure_prob_30d, predicted_failure_type, advice,
  value_at_risk_usd_per_hour, explanation
FROM health
LEFT JOIN risk ON (health.gpu_uuid = risk.gpu_uuid)
LEFT JOIN advice ON (health.gpu_uuid = advice.gpu_uuid)
ORDER BY overall_score
LIMIT 50;
