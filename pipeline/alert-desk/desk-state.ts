import { z } from 'zod';
import type { Alert } from '../contract/alerts.ts';
import type { Severity } from '../contract/events.ts';
import type { Notification } from '../contract/notifications.ts';
import type { Quiet } from './quiet.ts';
import { alertSchema } from './read-alert.ts';

/** An open alert, or one that closed and whose closing is still to be told. */
export interface Entry {
  alert: Alert;
  /** Since when it is as it is, by the desk's clock. */
  changed_at: number;
  /** It was old when it came: history is being read, and its closing may be on its way. */
  late: boolean;
  /** Silenced or inhibited when last looked at, and since when it is not. */
  quiet: Quiet;
  audible_at: number;
  /** Group that tells it, by channel: one alert has one group on a channel, for as long as it lives. */
  places: Record<string, string>;
}

/** What a channel was told of an alert. */
export interface Member {
  /** Null: nothing yet. */
  told: Severity | null;
  told_at: number;
  /** It went to further channels because nobody had acknowledged it. */
  escalated: boolean;
  /** It came to this channel that way. */
  by_escalation: boolean;
}

/** Alerts that one channel is told of together. */
export interface DeskGroup {
  readonly id: string;
  readonly channel: string;
  readonly route: string;
  readonly key: string;
  readonly labels: Readonly<Record<string, string>>;
  told_at: number | null;
  readonly members: Map<string, Member>;
}

export interface Outgoing {
  readonly channel: string;
  readonly notification: Notification;
}

/** All that the desk knows; what it was told by people lies in their buckets. */
export interface DeskState {
  /** Last message of the stream that is in it, and when that stream was made. */
  position: number;
  stream: string;
  readonly entries: Map<string, Entry>;
  readonly groups: Map<string, DeskGroup>;
  /** Alerts that are over, with the instant: the stream may repeat what it said of them. */
  readonly over: Map<string, number>;
  /** Told, and not yet known to be out. */
  outgoing: Outgoing[];
}

export const emptyDesk = (): DeskState => ({
  position: 0,
  stream: '',
  entries: new Map(),
  groups: new Map(),
  over: new Map(),
  outgoing: [],
});

const VERSION = 1;

interface StoredDesk extends Pick<DeskState, 'position' | 'stream' | 'outgoing'> {
  readonly version: number;
  readonly entries: readonly [string, Entry][];
  readonly groups: readonly (Omit<DeskGroup, 'members'> & { readonly members: readonly [string, Member][] })[];
  readonly over: readonly [string, number][];
}

export function deskText(state: DeskState): string {
  const { position, stream, outgoing } = state;
  const stored: StoredDesk = {
    version: VERSION,
    position,
    stream,
    outgoing,
    entries: [...state.entries],
    groups: [...state.groups.values()].map((group) => ({ ...group, members: [...group.members] })),
    over: [...state.over],
  };
  return JSON.stringify(stored);
}

const severity = z.enum(['info', 'warning', 'critical']);
const text = z.string();
const count = z.int().nonnegative();
const instant = z.number();
const memberSchema = z.object({
  told: severity.nullable(),
  told_at: instant,
  escalated: z.boolean(),
  by_escalation: z.boolean(),
});
const alert = z.custom<Alert>((value) => alertSchema.safeParse(value).success);
const notification = z.custom<Notification>(
  (value) => z.object({ id: text, group_key: text, alerts: z.array(alert) }).safeParse(value).success,
);
const deskSchema = z.object({
  version: z.literal(VERSION),
  position: count,
  stream: text,
  entries: z.array(
    z.tuple([
      text,
      z.object({
        alert,
        changed_at: instant,
        late: z.boolean(),
        quiet: z.object({ silenced_by: text, inhibited_by: text }),
        audible_at: instant,
        places: z.record(text, text),
      }),
    ]),
  ),
  groups: z.array(
    z.object({
      ...{ id: text, channel: text, route: text, key: text, labels: z.record(text, text), told_at: instant.nullable() },
      members: z.array(z.tuple([text, memberSchema])),
    }),
  ),
  over: z.array(z.tuple([text, instant])),
  outgoing: z.array(z.object({ channel: text, notification })),
});

/** Null when the text is not one of this release. */
export function readDesk(stored: string): DeskState | null {
  let told: unknown;
  try {
    told = JSON.parse(stored);
  } catch {
    return null;
  }
  const read = deskSchema.safeParse(told);
  if (!read.success) return null;
  const { position, stream, outgoing, entries, groups, over } = read.data;
  return {
    position,
    stream,
    outgoing,
    entries: new Map(entries),
    groups: new Map(groups.map((group) => [group.id, { ...group, members: new Map(group.members) }])),
    over: new Map(over),
  };
}
