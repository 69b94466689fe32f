import type { ErrorCode } from '../contract/error-catalogue.ts';
import type { Runbook } from './runbook.ts';

type PeopleCode = Extract<ErrorCode, `GV-${'API' | 'LIV' | 'ALT' | 'SEC'}-${string}`>;

const CHANNELS = '`gpu-vitals alerts channels` shows what is configured, without its secrets.';
const TRY = '`gpu-vitals alerts test CHANNEL` sends a message that says that it is a test, and shows each answer.';
const COUNTERS =
  'In /metrics: `gpu_vitals_alert_channel_failed_total` and `gpu_vitals_alert_channel_waiting`, by channel.';
const KEYS = '`gpu-vitals keys list` shows role, tenant and expiry of every key.';

/** What callers and people who are told of alerts meet. */
export const PEOPLE_RUNBOOKS: Readonly<Record<PeopleCode, Runbook>> = {
  'GV-API-001': {
    shows: 'HTTP 400 with `errors`: a line for each field that is wrong.',
    check: ['/docs lists the parameters of every path, /openapi.json their schemas.'],
    afterwards: [],
  },
  'GV-API-002': {
    shows: 'HTTP 404.',
    check: ['The list that it should be in, such as `/api/v1/gpus?limit=1000`.'],
    afterwards: ['A GPU that was silent for a month is forgotten by the engine; its history stays in the tables.'],
  },
  'GV-API-003': {
    shows: 'HTTP 503; `/readyz` names the part.',
    check: ['`curl -s http://HOST:8080/readyz`', '`gpu-vitals doctor`'],
    afterwards: ['Other answers go on meanwhile: what is kept in memory needs no database.'],
  },
  'GV-API-004': {
    shows: 'HTTP 500; the answer tells nothing of the inside, the log does.',
    check: ['`gpu-vitals logs --level error`'],
    afterwards: ['It is a fault of this program: the report should hold the lines of the log and the request.'],
  },
  'GV-API-005': { shows: 'HTTP 405; `Allow` names the methods that there are.', check: ['/docs'], afterwards: [] },
  'GV-API-006': {
    shows: 'HTTP 409; the answer says what stands in the way.',
    check: ['GET the same path: somebody else may have changed it.'],
    afterwards: [],
  },
  'GV-API-007': {
    shows: 'HTTP 412; nothing was changed.',
    check: ['GET the same path and compare its `ETag` with what was sent as If-Match.'],
    afterwards: ['The console does this by itself and shows both versions.'],
  },
  'GV-LIV-001': {
    shows: 'A message `error` on the socket, which stays open.',
    check: ['The frame that was sent: it must be text, with JSON.'],
    afterwards: [],
  },
  'GV-LIV-002': {
    shows: 'A message `error` on the socket, or HTTP 404 at its opening.',
    check: ['The spelling of the node or GPU: `/api/v1/gpus`.'],
    afterwards: [],
  },
  'GV-LIV-003': {
    shows: 'A message `error` on the socket; it is closed when it goes on.',
    check: ['How many topics the client has open: `fleet` has every GPU in one topic.'],
    afterwards: [],
  },
  'GV-ALT-001': {
    shows: 'An error at the start, or once while running when a rule names a channel that is not there.',
    check: [
      CHANNELS,
      'The names in `alert-routes` against those in `alert-channels`.',
      'Environment variables that a channel takes its secret from must be set for the process that runs the engine.',
    ],
    afterwards: ['deploy/reference/alert-channels.md has every kind with its options.'],
  },
  'GV-ALT-002': {
    shows: 'A warning with the answer of the other side; the message is tried again for an hour.',
    check: [TRY, COUNTERS],
    afterwards: [],
  },
  'GV-ALT-003': {
    shows: 'A dead letter with reason `undelivered`: people were not told of this.',
    check: ['`gpu-vitals dead-letters list --reason undelivered` has what it said.', TRY],
    afterwards: ['Look at `/api/v1/alerts?state=open` by hand until the channel works.'],
  },
  'GV-ALT-004': {
    shows: 'An alert about the channel on all other channels; `gpu-vitals doctor` names it.',
    check: [TRY, COUNTERS],
    afterwards: [
      'Messages that wait are joined, so that people are not flooded afterwards.',
      'With one channel alone nobody can be told of this: configure a second one of another kind.',
    ],
  },
  'GV-ALT-005': {
    shows: '`dead-letters retry` passes the messages by.',
    check: ['`gpu-vitals doctor`: `engine alive`: the engine delivers alerts.', CHANNELS],
    afterwards: ['Then `gpu-vitals dead-letters retry --reason undelivered --again`.'],
  },
  'GV-ALT-006': {
    shows: 'Once in the log, when a process takes the desk; every open alert is told again.',
    check: [
      'Whether anybody but gpu-vitals writes to the bucket GPU_VITALS_ALERT_DESK.',
      'Whether another release ran on the same NATS: it may remember in a form that this one cannot read.',
    ],
    afterwards: ['Nothing is lost but what channels were told: acknowledgements and silences lie elsewhere.'],
  },
  'GV-SEC-001': {
    shows: 'HTTP 401 with WWW-Authenticate; on sockets a refused upgrade.',
    check: [KEYS],
    afterwards: ['A key that is lost cannot be read again: `gpu-vitals keys rotate ID` makes another secret for it.'],
  },
  'GV-SEC-002': {
    shows: 'HTTP 403; the message names the role that is needed.',
    check: [KEYS],
    afterwards: [
      '`gpu-vitals keys create` with that role, for this one use; do not raise the role of a key that is widely used.',
    ],
  },
  'GV-SEC-003': {
    shows: 'HTTP 429 with Retry-After.',
    check: [
      'How often the client asks: lists change once a second at most, the live socket tells without being asked.',
    ],
    afterwards: [],
  },
  'GV-SEC-004': { shows: 'HTTP 403.', check: [KEYS], afterwards: [] },
  'GV-SEC-005': { shows: 'HTTP 404, or the command ends with exit code 1.', check: [KEYS], afterwards: [] },
  'GV-SEC-006': {
    shows: 'The part does not start.',
    check: [
      '`openssl x509 -in FILE -noout -dates -subject -issuer`',
      'That the user who runs it may read the key file.',
    ],
    afterwards: [],
  },
  'GV-SEC-007': {
    shows:
      'A channel, a target or targets-url is refused when it is configured, or when its name resolves to such an address.',
    check: ['`getent hosts NAME`'],
    afterwards: ['It keeps who may configure a channel or a target from reaching what only this machine can reach.'],
  },
};
