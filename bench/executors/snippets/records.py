import json
from collections import defaultdict
from datetime import date, timedelta

first_day = date(2024, 1, 1)
orders = [
    {"id": n, "day": (first_day + timedelta(days=n % 365)).isoformat(), "shop": f"shop-{n % 23}", "cents": n * 37 % 9_999, "tags": ["new", "gift"][: n % 3]}
    for n in range(3_000)
]
orders = json.loads(json.dumps(orders))
per_month = defaultdict(lambda: {"count": 0, "cents": 0})
for order in orders:
    if "gift" in order["tags"]:
        continue
    month = per_month[order["shop"], order["day"][:7]]
    month["count"] += 1
    month["cents"] += order["cents"]
best = sorted(per_month.items(), key=lambda item: item[1]["cents"] / item[1]["count"], reverse=True)
answer = round(sum(sums["cents"] / sums["count"] for _, sums in best[:50]))
