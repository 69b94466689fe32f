import type { RawMessage } from './contract/message.ts';

/** Cut behind a position, so that no batch reaches over it. */
export function cutBehind(messages: readonly RawMessage[], position: number): (readonly RawMessage[])[] {
  const at = messages.findIndex((message) => message.position > position);
  return at <= 0 ? [messages] : [messages.slice(0, at), messages.slice(at)];
}

/** The messages as they are, cut where their positions go back. */
export function ascending(messages: readonly RawMessage[]): (readonly RawMessage[])[] {
  const at = messages.findIndex((message, i) => i > 0 && message.position <= (messages[i - 1]?.position ?? 0));
  return at < 0 ? [messages] : [messages.slice(0, at), ...ascending(messages.slice(at))];
}
