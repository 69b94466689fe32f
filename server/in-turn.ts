/** Hands on what is made of texts in the order in which they came, although some take longer; at once where nothing waits. */
export function inTurn(make: (text: string) => unknown): (text: string, take: (made: unknown) => void) => void {
  let behind: Promise<void> | null = null;
  return (text, take) => {
    if (behind === null) {
      const made = make(text);
      if (!(made instanceof Promise)) {
        take(made);
        return;
      }
      behind = made.then(take);
    } else {
      behind = behind.then(() => make(text)).then(take);
    }
    const mine = behind;
    mine.finally(() => {
      if (behind === mine) behind = null;
    });
  };
}
