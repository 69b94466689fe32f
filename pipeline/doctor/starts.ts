import { hours, minutes } from '../contract/time.ts';
import { logPath } from '../log.ts';
import { nearEndOf, newLines } from '../logs/follow-file.ts';
import { readLogLine, STARTS } from '../logs/log-line.ts';
import { type Finding, finding } from './finding.ts';

export interface StartFacts {
  /** Starts in the last hour and the last ten minutes, by part. */
  readonly starts: ReadonlyMap<string, { readonly hour: number; readonly lately: number }>;
  /** Times that a service ended while it was needed, in the last hour. */
  readonly services_ended: number;
}

const HOUR_MS = hours(1);
const LATELY_MS = minutes(10);
const LATELY_BAD = 4;
const HOUR_MANY = 4;
const SERVICES_MANY = 2;
const READ_BYTES = 4 * 1_024 ** 2;

/** What is started again and again dies again and again. */
export function judgeStarts({ starts, services_ended }: StartFacts): Finding[] {
  const findings = [...starts].flatMap(([part, { hour, lately }]) => {
    if (hour < HOUR_MANY) return [];
    return [
      finding('machine', `${part} restarts`, {
        state: lately >= LATELY_BAD ? 'fail' : 'warn',
        what: `${part} was started ${hour} times in the last hour, ${lately} of them in the last 10 min`,
        action: `See why it ended: \`gpu-vitals logs --level warn\`, and \`dmesg\` for the memory of the machine.`,
        figures: { part, starts_1h: hour, starts_10m: lately },
      }),
    ];
  });
  if (services_ended >= SERVICES_MANY) {
    const what = `NATS or QuestDB ended ${services_ended} times in the last hour while they were needed`;
    findings.push(
      finding('machine', 'service restarts', { state: 'warn', what, code: 'GV-SVC-005', figures: { services_ended } }),
    );
  }
  if (findings.length > 0 || starts.size === 0) return findings;
  return [finding('machine', 'restarts', { what: 'nothing was started again and again in the last hour' })];
}

/** From the end of the log in the data folder, and of the one that was set aside before it. */
export async function lookAtStarts(data: string, now: number): Promise<StartFacts> {
  const starts = new Map<string, { hour: number; lately: number }>();
  let services_ended = 0;
  for (const path of [`${logPath(data)}.1`, logPath(data)]) {
    for await (const line of newLines(await nearEndOf(path, READ_BYTES))) {
      const { part, at, message, code } = readLogLine(line);
      if (at === null || at < now - HOUR_MS) continue;
      if (code === 'GV-SVC-005') services_ended++;
      if (message !== STARTS || part === null) continue;
      const counts = starts.get(part) ?? { hour: 0, lately: 0 };
      counts.hour++;
      if (at >= now - LATELY_MS) counts.lately++;
      starts.set(part, counts);
    }
  }
  return { starts, services_ended };
}
