// k6 run -e API=http://127.0.0.1:8080 -e FLEET=/tmp/fleet.json -e RATE=1000 -e DURATION=30s bench/k6/rest.js, where the
// file holds { "gpus": [{ "gpu_uuid", "node" }], "foreseen": [gpu_uuid] }; or `npm run bench:k6`, which brings k6, a fleet and
// that file. Requests come at a rate, whether or not the ones before were answered.
import { check } from 'k6';
import { SharedArray } from 'k6/data';
import http from 'k6/http';

const API = __ENV.API || 'http://127.0.0.1:8080';
const RATE = Number(__ENV.RATE || 1_000);
const DURATION = __ENV.DURATION || '30s';
// Handed out by `setup`, every virtual user would unpack a fleet of its own, in the first seconds that are measured.
const known = (name) => new SharedArray(name, () => JSON.parse(open(__ENV.FLEET))[name]);
const gpus = known('gpus');
const foreseen = known('foreseen');

/** A thousand callers do not come in one millisecond: the first five seconds they grow to the rate. */
const scenario = (exec, share, callers, rate = Math.max(1, Math.round(RATE * share))) => ({
  executor: 'ramping-arrival-rate',
  exec,
  startRate: 0,
  timeUnit: '1s',
  stages: [
    { target: rate, duration: '5s' },
    { target: rate, duration: DURATION },
  ],
  // All of them before it begins: one that is made while others wait takes the core that they wait for.
  // Each is a runtime of its own that k6's collector walks, on the cores of what is measured.
  preAllocatedVUs: callers,
});

export const options = {
  // What is measured is this server: k6 shares its cores here, and unpacking answers and tagging samples is most of its work.
  discardResponseBodies: true,
  systemTags: ['scenario', 'status', 'name'],
  scenarios: {
    lookups: scenario('lookups', 0.72, 200),
    lists: scenario('lists', 0.2, 100),
    summary: scenario('summary', 0.05, 50),
    predictions: scenario('predictions', 0.01, 50),
    series: scenario('series', 0.02, 50),
  },
  thresholds: {
    'http_req_duration{scenario:lookups}': ['p(95)<50'],
    'http_req_duration{scenario:lists}': ['p(95)<100'],
    'http_req_duration{scenario:summary}': ['p(95)<50'],
    'http_req_duration{scenario:predictions}': ['p(95)<50'],
    'http_req_duration{scenario:series}': ['p(95)<100'],
    http_req_failed: ['rate==0'],
    dropped_iterations: ['count==0'],
  },
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
};

const one = (list) => list[Math.floor(Math.random() * list.length)];

/** Without ETags: every answer is made and sent. `name` keeps k6 from counting every GPU apart. */
function get(path, name) {
  const answer = http.get(`${API}/api/v1${path}`, { headers: { 'Accept-Encoding': 'gzip' }, tags: { name } });
  check(answer, { 'is 200': ({ status }) => status === 200 });
}

export function lookups() {
  const { gpu_uuid } = one(gpus);
  get(`/gpus/${gpu_uuid}`, 'verdict');
}

/** Raw rows from the database: as often as pages of GPUs are opened. */
export function series() {
  const path = `/gpus/${one(gpus).gpu_uuid}`;
  if (__ITER % 2 === 0) get(`${path}/metrics?limit=100`, 'metrics of a GPU');
  else get(`${path}/anomalies`, 'anomalies of a GPU');
}

export function lists() {
  const turn = __ITER % 6;
  if (turn === 0) get('/gpus?limit=100', 'gpus');
  else if (turn === 1) get('/gpus?limit=100&sort=-gpu_temp_celsius', 'gpus, hottest');
  else if (turn === 2) get(`/gpus?node=${one(gpus).node}`, 'gpus of a node');
  else if (turn === 3) get('/anomalies?state=open', 'open anomalies');
  else if (turn === 4) get('/alerts?state=open', 'open alerts');
  else get('/fleet/risks?limit=100', 'risks');
}

/** Foreseen anew, whatever the last prediction was. */
export function predictions() {
  const gpu_uuid = one(foreseen);
  const answer = http.post(`${API}/api/v1/predict/failure`, JSON.stringify({ gpu_uuid }), {
    headers: { 'Content-Type': 'application/json' },
    tags: { name: 'prediction on demand' },
  });
  check(answer, { 'is 200': ({ status }) => status === 200 });
}

export function summary() {
  get('/fleet/summary', 'summary');
}

export function handleSummary(data) {
  const { OUT } = __ENV;
  return OUT ? { [OUT]: JSON.stringify(data.metrics) } : { stdout: `${JSON.stringify(data.metrics, null, 1)}\n` };
}
