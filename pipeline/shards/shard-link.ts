import type { VitalsError } from '../contract/errors.ts';
import {
  type AskShard,
  errorOf,
  type FromShard,
  type Questions,
  type ShardPort,
  type ShardProgress,
  type ToShard,
} from './shard-messages.ts';

export interface ShardLinkOptions {
  readonly port: ShardPort<ToShard, FromShard>;
  readonly onProgress: (progress: ShardProgress) => void;
  readonly onFailure: (error: VitalsError) => void;
}

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: VitalsError) => void;
}

/** The engine's end of the connection to one shard. */
export class ShardLink {
  private readonly port: ShardLinkOptions['port'];
  private readonly waiting = new Map<number, Waiting>();
  private asked = 0;
  private gone: VitalsError | null = null;

  constructor({ port, onProgress, onFailure }: ShardLinkOptions) {
    this.port = port;
    port.listen((message) => {
      switch (message.kind) {
        case 'polled':
          onProgress(message);
          break;
        case 'answer':
          this.settle(message.id)?.resolve(message.answer);
          break;
        case 'refusal':
          this.settle(message.id)?.reject(errorOf(message.why));
          break;
        case 'failed':
          onFailure(errorOf(message.why));
          break;
      }
    });
  }

  post(message: Exclude<ToShard, AskShard>, transfer: readonly ArrayBuffer[] = []): void {
    this.port.post(message, transfer);
  }

  /** Rejects when the shard could not do it, or is gone. */
  ask<Q extends keyof Questions>(kind: Q, asks: Questions[Q]['asks']): Promise<Questions[Q]['answers']> {
    const id = ++this.asked;
    return new Promise((resolve, reject) => {
      if (this.gone !== null) {
        reject(this.gone);
        return;
      }
      this.waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject });
      this.port.post({ kind, id, asks } as AskShard);
    });
  }

  /** Ends the shard; whoever asked or will ask gets this error. */
  abandon(error: VitalsError): void {
    this.gone = error;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
    void this.end();
  }

  end(): Promise<void> {
    return this.port.end();
  }

  private settle(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    return waiting;
  }
}
