import { type LiveRequest, liveRequestSchema } from './schemas-fleet.ts';

/** The request, or what is wrong with it. */
export function readLiveRequest(text: string | null): LiveRequest | string {
  if (text === null) return 'Binary messages are not understood';
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return 'The message is no JSON text';
  }
  const result = liveRequestSchema.safeParse(parsed);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  return `${issue?.path.join('.') || 'message'}: ${issue?.message ?? 'not understood'}`;
}

/** The topic that an unreadable request named, if it can be made out. */
export function topicOf(text: string | null): string | null {
  try {
    const topic: unknown = (JSON.parse(text ?? 'null') as { topic?: unknown } | null)?.topic;
    return typeof topic === 'string' ? topic : null;
  } catch {
    return null;
  }
}
