import type { ContentType } from '../contract/message.ts';

export interface HeldMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly content_type: ContentType;
  readonly id: string;
  readonly position: number;
  readonly arrived_at: number;
  readonly event_time: number;
}

export type NewMessage = Omit<HeldMessage, 'position'>;

const DUPLICATE_WINDOW_MS = 120_000;

/** A server's streams: positions from 1, ids known for the duplicate window. They outlive processes. */
export class MemoryStreams {
  private readonly streams = new Map<string, HeldMessage[]>();
  private readonly ids = new Map<string, { readonly at: number; readonly position: number }>();
  private readonly waiting = new Set<() => void>();

  /** When an id was stored; null while it is not. */
  storedAt(stream: string, id: string): number | null {
    return this.ids.get(`${stream} ${id}`)?.at ?? null;
  }

  held(stream: string): readonly HeldMessage[] {
    return this.streams.get(stream) ?? [];
  }

  append(stream: string, message: NewMessage, now: number): { readonly position: number; readonly duplicate: boolean } {
    const name = `${stream} ${message.id}`;
    if (message.id !== '') {
      const known = this.ids.get(name);
      if (known !== undefined && now - known.at < DUPLICATE_WINDOW_MS)
        return { position: known.position, duplicate: true };
    }
    const messages = this.streams.get(stream) ?? [];
    this.streams.set(stream, messages);
    const position = messages.length + 1;
    messages.push({ ...message, position });
    if (message.id !== '') this.ids.set(name, { at: now, position });
    for (const wake of [...this.waiting]) wake();
    return { position, duplicate: false };
  }

  /** Calls back after every message that is stored. */
  watch(wake: () => void): () => void {
    this.waiting.add(wake);
    return () => this.waiting.delete(wake);
  }
}
