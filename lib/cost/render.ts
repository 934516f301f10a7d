import type { Cost, NotPriced } from './cost.ts';
import { priceList, prices } from './prices.ts';

/** `$1,234`; with a sign where it is a difference. */
function renderUsd(usd: number, signed = false): string {
  const sign = usd < -0.005 ? '−' : signed ? '+' : '';
  const text = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return `${sign}$${text.format(Math.abs(usd))}`;
}

/** By what is paid for, dearest first. */
function sumByPrice(cost: Cost): ReadonlyMap<string, { readonly count: number; readonly usd: number }> {
  const sums = new Map<string, { count: number; usd: number }>();
  for (const { price, count, usdPerMonth } of cost.lines) {
    const sum = sums.get(price) ?? { count: 0, usd: 0 };
    sums.set(price, { count: sum.count + count, usd: sum.usd + usdPerMonth });
  }
  return new Map([...sums].sort(([a, left], [b, right]) => right.usd - left.usd || (a < b ? -1 : 1)));
}

/** A table in Markdown of what costs what, and what is not priced. */
export function renderCost(cost: Cost): string {
  const rows = [...sumByPrice(cost)].map(
    ([name, { count, usd }]) =>
      `| ${name} | ${count} | ${prices[name]?.usd} a${prices[name]?.per === 'hour' ? 'n hour' : prices[name]?.per === 'month' ? ' month' : ' GiB and month'} | ${renderUsd(usd)} |`,
  );
  return [
    '| at rest | count | list price, US dollars | a month |',
    '| --- | --: | --- | --: |',
    ...rows,
    `| **all** | | | **${renderUsd(cost.usdPerMonth)}** |`,
    ...renderNotPriced(cost.notPriced),
  ].join('\n');
}

/** What the sum is without, by type and reason. */
function renderNotPriced(all: readonly NotPriced[]): readonly string[] {
  if (all.length === 0) return [];
  const counts = new Map<string, number>();
  for (const { type, why } of all) {
    const line = `${type}: ${why}`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return ['', 'Not priced:', ...[...counts].sort().map(([line, count]) => `- ${count} × ${line}`)];
}

/** What changes from one to the other, in Markdown. */
export function renderCostDifference(before: Cost, after: Cost): string {
  const left = sumByPrice(before);
  const right = sumByPrice(after);
  const names = [...new Set([...left.keys(), ...right.keys()])].filter(
    (name) => left.get(name)?.count !== right.get(name)?.count,
  );
  const known = new Set(before.notPriced.map(({ stack, path, why }) => `${stack} ${path} ${why}`));
  return [
    `${renderUsd(after.usdPerMonth - before.usdPerMonth, true)} a month at rest: ${renderUsd(before.usdPerMonth)} before, ${renderUsd(after.usdPerMonth)} after (list prices of ${priceList.region} as of ${priceList.asOf}, on demand)`,
    ...(names.length === 0 ? [] : ['']),
    ...names.map((name) => {
      const usd = (right.get(name)?.usd ?? 0) - (left.get(name)?.usd ?? 0);
      return `- ${name}: ${left.get(name)?.count ?? 0} → ${right.get(name)?.count ?? 0}, ${renderUsd(usd, true)}`;
    }),
    ...renderNotPriced(
      after.notPriced.filter(({ stack, path, why }) => !known.has(`${stack} ${path} ${why}`)),
    ),
  ].join('\n');
}
