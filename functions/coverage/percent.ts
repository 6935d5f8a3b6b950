/** `0.9916` → `99.16 %`, cut off: only what is complete reads as 100 %. */
export function percent(share: number | null): string {
  if (share === null) return "n/a";
  // What a share has lost as a binary fraction must not cost a step.
  const rounding = 1e-6;
  return `${(Math.floor(share * 10_000 + rounding) / 100).toFixed(2)} %`;
}
