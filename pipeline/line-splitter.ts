/**
 * Cuts text that arrives in pieces into lines. Ends of line are LF and CRLF; a byte order mark is the decoder's affair.
 *
 * A line longer than `chars_max` is never held: its head goes to `oversized` and the rest of it is skipped, so that memory
 * stays bounded for a file without a single end of line.
 */
export interface LineSplitter {
  push(text: string): void;
  /** Hands over the last line when it has no end. */
  end(): void;
  /** Gives back the last line instead, for an input that was cut in the middle of it. */
  abandon(): string;
}

export interface LineSplitterOptions {
  readonly chars_max: number;
  readonly line: (text: string) => void;
  readonly oversized: (head: string) => void;
}

/** How much of an oversized text is kept for its dead letter. */
const HEAD_CHARS = 4_096;

export function createLineSplitter(options: LineSplitterOptions): LineSplitter {
  let carry = '';
  let skipping = false;
  const take = (text: string): void => {
    options.line(text.endsWith('\r') ? text.slice(0, -1) : text);
  };
  return {
    push(text) {
      let from = 0;
      for (let to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
        const line = carry + text.slice(from, to);
        from = to + 1;
        carry = '';
        if (skipping) skipping = false;
        else if (line.length > options.chars_max) options.oversized(line.slice(0, HEAD_CHARS));
        else take(line);
      }
      if (skipping) return;
      carry += text.slice(from);
      if (carry.length > options.chars_max) {
        options.oversized(carry.slice(0, HEAD_CHARS));
        carry = '';
        skipping = true;
      }
    },
    end() {
      if (carry !== '') take(carry);
      carry = '';
      skipping = false;
    },
    abandon() {
      const rest = carry;
      carry = '';
      skipping = false;
      return rest.slice(0, HEAD_CHARS);
    },
  };
}
