"""The week of a fleet in pandas, over the API as CSV. Needs: pip install pandas

    API=http://127.0.0.1:8080/api/v1 python3 deploy/examples/week_in_pandas.py
"""

# %% Reading a list, page after page
import io
import os
import re
import urllib.request

import pandas as pd

API = os.environ.get("API", "http://127.0.0.1:8080/api/v1")


def read(path: str) -> pd.DataFrame:
    """All rows of a list; the Link header says where the next page is."""
    pages, url = [], f"{API}/{path}"
    while url:
        request = urllib.request.Request(url, headers={"Accept": "text/csv"})
        if key := os.environ.get("KEY"):
            request.add_header("Authorization", f"Bearer {key}")
        with urllib.request.urlopen(request) as answer:
            pages.append(pd.read_csv(io.BytesIO(answer.read()), dtype={"instance": str}, keep_default_na=True))
            following = re.match(r"<([^>]+)>", answer.headers.get("Link", ""))
            url = API.split("/api/")[0] + following[1] if following else None
    rows = pd.concat(pages, ignore_index=True)
    rows["ts"] = pd.to_datetime(rows["ts"], utc=True)
    return rows


# %% What stands now: the newest row of each GPU
health = read("health-scores?at=now&limit=1000")
risk = read("predictions?at=now&limit=1000")
advice = read("decisions?at=now&limit=1000")
now = health[["gpu_uuid", "node", "overall_score", "health_grade"]].merge(
    risk[["gpu_uuid", "failure_prob_30d", "predicted_failure_type"]], on="gpu_uuid", how="left"
).merge(advice[["gpu_uuid", "advice", "value_at_risk_usd_per_hour"]], on="gpu_uuid", how="left")
print(now.sort_values("overall_score").head(10).to_string(index=False))
print(f"\n{len(now)} GPUs, {now.failure_prob_30d.sum():.2f} failures expected in 30 days")

# %% How health went: the mean of each day
week = (pd.Timestamp.now("UTC") - pd.Timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
scores = read(f"health-scores?from={week}&limit=1000")
print(scores.groupby(scores.ts.dt.date)["overall_score"].agg(["mean", "min", "count"]).round(1).to_string())

# %% What happened
anomalies = read(f"anomalies?from={week}&limit=1000")
print(f"\n{len(anomalies)} anomalies")
print(anomalies.groupby(["severity", "type"]).size().sort_values(ascending=False).head(10).to_string())
