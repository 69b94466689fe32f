import type { Context } from 'hono';

declare module 'hono' {
  interface ContextVariableMap {
    /** The body of the answer, so that what is done to every answer need not read it out of a stream. */
    answer_text: string;
    /** The same text will be answered again: how it is packed is worth remembering. */
    answer_again: boolean;
  }
}

/** A good answer in JSON, at the cost of its text. `again`: the same text may answer others too. */
export function answerText(c: Context, text: string, again = false): Response {
  c.set('answer_text', text);
  if (again) c.set('answer_again', true);
  return c.body(text, 200, { 'Content-Type': 'application/json' });
}
