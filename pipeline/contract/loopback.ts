const NAMES = /^(localhost|127(\.\d{1,3}){3}|::1)$/i;

/** Whether who listens at this host is heard by this machine only. */
export const isLoopback = (host: string): boolean => NAMES.test(host);

/** The same of a header Host or the host of a URL: with a port perhaps, and IPv6 in brackets. A name is not, whatever it means. */
export const isLoopbackHostHeader = (header: string): boolean =>
  isLoopback(header.replace(/:\d+$/, '').replace(/^\[::1\]$/, '::1'));
