const CENTRE = [3.3871327179, 50.434271938, 159.29113202, 59.10937472] as const;
const CENTRE_BELOW = [17.895169469, 78.757757664, 67.1875636] as const;
const NEAR = [1.4234372777, 2.75681539, 1.3067284816, 0.17023821103] as const;
const NEAR_BELOW = [0.7370016425, 0.12021132975] as const;
const FAR = [6.657905115, 3.081226386, 0.42868294337, 0.017337203997] as const;
const FAR_BELOW = [0.24197894225, 0.012258202635] as const;

/**
 * The inverse of the standard normal distribution function, to about seven digits (Wichura, "Algorithm AS 241:
 * the percentage points of the normal distribution", Applied Statistics 1988, PPND7).
 * @param probability in [0, 1]; 0 and 1 give -Infinity and Infinity
 */
export function probit(probability: number): number {
  const q = probability - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(CENTRE, r)) / (1 + r * polynomial(CENTRE_BELOW, r));
  }
  const tail = q < 0 ? probability : 1 - probability;
  if (tail <= 0) return q < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const r = Math.sqrt(-Math.log(tail));
  const value =
    r <= 5
      ? polynomial(NEAR, r - 1.6) / (1 + (r - 1.6) * polynomial(NEAR_BELOW, r - 1.6))
      : polynomial(FAR, r - 5) / (1 + (r - 5) * polynomial(FAR_BELOW, r - 5));
  return q < 0 ? -value : value;
}

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
}
