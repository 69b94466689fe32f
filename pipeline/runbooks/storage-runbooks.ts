import type { ErrorCode } from '../contract/error-catalogue.ts';
import type { Runbook } from './runbook.ts';

type StorageCode = Extract<ErrorCode, `GV-${'CLI' | 'BKP' | 'CFG' | 'SVC' | 'SNK' | 'SNP' | 'CLU' | 'TEL'}-${string}`>;

const DOCTOR_DISK = '`gpu-vitals doctor`: `data disk` says what takes the space.';
const DOCTOR_TABLES = '`gpu-vitals doctor`: everything under `questdb`.';
const QUESTDB_LOG = '`gpu-vitals logs --part questdb` has the last lines of a server that we started.';
const AGAIN = 'Nothing has to be sent again by hand: what waits is sent in its order.';

/** The command line, configuration, services, the database and snapshots. */
export const STORAGE_RUNBOOKS: Readonly<Record<StorageCode, Runbook>> = {
  'GV-CLI-001': {
    shows: 'The command ends with exit code 2 and does nothing.',
    check: ['`gpu-vitals COMMAND --help` lists its options.'],
    afterwards: [],
  },
  'GV-CLI-002': {
    shows: 'The command ends with exit code 1 before it changed anything.',
    check: ['`ls -l` of the path, as the user who runs the command.'],
    afterwards: [],
  },
  'GV-CLI-003': {
    shows: '`replay --strict` ends with exit code 1; its output is complete all the same.',
    check: ['`cut -c1-300 dead_letters.jsonl | head` in the output folder: each line has the reason and the original.'],
    afterwards: ['Look the code of the line up here.'],
  },
  'GV-CLI-004': {
    shows: 'A command ends with exit code 1, or a line in the log.',
    check: ['`gpu-vitals logs --level error`', '`gpu-vitals doctor`'],
    afterwards: [
      'It is a fault of this program: the report should hold the command, its output with `--log-level debug` and the version.',
    ],
  },
  'GV-BKP-001': {
    shows: '`gpu-vitals restore` ends before it writes, or names the rows that it could not bring.',
    check: [
      'The size of the backup against the one before it: `du -sh FOLDER`.',
      'Whether it was copied whole: `gpu-vitals backup` says when it is done.',
    ],
    afterwards: ['Keep more than one backup, and try a restore into an empty installation now and then.'],
  },
  'GV-BKP-002': {
    shows: '`gpu-vitals backup` or `gpu-vitals restore` ends and changes nothing.',
    check: ['`ls -la FOLDER`'],
    afterwards: ['`gpu-vitals restore FOLDER --force` takes away what is there. There is no way back from that.'],
  },
  'GV-BKP-003': {
    shows: '`gpu-vitals restore` ends and changes nothing.',
    check: ['`gpu-vitals --version`'],
    afterwards: [],
  },
  'GV-CFG-001': {
    shows: 'The command ends with exit code 2; every option that is wrong is named, and where it came from.',
    check: ['`gpu-vitals config` shows every option and which of file, environment and flag decided it.'],
    afterwards: [],
  },
  'GV-SVC-001': {
    shows:
      '`gpu-vitals up` or `services start` ends with exit code 3; `gpu-vitals doctor` shows which ways were tried.',
    check: ['`gpu-vitals doctor`: `nats program` and `questdb program`.'],
    afterwards: [
      'Without access to the Internet give the addresses of servers that run already: `--nats` and `--questdb`.',
    ],
  },
  'GV-SVC-002': {
    shows: '`gpu-vitals up` ends; the message names the log.',
    check: [
      '`gpu-vitals logs --part nats` or `gpu-vitals logs --part questdb`: the last lines say why.',
      DOCTOR_DISK,
      '`free -m`: QuestDB needs `questdb-memory` and as much again for the cache of the system.',
    ],
    afterwards: ['A store that is being repaired after a power cut may need minutes: start again and wait.'],
  },
  'GV-SVC-003': {
    shows: 'The command ends with exit code 1 and names the pid.',
    check: ['`ps -fp PID`', '`gpu-vitals doctor`: `data owner`.'],
    afterwards: ['The claim of a process that is gone is taken over by itself: it needs no cleaning.'],
  },
  'GV-SVC-004': {
    shows: '`gpu-vitals services start` ends; the file is thrown away.',
    check: ['`sha256sum` of the same file, fetched by another way.'],
    afterwards: ['Put a good copy of the program into PATH: that is looked at first.'],
  },
  'GV-SVC-005': {
    shows: 'A line in the log; the part tells trouble in /readyz until the service is back.',
    check: [
      '`gpu-vitals logs --level warn` shows how often.',
      '`dmesg | grep -i oom`: it may have been killed for memory.',
      DOCTOR_DISK,
    ],
    afterwards: ['When it ends again and again, lower `questdb-memory` or give the machine more.'],
  },
  'GV-SVC-006': {
    shows: 'A part does not start and names the address.',
    check: ['`gpu-vitals doctor`: everything under `ports`.', 'Who has it: `ss -ltnp`.'],
    afterwards: [],
  },
  'GV-SVC-007': {
    shows: 'A part does not start and names the address.',
    check: ['`gpu-vitals keys list`'],
    afterwards: ['Whoever reaches an open port without keys may change the inventory and silence alerts.'],
  },
  'GV-SNK-001': {
    shows: 'A warning once; the engine stops reading, its lag grows; /readyz says which part is away.',
    check: [DOCTOR_TABLES, QUESTDB_LOG, 'By hand: `curl "http://HOST:9000/exec?query=select%201"`.'],
    afterwards: [AGAIN, 'An outage may last as long as `stream-age-max`.'],
  },
  'GV-SNK-002': {
    shows: 'Dead letters with reason `refused_by_database`.',
    check: [
      '`gpu-vitals dead-letters list --reason refused_by_database` has the answer of the database.',
      'Whether somebody changed a table: deploy/reference/tables.md has the columns.',
    ],
    afterwards: ['After the fix: `gpu-vitals dead-letters retry --reason refused_by_database`.'],
  },
  'GV-SNK-003': {
    shows: 'A failure of that table in `gpu-vitals doctor`; answers of the API are old while the stream goes on.',
    check: [
      DOCTOR_TABLES,
      DOCTOR_DISK,
      QUESTDB_LOG,
      '`cat /proc/sys/vm/max_map_count` and `ulimit -n`: QuestDB needs 1048576 of each for many partitions.',
    ],
    afterwards: ['An engine resumes it every 5 s by itself; without one `gpu-vitals doctor --fix` does.', AGAIN],
  },
  'GV-SNK-004': {
    shows: 'Tables are suspended, the engine stops reading, the spool and the stream grow.',
    check: [DOCTOR_DISK, '`df -h` and `df -i` for the data folder.'],
    afterwards: [
      "Shorten `stream-age-max`, or drop old partitions: `ALTER TABLE gpu_metrics DROP PARTITION WHERE ts < '2026-01-01'`.",
      'Then `gpu-vitals doctor` until all tables are `ok`.',
      AGAIN,
    ],
  },
  'GV-SNK-005': {
    shows: 'The engine ends at its start and changes nothing.',
    check: ['`gpu-vitals --version` on every machine that has an engine.'],
    afterwards: ['There is no way back to the older schema but a backup of that time: `gpu-vitals restore`.'],
  },
  'GV-SNP-001': {
    shows: 'A warning at the start of the engine; the start takes somewhat longer.',
    check: [DOCTOR_DISK, '`gpu-vitals logs --part engine --level warn` names the file.'],
    afterwards: ['When it comes back, the disk loses what was written: look at `dmesg`.'],
  },
  'GV-SNP-002': {
    shows:
      'A warning: at the first start of a release that writes them otherwise, then for each group; or when DCGM_RAW was made anew or lost its end. What is in the stream is read for minutes.',
    check: [
      '`gpu-vitals logs --part engine --level warn` says which: a version, or positions that do not fit the stream.',
      '`gpu-vitals doctor`: `engine lag` should fall.',
    ],
    afterwards: [
      'Windows that are longer than the stream begin anew: baselines of days need days.',
      'Before the next change of release make `stream-age-max` as long as your windows: a week for health.',
      'Where nobody made the stream anew: look at the log of NATS, and at its disk.',
    ],
  },
  'GV-CLU-001': {
    shows: 'A warning of a worker; for some seconds its groups are read late, by others.',
    check: [
      '`gpu-vitals doctor`: `engine alive` of each worker says which groups it has.',
      'CPU of its machine, and whether NATS answered it: a pause as long as `cluster-lease` is enough.',
    ],
    afterwards: ['It is back by itself, with its share of the groups. Rows and alerts are complete, once each.'],
  },
  'GV-CLU-002': {
    shows: 'A worker that does not begin to work.',
    check: ['`gpu-vitals doctor` names the workers that are heard.'],
    afterwards: ['It begins as soon as the other one has ended, or was silent for `cluster-lease`.'],
  },
  'GV-CLU-003': {
    shows: 'Peers, incidents, quantiles and silent nodes lack what some groups had found.',
    check: ['`nats stream info PICKED`: messages, bytes, first and last.', '`gpu-vitals doctor`: `engine lag`.'],
    afterwards: [
      "What was lost stays lost; what comes is complete. Give the fleet's worker more CPU if it had fallen behind.",
    ],
  },
  'GV-CLU-004': {
    shows: 'An error of a worker; its groups are read late once, by others, and for as long as this lasts it has none.',
    check: [
      'From its machine: `curl -i http://QUESTDB:9000/ping` answers 204 within 3 s.',
      '`gpu-vitals doctor`: `engine alive` of the other workers says that they have the groups.',
    ],
    afterwards: [
      'It takes its share again ten seconds after the database answers it. Rows and alerts are complete, once each.',
    ],
  },
  'GV-TEL-001': {
    shows: 'A warning in the log, once for each time that it begins; spans and metrics are missing in the collector.',
    check: [
      '`env | grep OTEL_` in the environment of the process.',
      '`curl -i -X POST -H "Content-Type: application/json" -d "{}" ENDPOINT/v1/traces` from its machine: a collector answers 200.',
    ],
    afterwards: ['Spans that found no room while the collector was away are dropped; metrics go on as they stand.'],
  },
  'GV-TEL-002': {
    shows: '`gpu-vitals profile` ends with exit code 1 and writes no file.',
    check: ['`gpu-vitals profile --list` names the parts that can be asked.', '`gpu-vitals doctor`'],
    afterwards: ['What came incomplete over a slow connection comes whole from a shorter profile: `--seconds 2`.'],
  },
};
