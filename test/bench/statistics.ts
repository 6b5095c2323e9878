export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** @param q 0.99: what 99 of 100 values are not above */
export function quantile(values: readonly number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * q)] ?? Number.NaN;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
