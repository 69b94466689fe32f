import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { CHROMIUM_FLAGS, ensureChromium } from './chromium.ts';

/**
 * Takes a picture of a running console, as in the README:
 * `npm start` in one terminal, `node dist/deploy/console-picture.js` in another, after `npm run build`.
 */
const { values: asked } = parseArgs({
  options: {
    console: { type: 'string', default: 'http://127.0.0.1:8080/' },
    out: { type: 'string', default: 'deploy/reference/console.png' },
    width: { type: 'string', default: '1440' },
    height: { type: 'string', default: '900' },
    theme: { type: 'string', default: 'dark' },
    whole: { type: 'boolean', default: false },
  },
});

const LIVE_TIMEOUT_MS = 60_000;
const report = (line: string): void => console.error(line);
const executablePath = await ensureChromium({ env: process.env, report });
const browser = await chromium.launch({ executablePath, args: [...CHROMIUM_FLAGS] });
try {
  const page = await browser.newPage({
    viewport: { width: Number(asked.width), height: Number(asked.height) },
    colorScheme: asked.theme === 'light' ? 'light' : 'dark',
    reducedMotion: 'reduce',
  });
  page.setDefaultTimeout(LIVE_TIMEOUT_MS);
  await page.goto(asked.console);
  const still = '#content:not(:has([aria-busy="true"]))';
  await page.locator('.connection.live').waitFor();
  await page
    .locator(
      `${still} [data-testid="fleet-heatmap"]:not([data-known="0"]), ${still} [data-testid="fleet-table"], ${still} [data-testid="gpu-verdict"]`,
    )
    .waitFor();
  // Until samples have come in live, their rate is nothing, and the picture would show that.
  await page
    .locator('[data-counter="samples"]')
    .filter({ hasNotText: /^(–|0\.0)/ })
    .or(page.locator('.plots'))
    .waitFor();
  await page.screenshot({ path: asked.out, fullPage: asked.whole });
  report(`console: ${await page.title()}, pictured in ${asked.out}`);
} finally {
  await browser.close();
}
