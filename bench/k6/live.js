// k6 run --vus 1000 --duration 30s -e LIVE=ws://127.0.0.1:8081/live -e API=http://127.0.0.1:8080 bench/k6/live.js
// (k6: go install go.k6.io/k6@latest). Clients of all topics in the mix of `npm run bench -- --only live`.
import http from 'k6/http';
import { Counter, Rate, Trend } from 'k6/metrics';
import { WebSocket } from 'k6/websockets';

const LIVE = __ENV.LIVE || 'ws://127.0.0.1:8081/live';
const API = __ENV.API || 'http://127.0.0.1:8080';
const STAY_S = Number(__ENV.STAY_S || 20);

const snapshotMs = new Trend('live_snapshot_ms', true);
/** From the making of a delta to its receipt: both clocks must be one machine's, and they tell milliseconds. */
const deltaMs = new Trend('live_delta_ms', true);
const deltas = new Counter('live_deltas');
const gaps = new Counter('live_gaps');
const inTurn = new Rate('live_in_turn');
const opened = new Rate('live_opened');

export const options = {
  thresholds: {
    live_opened: ['rate==1'],
    live_in_turn: ['rate==1'],
    live_snapshot_ms: ['p(95)<2000'],
    live_delta_ms: ['p(50)<5', 'p(99)<50'],
  },
};

export function setup() {
  const answer = http.get(`${API}/api/v1/gpus?limit=1000`);
  const items = answer.status === 200 ? answer.json('items') : [];
  return items.map(({ gpu_uuid, node }) => ({ gpu_uuid, node }));
}

function topicOf(vu, gpus) {
  const share = vu % 100;
  if (share < 4 || gpus.length === 0) return 'fleet';
  if (share < 9) return 'anomalies';
  if (share < 14) return 'alerts';
  const { gpu_uuid, node } = gpus[vu % gpus.length];
  return share < 44 ? `node/${node}` : `gpu/${gpu_uuid}`;
}

export default function live(gpus) {
  const topic = topicOf(__VU, gpus);
  const began = Date.now();
  const socket = new WebSocket(LIVE, 'gpu-vitals.v1');
  let known = null;
  let open = false;
  socket.onopen = () => {
    open = true;
    opened.add(true);
    socket.send(JSON.stringify({ op: 'subscribe', topic }));
    setTimeout(() => socket.close(), STAY_S * 1_000);
  };
  socket.onerror = () => {
    if (!open) opened.add(false);
  };
  socket.onmessage = ({ data }) => {
    const now = Date.now();
    // The envelope is enough; a snapshot of a large fleet takes long to parse.
    const [, seq, type, ts] = /"seq":(\d+|null),"type":"(\w+)","ts":"([^"]+)"/.exec(data.slice(0, 500)) || [];
    if (type === 'gap') {
      gaps.add(1);
      known = null;
    } else if (type === 'snapshot') {
      snapshotMs.add(now - began);
      known = Number(seq);
    } else if (type === 'delta') {
      deltas.add(1);
      inTurn.add(known === null || Number(seq) === known + 1);
      deltaMs.add(now - Date.parse(ts));
      known = Number(seq);
    }
  };
}
