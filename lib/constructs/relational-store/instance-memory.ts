/**
 * GiB of memory that an instance of the size `large` has, by family; the other sizes are multiples
 * (docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.DBInstanceClass.Summary.html and
 * …/UserGuide/Concepts.DBInstanceClass.Summary.html). On 2026-11-26 compared with copies of these pages of June 2023
 * (m5, m5d, m6g, m6gd, m6i, m7g, r5, r5d, r6g, r6gd, r6i, r7g, t3, t4g, x2g) and with public programs' tables (r8g).
 * From memory: c6gd, m6id, m7i, m8g, m8gd, r6id, r7i and r8gd.
 */
const gibOfLarge: Readonly<Record<string, number>> = {
  c6gd: 4,
  m5: 8,
  m5d: 8,
  m6g: 8,
  m6gd: 8,
  m6i: 8,
  m6id: 8,
  m7g: 8,
  m7i: 8,
  m8g: 8,
  m8gd: 8,
  r5: 16,
  r5d: 16,
  r6g: 16,
  r6gd: 16,
  r6i: 16,
  r6id: 16,
  r7g: 16,
  r7i: 16,
  r8g: 16,
  r8gd: 16,
  x2g: 32,
  t3: 8,
  t4g: 8,
};

/** Sizes in multiples of `large`. */
const multipleOf: Readonly<Record<string, number>> = {
  micro: 1 / 8,
  small: 1 / 4,
  medium: 1 / 2,
  large: 1,
  xlarge: 2,
  '2xlarge': 4,
  '4xlarge': 8,
  '8xlarge': 16,
  '12xlarge': 24,
  '16xlarge': 32,
  '24xlarge': 48,
  '32xlarge': 64,
  '48xlarge': 96,
};

/** GiB of one Aurora capacity unit (…/AuroraUserGuide/aurora-serverless-v2.how-it-works.html, Capacity). */
export const gibOfAcu = 2;

/**
 * GiB of memory of a class such as `r8g.large`, or undefined for a class that the table has not: then
 * nothing can be said about what fits. That a size exists in a family is left to RDS.
 */
export function memoryGibOf(instanceClass: string): number | undefined {
  const [family = '', size = ''] = instanceClass.split('.');
  const [large, multiple] = [gibOfLarge[family], multipleOf[size]];
  return large === undefined || multiple === undefined ? undefined : large * multiple;
}
