const WORDS: Readonly<Record<string, string>> = {
  gpu: 'GPU',
  sm: 'SM',
  fb: 'Framebuffer',
  gr: 'Graphics',
  dram: 'DRAM',
  pcie: 'PCIe',
  nvlink: 'NVLink',
  ecc: 'ECC',
  crc: 'CRC',
  xid: 'XID',
  util: 'utilisation',
  temp: 'temperature',
  sbe: 'corrected',
  dbe: 'uncorrectable',
  tx: 'sent',
  rx: 'received',
  hw: 'hardware',
  sw: 'software',
  gen: 'generation',
  zscore: 'unusual reading',
};
const UNITS = /_(celsius|watts|joules|mhz|ratio|bytes|ns|reasons)$/;
const WHOLE: Readonly<Record<string, string>> = {
  xid_last: 'Last XID',
  pcie_max_link_gen: 'PCIe link generation possible',
  pcie_max_link_width: 'PCIe link width possible',
};

/** A catalogue name in words, without its unit: `fb_used_bytes` is `Framebuffer used`. */
export function metricLabel(name: string): string {
  const whole = WHOLE[name];
  if (whole !== undefined) return whole;
  const bare = name
    .replace(/_total$/, '')
    .replace(/_(bytes|mb)_per_second$/, '')
    .replace(UNITS, '');
  const words = (bare === '' ? name : bare).split('_').map((word) => WORDS[word] ?? word);
  const text = words.join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A sentence with names of metrics and anomaly types in words. */
export const inWords = (sentence: string): string =>
  sentence.replace(/\b(?:zscore|[a-z]+\d*(?:_[a-z0-9]+)+)\b/g, (name) =>
    metricLabel(name).replace(/^[A-Z](?![A-Z])/, (c) => c.toLowerCase()),
  );
