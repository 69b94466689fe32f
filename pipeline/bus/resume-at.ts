interface StreamExtent {
  readonly created: string;
  readonly state: { readonly first_seq: number; readonly last_seq: number };
}

/**
 * Where a reader goes on, given the position it wants and what the stream has now.
 *
 * A stream that was created at another time than the one read before was made anew: all of it is new to us, however long it
 * has grown meanwhile. Wanted before the first: the limits ate what lies between (no gap when it simply wanted everything
 * there is). Wanted beyond the end: made anew as well; or, same stream, its end was lost with the power, so only what comes
 * now is new. Without an earlier `created` the first position tells: a young stream begins with 1.
 */
export function resumeAt(
  reader: { readonly wanted: number; readonly fresh: boolean; readonly created_before: string },
  stream: StreamExtent,
): { readonly position: number; readonly gap: 'retention' | 'reset' | null } {
  const { first_seq, last_seq } = stream.state;
  const start = Math.max(1, first_seq);
  const known = reader.created_before !== '';
  if (known && reader.created_before !== stream.created) return { position: start, gap: 'reset' };
  if (reader.wanted > last_seq + 1) {
    const young = !known && first_seq <= 1;
    return { position: young ? start : last_seq + 1, gap: 'reset' };
  }
  if (reader.wanted < first_seq) return { position: first_seq, gap: reader.fresh ? null : 'retention' };
  return { position: Math.max(1, reader.wanted), gap: null };
}
