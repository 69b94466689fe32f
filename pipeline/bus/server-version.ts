/** Whether a nats-server version (`2.9.10`, `2.15.1-RC.2`) is at least another one. Unknown text counts as old. */
export function atLeast(version: string, wanted: string): boolean {
  const numbers = (text: string): number[] => text.split(/[.-]/, 3).map((part) => Number.parseInt(part, 10) || 0);
  const have = numbers(version);
  const want = numbers(wanted);
  for (let i = 0; i < 3; i++) {
    const difference = (have[i] ?? 0) - (want[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
