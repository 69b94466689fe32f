/** The live server's address as the asker can reach it: a server that listens on all addresses is at the host that was asked. */
export function liveUrlFor(liveUrl: string | null, requestUrl: string): string | null {
  if (liveUrl === null) return null;
  const url = new URL(liveUrl);
  if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = new URL(requestUrl).hostname;
  return url.href;
}
