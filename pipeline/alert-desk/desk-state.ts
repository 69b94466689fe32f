import type { Alert } from '../contract/alerts.ts';
import type { Severity } from '../contract/events.ts';
import type { Notification } from '../contract/notifications.ts';
import type { Quiet } from './quiet.ts';

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

/** Null when the text is not one of this release. */
export function readDesk(text: string): DeskState | null {
  let stored: StoredDesk;
  try {
    stored = JSON.parse(text) as StoredDesk;
  } catch {
    return null;
  }
  if (stored?.version !== VERSION) return null;
  const { position, stream, outgoing } = stored;
  return {
    position,
    stream,
    outgoing: [...outgoing],
    entries: new Map(stored.entries),
    groups: new Map(stored.groups.map((group) => [group.id, { ...group, members: new Map(group.members) }])),
    over: new Map(stored.over),
  };
}
