const DAY_MS = 86_400_000;
const parts = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat('en-GB', { hourCycle: 'h23', ...options });
const clock = parts({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
const minute = parts({ hour: '2-digit', minute: '2-digit' });
const day = parts({ day: 'numeric', month: 'short' });
const date = parts({ day: 'numeric', month: 'short', year: 'numeric' });

/** An instant in the viewer's zone: the time alone when it is of the last day, else with its date. */
export function timeText(at: number, now: number): string {
  return Math.abs(now - at) < DAY_MS / 2 ? clock.format(at) : `${day.format(at)} ${minute.format(at)}`;
}

export const minuteText = (at: number): string => minute.format(at);
export const dayText = (at: number): string => day.format(at);
export const dateText = (at: number): string => date.format(at);

/** Epoch ms of an answer's instant; null stays null. */
export const instant = (text: string | null): number | null => (text === null ? null : Date.parse(text));
