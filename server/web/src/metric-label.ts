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
  gen: 'generation',
  max: 'possible',
};
const UNITS = /_(celsius|watts|joules|mhz|ratio|bytes|bytes_per_second|mb_per_second|ns|reasons)?(_total)?$/;

/** A catalogue name in words, without its unit: `fb_used_bytes` is `Framebuffer used`. */
export function metricLabel(name: string): string {
  const bare = name.replace(/_(bytes_per_second|mb_per_second)$/, '').replace(UNITS, '');
  const words = (bare === '' ? name : bare).split('_').map((word) => WORDS[word] ?? word);
  const text = words.join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
