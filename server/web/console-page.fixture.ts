import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { CHROMIUM_FLAGS, ensureChromium } from '../../deploy/chromium.ts';

export const PATIENCE = { timeout: 20_000, interval: 50 };
/** What Chromium itself writes when a server is away or answers 404, and of the tests' own look at pixels. */
const BROWSER_NOTES =
  /ERR_CONNECTION_REFUSED|WebSocket connection to|the server responded with a status of 404|willReadFrequently/;

/** A page in Chromium and everything that went wrong on it. */
export interface ConsolePage {
  readonly page: Page;
  /** Errors and warnings since it was last emptied. */
  readonly faults: string[];
  /** By its data-testid. */
  at(id: string): Locator;
  close(): Promise<void>;
}

export async function openConsolePage(): Promise<ConsolePage> {
  const report = (line: string): void => console.error(line);
  const executablePath = await ensureChromium({ env: process.env, report });
  const browser: Browser = await chromium.launch({ executablePath, args: [...CHROMIUM_FLAGS] });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE.timeout);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type()) || BROWSER_NOTES.test(message.text())) return;
    faults.push(message.text());
  });
  return {
    page,
    faults,
    at: (id) => page.locator(`[data-testid="${id}"]`),
    close: () => browser.close(),
  };
}

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** What axe-core finds serious or critical on the page as it stands, one line each; empty when all is well. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // Through the debugger: the page's policy runs no script of others.
  await page.evaluate(await readFile(AXE, 'utf8'));
  const { violations } = await page.evaluate(
    () => (globalThis as unknown as { axe: { run(): Promise<AxeResult> } }).axe.run() as Promise<AxeResult>,
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.slice(0, 5).map(({ html, failureSummary = '' }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
    );
}

type Look = readonly [theme: 'dark' | 'light', width: number];

/** Both themes: one as at a desk, one as on a phone. */
export const LOOKS: readonly Look[] = [
  ['dark', 1_440],
  ['light', 390],
];

/**
 * What is wrong with a page in one of the looks: findings of axe, and how far it is too wide. `show` opens it, because a
 * layout may follow the width that it begins with.
 */
export async function faultsInLook(page: Page, [theme, width]: Look, show: () => Promise<void>): Promise<string[]> {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
  await page.setViewportSize({ width, height: 900 });
  await show();
  const html = page.locator('html');
  await html.evaluate((element, wanted) => {
    element.dataset.theme = wanted;
  }, theme);
  const findings = await seriousFindings(page);
  const beyond = await html.evaluate((element) => element.scrollWidth - element.clientWidth);
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: null });
  await page.setViewportSize({ width: 1_440, height: 900 });
  return beyond > 0 ? [...findings, `${beyond} pixels too wide`] : findings;
}
