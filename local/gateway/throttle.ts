/** A token bucket: `burst` calls at once, `rate` a second for long. Source: API Gateway guide, "Throttle requests to your REST APIs". */
export function tokenBucket(
  limit: { readonly rate: number; readonly burst: number },
  now: () => number,
): () => boolean {
  let tokens = limit.burst;
  let filled = now();
  return () => {
    const time = now();
    tokens = Math.min(limit.burst, tokens + (Math.max(0, time - filled) / 1000) * limit.rate);
    filled = time;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
