import { type CloudFormationTemplate, pathOf } from '../guard/index.ts';
import { free, paidByUse } from './free.ts';
import { type Price, priceList, prices } from './prices.ts';
import { rules } from './rules.ts';

/** What is paid for one resource of a template. */
export interface CostLine {
  readonly stack: string;
  readonly path: string;
  readonly type: string;
  /** A name in `prices`. */
  readonly price: string;
  readonly count: number;
  readonly usdPerMonth: number;
}

export interface NotPriced {
  readonly stack: string;
  readonly path: string;
  readonly type: string;
  readonly why: string;
}

/** What a deployment costs a month while nobody uses it and nothing is stored in it. */
export interface Cost {
  readonly usdPerMonth: number;
  readonly lines: readonly CostLine[];
  /** Never counted as nothing: the sum is without these. */
  readonly notPriced: readonly NotPriced[];
}

interface StackTemplate {
  readonly name: string;
  readonly template: CloudFormationTemplate;
}

/** Whether something is paid for, paid by use alone, or free; everything else is not priced. */
export function costOf(stacks: readonly StackTemplate[]): Cost {
  const lines: CostLine[] = [];
  const notPriced: NotPriced[] = [];
  for (const { name, template } of stacks)
    for (const [id, resource] of Object.entries(template.Resources ?? {})) {
      const about = { stack: name, path: pathOf(name, id, resource), type: resource.Type };
      const rule = rules[resource.Type];
      if (rule === undefined) {
        if (!isFree(resource.Type)) notPriced.push({ ...about, why: 'no rule knows the type' });
        continue;
      }
      const parts = rule(resource.Properties ?? {}, template);
      if ('unknown' in parts) {
        notPriced.push({ ...about, why: parts.unknown });
        continue;
      }
      for (const part of parts) {
        const price = prices[part.price];
        if (price === undefined)
          notPriced.push({ ...about, why: `no price of ${part.price} is written down` });
        else lines.push({ ...about, ...part, usdPerMonth: part.count * monthly(price) });
      }
    }
  return { usdPerMonth: lines.reduce((sum, line) => sum + line.usdPerMonth, 0), lines, notPriced };
}

const isFree = (type: string): boolean =>
  free.includes(type) || paidByUse.includes(type) || type.startsWith('Custom::');

const monthly = ({ usd, per }: Price): number => (per === 'hour' ? usd * priceList.hoursPerMonth : usd);
