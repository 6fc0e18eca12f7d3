import { expect, it } from "vitest";
import { Metrics } from "../../src/serve/metrics.ts";

it("metrics are text as Prometheus reads it", () => {
  const metrics = new Metrics();
  const requests = metrics.counter("requests_total", "Requests.");
  const seconds = metrics.histogram("seconds", "Seconds.", [0.1, 1]);
  metrics.value("info", "gauge", "About it.", () => 1, { language: 'a"b\\c\nd' });
  metrics.value("waiting", "gauge", "Waiting.", () => 7);
  requests.add(1, { path: "/", status: "200" });
  requests.add(2, { path: "/", status: "200" });
  requests.add(1, { path: "/", status: "404" });
  for (const value of [0.05, 0.1, 0.5, 3]) seconds.observe(value);
  expect(metrics.render()).toBe(`# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{path="/",status="200"} 3
requests_total{path="/",status="404"} 1
# HELP seconds Seconds.
# TYPE seconds histogram
seconds_bucket{le="0.1"} 2
seconds_bucket{le="1"} 3
seconds_bucket{le="+Inf"} 4
seconds_sum 3.65
seconds_count 4
# HELP info About it.
# TYPE info gauge
info{language="a\\"b\\\\c\\nd"} 1
# HELP waiting Waiting.
# TYPE waiting gauge
waiting 7
`);
});
