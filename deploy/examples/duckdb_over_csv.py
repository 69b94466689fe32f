"""Where bad health and risk meet, by rack: SQL over exported CSV files, without any server.

    python3 deploy/examples/duckdb_over_csv.py FOLDER

FOLDER has health.csv, predictions.csv and assets.csv as the API exports them. Needs: pip install duckdb
"""

import sys

import duckdb

folder = sys.argv[1]
by_rack = duckdb.sql(
    f"""
    SELECT
        coalesce(nullif(cluster, ''), '(no cluster)') AS cluster,
        coalesce(nullif(rack, ''), '(no rack)') AS rack,
        count(*) AS gpus,
        round(avg(overall_score), 1) AS score,
        min(overall_score) AS lowest,
        round(sum(failure_prob_30d), 2) AS failures_expected_in_30_days,
        arg_max(health.gpu_uuid, failure_prob_30d) AS riskiest
    FROM read_csv('{folder}/health.csv') AS health
    JOIN read_csv('{folder}/predictions.csv') AS risk
        ON health.gpu_uuid = risk.gpu_uuid AND health.instance IS NOT DISTINCT FROM risk.instance
    JOIN read_csv('{folder}/assets.csv', types = {{'cluster': 'VARCHAR', 'rack': 'VARCHAR'}}) AS asset
        ON health.gpu_uuid = asset.gpu_uuid
    GROUP BY ALL
    ORDER BY failures_expected_in_30_days DESC
    """
)
print(by_rack)
